"""The ledger, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from everyhop.lineage.ledger.entry import Entry
from everyhop.render.json_values import Json
from everyhop.render.printable import printable
from everyhop.render.words import instant


def entries_text(entries: Sequence[Entry]) -> str:
    """A line or two for each entry: when, what, with which certificate, by whom."""
    if not entries:
        return "nothing was done yet"
    return "\n".join(line for entry in entries for line in _lines(entry))


def entries_json(entries: Iterable[Entry]) -> list[Json]:
    """Each entry with its digest; null where it says nothing."""
    return [
        {
            "number": entry.number,
            "digest": entry.digest,
            "kind": entry.event.kind.value,
            "at": instant(entry.event.at),
            "actor": entry.event.actor,
            "lineage": entry.event.lineage,
            "issuer": entry.event.issuer,
            "serial": None if entry.event.serial is None else f"{entry.event.serial:x}",
            "sha256": entry.event.sha256,
            "names": list(entry.event.names),
            "not_after": None if entry.event.not_after is None else instant(entry.event.not_after),
            "detail": entry.event.detail,
        }
        for entry in entries
    ]


def _lines(entry: Entry) -> Iterable[str]:
    event = entry.event
    what = event.lineage or ""
    yield printable(f"{entry.number:>4}  {instant(event.at)}  {event.kind.value:<9}  {what}  by {event.actor}")
    if event.serial is not None:
        until = f", until {event.not_after:%Y-%m-%d}" if event.not_after else ""
        yield printable(f"      serial {event.serial:x}{until}")
    if event.detail:
        yield printable(f"      {event.detail}")
