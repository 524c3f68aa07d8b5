"""Says of each finding whether `scan --fix` would write what ends it, so that a report and a fix agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects.settings import DialerSettings
from everyhop.dialects.source import ANCHORS
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding, Remediation
from everyhop.model.profile import Profile
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite.fix import Fix, fixes
from everyhop.scan.rewrite.servers import server_fixes
from everyhop.scan.rewrite.text import after, applied
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Source

_MOST_LINES: Final = 8
_MOST_EDITS: Final = 4 * _MOST_LINES


def announced(
    report: Report,
    settings: Mapping[SourceSpan, DialerSettings],
    policy: Policy,
    sources: Mapping[str, Source],
    profile: Profile,
) -> Report:
    """The report with remediations that are safe where a fix is, and that name the options that it takes."""
    found = [*fixes(report, settings, policy, sources, ANCHORS)]
    found += server_fixes(report, policy, sources, ANCHORS, profile)
    by_place = {(fix.cause or fix.at, rule): fix for fix in found if isinstance(fix, Fix) for rule in fix.rules}
    return replace(report, findings=tuple(_announced(finding, by_place, sources) for finding in report.findings))


def _announced(finding: Finding, found: Mapping[tuple[SourceSpan, str], Fix], sources: Mapping[str, Source]) -> Finding:
    remediation, at = finding.remediation, finding.span
    if remediation is None:
        return finding
    fix = found.get((at, finding.rule)) if at is not None else None
    if fix is None:
        return replace(finding, remediation=replace(remediation, safe=False))
    named = not any(ANCHORS in edit.new for edit in fix.edits)
    options = " ".join(["--fix", *(["--unsafe-fixes"] if fix.doubts else []), *([] if named else ["--anchors FILE"])])
    doubts = f"; unsafe: {'; '.join(fix.doubts)}" if fix.doubts else ""
    text = f"{remediation.text} (everyhop scan {options} writes it{doubts})"
    replacement = remediation.replacement or (_lines(fix, sources[fix.at.path].text) if fix.outcome is None else None)
    return replace(finding, remediation=Remediation(text, replacement, safe=named and not fix.doubts))


def _lines(fix: Fix, text: str) -> str | None:
    """What a fix makes of the lines of a server's settings that it is about; None where that is much."""
    if len(fix.edits) > _MOST_EDITS:
        return None
    now = applied(text, fix.edits)
    lines = Lines(now)
    shown: dict[int, str] = {}
    for edit in fix.edits:
        written = edit.new.strip()
        if not written:
            continue
        start = after(edit.start, fix.edits) + edit.new.index(written)
        place = lines.span(start, start + len(written))
        shown |= {number: lines.line(number).strip() for number in range(place.line, place.end_line + 1)}
    told = [masked(line) for _, line in sorted(shown.items()) if line]
    return "\n".join(told) if 0 < len(told) <= _MOST_LINES else None
