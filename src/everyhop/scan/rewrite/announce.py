"""Says of each finding that `scan --fix` would write what ends it, so that a report and a fix agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from everyhop.dialects.settings import DialerSettings
from everyhop.dialects.source import ANCHORS
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding
from everyhop.model.report import Report
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite.fix import Fix, fixes
from everyhop.scan.rewrite.remedy import named_anchors
from everyhop.scan.workspace import Source


def announced(
    report: Report, settings: Mapping[SourceSpan, DialerSettings], policy: Policy, sources: Mapping[str, Source]
) -> Report:
    """The report with remediations that are safe where a fix is, and that name the option that it takes."""
    found = [fix for fix in fixes(report, settings, policy, sources, ANCHORS) if isinstance(fix, Fix)]
    safe = {fix.at: fix.rules for fix in found if not fix.doubts}
    return replace(report, findings=tuple(_announced(finding, settings, safe) for finding in report.findings))


def _announced(
    finding: Finding, settings: Mapping[SourceSpan, DialerSettings], safe: Mapping[SourceSpan, tuple[str, ...]]
) -> Finding:
    remediation, at = finding.remediation, finding.span
    if remediation is None:
        return finding
    if at is None or finding.rule not in safe.get(at, ()):
        return replace(finding, remediation=replace(remediation, safe=False))
    named = named_anchors(settings[at]) is not None
    option = "--fix" if named else "--fix --anchors FILE"
    text = f"{remediation.text} (everyhop scan {option} writes it)"
    return replace(finding, remediation=replace(remediation, text=text, safe=named))
