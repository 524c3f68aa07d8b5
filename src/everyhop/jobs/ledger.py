"""Ledger: what stands in it, and whether it was changed."""

from __future__ import annotations

from everyhop.jobs.office import Office
from everyhop.lineage.ledger.chain import Broken, Intact, Witness
from everyhop.lineage.ledger.entry import Entry
from everyhop.lineage.ledger.event import from_text


def entries(office: Office) -> tuple[Entry, ...]:
    """Every entry, by number. Raises `LineageError` for one that cannot be read."""
    with office.ledger() as ledger:
        return tuple(
            Entry(row.number, row.digest, from_text(row.text, f"{ledger.path}, entry {row.number}"))
            for row in ledger.rows()
        )


def verdict(office: Office, witness: Witness | None) -> Intact | Broken:
    """Whether every entry fits the one before, and the one that was witnessed is among them."""
    with office.ledger() as ledger:
        return ledger.verify(witness)
