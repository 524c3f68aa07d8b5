"""A report for a person at a terminal: the hop map, the findings, what could not be looked at, and a last line."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Dialer, Gap, Listener, Reading
from everyhop.render.columns import clipped
from everyhop.render.hop_map import hop_map
from everyhop.render.ink import Ink, Role, plain
from everyhop.render.lines import WIDTH, wrapped
from everyhop.render.printable import printable
from everyhop.render.quotation import underlined
from everyhop.render.summary import assumptions, summary
from everyhop.render.words import bounds_words, milder_words, place_words, seen_words

_ROLES = {
    Severity.CRITICAL: Role.BAD,
    Severity.HIGH: Role.BAD,
    Severity.MEDIUM: Role.MIDDLING,
    Severity.LOW: Role.STRONG,
}
_SEEN_MOST = 3


class Detail(Enum):
    """How much is told."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


def text_report(report: Report, detail: Detail = Detail.NORMAL, ink: Ink = plain, *, extra: str = "") -> str:
    """The whole report; `extra` is a finished block of lines that a command puts after the map."""
    blocks = [] if detail is Detail.QUIET else [hop_map(report, ink), extra.splitlines()]
    if detail is Detail.VERBOSE:
        blocks.append(list(_looked_at(report)))
    blocks += [list(finding_lines(finding, detail, ink)) for finding in report.findings]
    blocks += [list(_gap_lines(gap, ink)) for gap in report.gaps]
    if detail is Detail.VERBOSE:
        blocks.append([f"waived  {printable(f'{f.rule}  {place_words(f)}')}" for f in report.waived])
        blocks.append([f"known   {printable(f'{f.rule}  {place_words(f)}')}" for f in report.known])
    if detail is not Detail.QUIET:
        blocks.append([f"gone    {printable(f'{known.rule}  {known.where}')}" for known in report.gone])
        blocks.append([line for told in assumptions(report.readings) for line in _entry("assumed", told, 0)])
    blocks.append([printable(masked(summary(report)))])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def finding_lines(finding: Finding, detail: Detail = Detail.NORMAL, ink: Ink = plain) -> Iterator[str]:
    """One finding: its name and weight, the place, what it really does, the evidence, and the fix to paste."""
    name = f"{finding.rule}  {finding.severity.word}  {finding.certainty.value}"
    cwe = ", ".join(finding.cwe)
    role = _ROLES[finding.severity] if finding.certainty is Certainty.CERTAIN else Role.STRONG
    yield ink(role, name) + ink(Role.FAINT, cwe.rjust(max(WIDTH - len(name), len(cwe) + 2)) if cwe else "")
    yield f"  {printable(masked(place_words(finding)))}"
    span = finding.span
    if span:
        yield from _source_lines(span, None if detail is Detail.VERBOSE else WIDTH - 4, ink)
    yield from _entry("what", finding.message)
    yield from _entry("why", finding.why)
    if milder := milder_words(finding):
        yield from _entry("mild", milder)
    seen = [item for item in finding.evidence if item is not span]
    for item in seen if detail is Detail.VERBOSE else seen[:_SEEN_MOST]:
        yield from _entry("also" if isinstance(item, SourceSpan) else "seen", seen_words(item))
    if finding.remediation:
        yield from _entry("fix", finding.remediation.text)
        for line in (masked(finding.remediation.replacement or "")).splitlines():
            yield "        " + ink(Role.PASTE, printable(line))
    yield ink(Role.FAINT, f"  more  everyhop rules {finding.rule}")


def _source_lines(span: SourceSpan, width: int | None, ink: Ink) -> Iterator[str]:
    """The line of the file with carets below the place, and what was read there where the line does not say so."""
    label = "    "
    if span.quote:
        line, carets = underlined(span.quote, width)
        yield f"    {line}"
        yield f"    {carets[: len(carets) - len(carets.lstrip())]}{ink(Role.BAD, carets.strip())}"
        label = "  read  "
    for line in masked(span.snippet).splitlines():
        if span.quote is None or line not in span.quote.text:
            yield label + (printable(line) if width is None else clipped(printable(line), WIDTH - len(label)))


def _gap_lines(gap: Gap, ink: Ink) -> Iterator[str]:
    yield ink(Role.MIDDLING, "not looked at") + f"  {printable(masked(gap.where))}"
    yield from _entry("why", gap.reason)
    if gap.hint:
        yield from _entry("hint", gap.hint)


def _looked_at(report: Report) -> Iterator[str]:
    for reading in report.readings:
        if isinstance(reading.subject, Dialer | Listener):
            yield printable(masked(_reading_line(reading, reading.subject)))


def _reading_line(reading: Reading, subject: Dialer | Listener) -> str:
    side = "dialer  " if isinstance(subject, Dialer) else "listener"
    driver = subject.driver if isinstance(subject, Dialer) and subject.driver else subject.product
    version = f" {subject.version.value}" if subject.version else ""
    place = next((seen_words(item) for item in reading.evidence), str(reading.endpoint or ""))
    notes = f"  [{', '.join(subject.notes)}]" if subject.notes else ""
    return f"{side}  {driver}{version}  {bounds_words(subject.bounds)}  {reading.origin.value}  {place}{notes}"


def _entry(label: str, text: str, indent: int = 2) -> Iterator[str]:
    """A labelled sentence, wrapped under itself."""
    yield from wrapped(" " * indent + label.ljust(6 if indent else len(label) + 2), text)
