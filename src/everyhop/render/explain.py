"""One explained setting, for a person at a terminal: what it does first, then why, then what to use instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance, Bounds
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Dialer, Gap
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
    hardened: str = "",
    left_open: Iterable[str] = (),
    files_read: Iterable[str] = (),
    ink: Ink = plain,
) -> str:
    """The text form of `everyhop explain`; `checks` are what, answer (`yes`, `no`, `depends`) and detail.

    `instead` are the settings to paste, lines of text with passwords masked already; empty where there are none.
    `hardened` are those that also close what is `left_open` by the others; empty where they are not asked for.
    `files_read` are the service and option files that were read.
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
    blocks += [list(_gap(gap, ink)) for gap in report.gaps]
    blocks.append(list(_instead(report, instead, remark, ink)) if dialer else [])
    blocks.append(list(_harder(hardened, left_open, ink)))
    here = tuple(f"{gap.where} " for gap in report.gaps)  # of these something is known already
    assumed = [told for told in assumptions(report.readings) if not told.startswith(here)]
    blocks.append([line for told in assumed for line in _entry("assumed", told)])
    blocks.append([line for name in files_read for line in _entry("read", f"{name}, as it is on this machine")])
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
        here = " in these settings" if report.gaps else ""  # but there is in a file
        yield f"  nothing to change{here}: {allowed}" if allowed else f"  nothing to change{here}"
        return
    if instead:
        yield "  use instead"
        for line in instead.splitlines():
            yield "    " + ink(Role.PASTE, printable(line))
    if remark:
        yield from _entry("fix", remark)


def _harder(hardened: str, left_open: Iterable[str], ink: Ink) -> Iterator[str]:
    left_open = tuple(left_open)
    if not left_open:
        return
    if not hardened:
        yield from _entry("left open", f"{'; '.join(left_open)} (-v shows what closes it)")
        return
    yield "  harder still"
    for line in hardened.splitlines():
        yield "    " + ink(Role.PASTE, printable(masked(line)))
    for told in left_open:
        yield from _entry("closes", told)


def _gap(gap: Gap, ink: Ink) -> Iterator[str]:
    """A file that is there and cannot be what the settings take it for."""
    yield f"  {ink(Role.BAD, 'file'.ljust(10))}  {printable(masked(gap.where))}"
    yield from _entry("", gap.reason)
    yield from _entry("hint", gap.hint)


def _entry(label: str, text: str) -> Iterator[str]:
    yield from wrapped(f"  {label.ljust(10)}  ", text)
