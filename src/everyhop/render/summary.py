"""A whole report in a sentence: what it comes to, how much there is, what was taken for granted."""

from __future__ import annotations

from collections.abc import Iterable

from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.report import Grade, Report
from everyhop.model.sighting import Dialer, Gap, Listener, Reading
from everyhop.render.columns import clipped

_GAP_MOST = 30


def headline(report: Report) -> str:
    """What the whole report comes to, in one sentence."""
    exposed = sum(state.grade is Grade.F for state in report.hops)
    if exposed == len(report.hops) == 1:
        return "The hop is exposed"
    if exposed:
        return f"{exposed} of {len(report.hops)} hops {'is' if exposed == 1 else 'are'} exposed"
    if report.grade is None:
        return "Nothing was there to be judged"
    if any(finding.certainty is Certainty.CERTAIN for finding in (*report.findings, *report.known)):
        return "No hop is exposed, and something is left to do"
    if report.gaps or report.findings or report.known:
        return "Nothing was found wrong, as far as could be seen"
    return "Every hop holds"


def summary(report: Report) -> str:
    """The last line: how much is wrong, how many hops there are, what could not be looked at."""
    parts = [_counts(report.findings, "nothing new found wrong" if report.known else "nothing found wrong")]
    parts.append(_hops(report))
    if report.waived:
        parts.append(f"{len(report.waived)} waived")
    if report.known:
        parts.append(f"{len(report.known)} known in the baseline")
    if report.gone:
        parts.append(f"{len(report.gone)} of the baseline gone")
    if report.gaps:
        more = f", and {len(report.gaps) - 1} more" if len(report.gaps) > 1 else ""
        parts.append(f"{len(report.gaps)} could not be looked at ({_named(report.gaps[0])}{more})")
    return " · ".join(parts)


def _named(gap: Gap) -> str:
    """A gap in few words: the reason stands above, where it is too long for a last line."""
    whole = f"{gap.where}: {gap.reason}"
    return whole if len(whole) <= _GAP_MOST else clipped(gap.where, _GAP_MOST)


def _counts(findings: tuple[Finding, ...], none: str) -> str:
    if not findings:
        return none
    certain = [finding.severity for finding in findings if finding.certainty is Certainty.CERTAIN]
    always = {Severity.HIGH, Severity.MEDIUM}
    counted = [(severity, certain.count(severity)) for severity in reversed(Severity)]
    words = [f"{count} {severity.word}" for severity, count in counted if count or severity in always]
    possible = len(findings) - len(certain)
    return ", ".join(words) + (f", {possible} possible" if possible else "")


def _hops(report: Report) -> str:
    loose = [r for r in report.readings if isinstance(r.subject, Dialer) and r.hop is None]
    if loose:  # not even the wire is known, so they stand on no hop: still they are connections
        known = f"{_named_hops(report)}, and " if report.hops else ""
        return f"{known}{len(loose)} connection{'s' if len(loose) > 1 else ''} known only at run time"
    return _named_hops(report) if report.hops else "no hops found"


def _named_hops(report: Report) -> str:
    exposed = sum(state.grade is Grade.F for state in report.hops)
    return f"{len(report.hops)} hop{'s' if len(report.hops) > 1 else ''}, {exposed or 'none'} exposed"


def assumptions(readings: Iterable[Reading]) -> list[str]:
    """What was taken for granted, since nothing told: driver versions and files of another machine."""
    told: dict[str, None] = {}
    for reading in readings:
        subject = reading.subject
        if not isinstance(subject, Dialer | Listener):
            continue
        if subject.version and subject.version.assumed:
            name = (subject.driver if isinstance(subject, Dialer) else None) or subject.product
            told[f"{name} {subject.version.value} (no version is pinned or given: the newest one known)"] = None
        for note in subject.notes:
            kind, _, path = note.partition(":")
            if kind == "file-assumed":
                told[f"{path} exists where the connection is opened"] = None
    return list(told)
