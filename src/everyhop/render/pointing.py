"""Where a finding points at, for programs that know files only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from posixpath import join

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding


def pointed(finding: Finding, base: str = "") -> SourceSpan | None:
    """The place of a finding, its path seen from where a build begins; None for what no file is to blame for.

    `base` is the folder that paths are relative to, seen from there: a report on `app/` says `config.py`, and a build
    server wants `app/config.py`.
    """
    return based(finding.anchor, base) if finding.anchor else None


def based(span: SourceSpan, base: str) -> SourceSpan:
    """A place seen from where a build begins."""
    return replace(span, path=join(base, span.path)) if base else span


def numbered(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with a fingerprint of its own: the second of the same kind in the same words gets a number."""
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.fingerprint] += 1
        count = seen[finding.fingerprint]
        yield finding, finding.fingerprint if count == 1 else f"{finding.fingerprint}-{count}"
