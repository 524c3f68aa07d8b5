"""The hop map: one line for each hop, in columns that stay where they are at any width from 80 on."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.model.report import Grade, HopState, Report
from everyhop.render.columns import clipped, columns, padded
from everyhop.render.ink import Ink, Role
from everyhop.render.lines import WIDTH
from everyhop.render.printable import printable
from everyhop.render.words import allowed_words, hop_endpoint, standing, tls_of, tone

_NAME, _TLS, _GRADE = 14, 7, 2
_PLACE_LEAST = 16


_ROLES = {"good": Role.GOOD, "middling": Role.MIDDLING, "bad": Role.BAD, "unknown": Role.FAINT}


@dataclass(frozen=True, slots=True)
class _Row:
    """A hop's cells. What policy allows stands across two columns, as it is neither a version nor an assurance."""

    dialer: str
    listener: str
    place: str
    tls: str
    words: str
    allowed: str | None


def hop_map(report: Report, ink: Ink) -> list[str]:
    """The lines of the map, the chain's grade last; nothing where there is no hop and no grade."""
    rows = [_row(state, report) for state in report.hops]
    dialer = max((columns(row.dialer) for row in rows), default=0)
    listener = max((columns(row.listener) for row in rows), default=0)
    words = max((len(row.allowed) - _TLS - 2 if row.allowed else len(row.words) for row in rows), default=0)
    words = max(words, len("verify-full"))
    room = WIDTH - (dialer + 3 + listener + 2) - (2 + _TLS + 2 + words + 2 + _GRADE)
    place = min(max((columns(row.place) for row in rows), default=0), max(room, _PLACE_LEAST))
    lines = []
    for row, state in zip(rows, report.hops, strict=True):
        ends = f"{padded(row.dialer, dialer)} → {padded(row.listener, listener)}"
        legs = f"{ends}  {padded(clipped(row.place, place), place)}"
        parts = f"{row.tls.ljust(_TLS)}  {row.words.ljust(words)}"
        lines.append(f"{legs}  {_graded(row.allowed.ljust(len(parts)) if row.allowed else parts, state.grade, ink)}")
    if report.grade is not None:
        indent = dialer + 3 + listener + 2 + place + 2 + _TLS + 2 if rows else 0
        lines.append(" " * indent + _graded("chain".ljust(words), report.grade, ink))
    return lines


def _row(state: HopState, report: Report) -> _Row:
    allowed = allowed_words(state)
    return _Row(
        dialer=clipped(printable(state.hop.dialer), _NAME),
        listener=clipped(printable(state.hop.listener), _NAME),
        place=printable(hop_endpoint(state)),
        tls=tls_of(state),
        words="" if allowed else standing(state, report),
        allowed=allowed,
    )


def _graded(told: str, grade: Grade | None, ink: Ink) -> str:
    role = _ROLES[tone(grade)]
    return f"{ink(role, told)}  {ink(role, grade.word if grade is not None else '–')}"
