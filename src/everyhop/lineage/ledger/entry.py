"""An entry of the ledger as it is read: its number, its digest, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.lineage.ledger.event import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """`number` counts from 1; `digest` (hex) covers the event and the digest before."""

    number: int
    digest: str
    event: Event
