"""One explained setting, for a person at a terminal: what it does first, then why, then what to use instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance, Bounds
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Dialer
from everyhop.render.ink import Ink, Role, plain
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.render.summary import assumptions, summary
from everyhop.render.words import allowed_words, bounds_words

_MARKS: Final = {"yes": Role.GOOD, "no": Role.BAD, "depends": Role.MIDDLING}


def explanation_text(
    report: Report,
    *,
    url: str,
    dialer: Dialer | None,
    endpoint: Endpoint | None,
    why: str,
    checks: Iterable[tuple[str, str, str]],
    attacker: str,
    traps: Iterable[str],
    instead: str,
    remark: str,
    ink: Ink = plain,
) -> str:
    """The text form of `everyhop explain`; `checks` are what, answer (`yes`, `no`, `depends`) and detail.

    `instead` are the settings to paste, lines of text with passwords masked already; empty where there are none.
    """
    head = [ink(Role.STRONG, printable(masked(url)))]
    if dialer is not None:
        version = f" {dialer.version.value}" if dialer.version else ""
        place = str(endpoint) if endpoint else "known only at run time"
        words = bounds_words(dialer.bounds)
        role = _role(dialer.bounds)
        head.append(f"  {printable(f'{dialer.driver}{version} → {place}')}   {ink(role, words)}")
    blocks = [head, [*_entry("why", why), *(_entry("attacker", attacker) if dialer else ())]]
    blocks.append([_check(*check, ink) for check in checks])
    blocks.append([line for trap in traps for line in _entry("note", trap)])
    blocks.append([f"  {f.rule}  {f.severity.word}  {f.certainty.value}" for f in report.findings])
    blocks.append(list(_instead(report, instead, remark, ink)) if dialer else [])
    blocks.append([line for told in assumptions(report.readings) for line in _entry("assumed", told)])
    blocks.append([printable(masked(summary(report)))] if dialer else [])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _role(bounds: Bounds) -> Role:
    if bounds.low.assurance is Assurance.IDENTITY_VERIFIED:
        return Role.GOOD
    return Role.BAD if bounds.high.assurance < Assurance.CHAIN_VERIFIED else Role.MIDDLING


def _check(what: str, answer: str, detail: str, ink: Ink) -> str:
    return f"  {what.ljust(10)}  {ink(_MARKS[answer], answer.ljust(7))}  {printable(masked(detail))}".rstrip()


def _instead(report: Report, instead: str, remark: str, ink: Ink) -> Iterator[str]:
    if not report.findings:
        allowed = next(filter(None, map(allowed_words, report.hops)), None)
        yield f"  nothing to change: {allowed}" if allowed else "  nothing to change"
        return
    if instead:
        yield "  use instead"
        for line in instead.splitlines():
            yield "    " + ink(Role.PASTE, printable(line))
    if remark:
        yield from _entry("fix", remark)


def _entry(label: str, text: str) -> Iterator[str]:
    yield from wrapped(f"  {label.ljust(10)}  ", text)
