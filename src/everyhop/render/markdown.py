"""A report as Markdown, for the summary of a job and the comment on a change (GitHub's and GitLab's flavour)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.finding import Finding
from everyhop.model.report import HopState, Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Gap
from everyhop.render.printable import printable, printable_lines
from everyhop.render.summary import assumptions, headline, summary
from everyhop.render.words import hop_endpoint, milder_words, place_words, seen_words, standing, tls_of

LONGEST: Final = 900_000
"""Bytes. GitHub refuses a step's summary of more than 1 MiB (docs.github.com, "Workflow commands")."""

_SEEN_MOST: Final = 5
_SPECIAL: Final = re.compile(r"([\\`*_\[\]#|<>~$])")
_TICKS: Final = re.compile(r"`+")


def markdown(report: Report) -> str:
    """The grade, the hop map, the findings, what could not be looked at; findings are left out where they are many."""
    grade = f" · {report.grade.word}" if report.grade is not None else ""
    head = [f"## everyhop {report.command}{grade}", f"**{_text(headline(report))}**  \n{_text(summary(report))}"]
    tail = [*_list("Could not be looked at", map(_gap, report.gaps)), *_quiet(report)]
    room = LONGEST - sum(len(block.encode()) + 2 for block in (*head, *tail)) - _size(_hops(report))
    shown: list[str] = []
    for finding in report.findings:
        block = _finding(finding)
        room -= len(block.encode()) + 2
        if room < 0:
            shown.append(f"…and {len(report.findings) - len(shown)} findings more.")
            break
        shown.append(block)
    return "\n\n".join(filter(None, (*head, _hops(report), *shown, *tail)))


def _size(text: str) -> int:
    return len(text.encode()) + 2


def _hops(report: Report) -> str:
    if not report.hops:
        return ""
    rows = ["| hop | endpoint | TLS | assurance | grade |", "|---|---|---|---|---|"]
    rows += [_hop(state, report) for state in report.hops]
    return "\n".join(rows)


def _hop(state: HopState, report: Report) -> str:
    grade = state.grade.word if state.grade is not None else "–"
    cells = [f"{state.hop.dialer} → {state.hop.listener}", hop_endpoint(state), tls_of(state), standing(state, report)]
    return f"| {' | '.join(map(_text, cells))} | **{grade}** |"


def _finding(finding: Finding) -> str:
    weight = f"{finding.severity.word}, {finding.certainty.value}"
    title = f"<b>{_html(finding.rule)}</b> ({weight}) <code>{_html(place_words(finding))}</code>"
    lines = [f"<details open><summary>{title}</summary>", ""]
    if finding.span and finding.span.snippet:
        lines += [_block(finding.span.snippet), ""]
    lines += [f"{_text(finding.message)}: {_text(finding.why)}", ""]
    if milder := milder_words(finding):
        lines += [f"**Milder**: {_text(milder)}", ""]
    others = [item for item in finding.evidence if item is not finding.span][:_SEEN_MOST]
    lines += [*(f"* {_text(seen_words(item))}" for item in others), *([""] if others else [])]
    if finding.remediation:
        lines += [f"**Fix**: {_text(finding.remediation.text)}"]
        if finding.remediation.replacement:
            lines += ["", _block(finding.remediation.replacement)]
        lines.append("")
    controls = [*finding.cwe, *(f"{name} {control}" for name, control in finding.standards.items())]
    lines += [f"{_text(', '.join(controls))} · `everyhop rules {finding.rule}`", "", "</details>"]
    return "\n".join(lines)


def _quiet(report: Report) -> Iterator[str]:
    """What costs no exit code: the waived, the known, what a baseline may forget, what was taken for granted."""
    yield from _list("Waived", (f"{f.rule}: {place_words(f)}" for f in report.waived))
    yield from _list("Known in the baseline", (f"{f.rule}: {place_words(f)}" for f in report.known))
    yield from _list("In the baseline and gone", (f"{known.rule}: {known.where}" for known in report.gone))
    yield from _list("Assumed", assumptions(report.readings))


def _list(heading: str, entries: Iterable[str]) -> Iterator[str]:
    listed = [f"* {_text(entry)}" for entry in entries]
    if listed:
        more = [f"* …and {len(listed) - 50} more"] if len(listed) > 50 else []
        yield f"**{heading}**\n\n" + "\n".join([*listed[:50], *more])


def _gap(gap: Gap) -> str:
    return f"{gap.where}: {gap.reason}" + (f" ({gap.hint})" if gap.hint else "")


def _text(text: str) -> str:
    """Words as words: whatever stands in them formats nothing, links nowhere and calls nobody."""
    return _SPECIAL.sub(r"\\\1", printable(masked(" ".join(text.split("\n"))))).replace("&", "&amp;")


def _html(text: str) -> str:
    shown = printable(masked(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _block(text: str) -> str:
    """Text as it stands, in a fence longer than any in it."""
    shown = printable_lines(masked(text))
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(shown)), 0)
    return f"{fence}\n{shown}\n{fence}"
