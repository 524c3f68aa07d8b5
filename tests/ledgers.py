"""Entries for tests of ledgers: few imports, because processes that only append start with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from everyhop.lineage.ledger.event import Event, Kind

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


def event(number: int = 0) -> Event:
    return Event(Kind.RENEWED, NOON, "root", "db.internal", detail=f"the {number}th")
