"""One finding for one cause: what was seen live is evidence for the line in a file that brings it about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from everyhop.model.finding import Certainty, Finding
from everyhop.model.hop import Hop


def one_for_each_cause(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one rule on one hop are one, unless they stand at several places in files."""
    groups: dict[tuple[str, Hop | None, str], list[Finding]] = {}
    for finding in findings:
        alone = finding.fingerprint if finding.hop is None else ""
        groups.setdefault((finding.rule, finding.hop, alone), []).append(finding)
    return [finding for group in groups.values() for finding in _joined(group)]


def _joined(group: list[Finding]) -> list[Finding]:
    group = sorted(group, key=lambda finding: finding.certainty is Certainty.CERTAIN)  # what is certain is kept
    placed: dict[object, list[Finding]] = {}
    for finding in group:
        if finding.span:
            placed.setdefault(_place(finding), []).append(finding)
    live = [finding for finding in group if not finding.span]
    heads = [_once(same) for same in placed.values()] or list({finding.message: finding for finding in live}.values())
    seen = [item for finding in live for item in finding.evidence]
    return [replace(head, evidence=tuple(dict.fromkeys([*head.evidence, *seen]))) for head in heads]


def _place(finding: Finding) -> object:
    """One place that is read in two ways, with the same to say of both, is one cause."""
    span = finding.span
    return span and (span.path, span.line, span.column, finding.message, finding.why)


def _once(same: list[Finding]) -> Finding:
    head = same[-1]
    uses = [item for finding in same for item in finding.evidence if item is not finding.span]
    return replace(head, evidence=tuple(dict.fromkeys([*head.evidence, *uses])))
