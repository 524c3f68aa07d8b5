"""Where certificates are kept, by which clock and by whom: what every use case of theirs is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from everyhop.lineage.authority import KeptAuthority, load
from everyhop.lineage.ledger.event import Event, Kind
from everyhop.lineage.ledger.event import event_of as about
from everyhop.lineage.ledger.file import FileLedger
from everyhop.lineage.store import Store
from everyhop.model.certificate import Leaf
from everyhop.model.secret import Secret

if TYPE_CHECKING:
    from everyhop.lineage.ledger.shared import SharedLedger


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A ledger that several machines write: an SQLAlchemy URL, and the file of the anchors to believe there."""

    url: Secret
    anchors: str


@dataclass(frozen=True, slots=True)
class Office:
    """`home` is the state directory, absolute; `now` the clock; `actor` who acts, for the ledger.

    `shared` is the ledger that all write to, None: the one in the home.
    """

    home: str
    now: Callable[[], datetime]
    actor: str
    shared: SharedPlace | None = None

    @property
    def store(self) -> Store:
        """The lineages."""
        return Store(self.home)

    @property
    def journal(self) -> str:
        """Where the way back from each deployment lies."""
        return f"{self.home}/journal"

    def authority(self) -> KeptAuthority:
        """The internal authority. Raises `LineageError` where there is none."""
        return load(self.home, self.now)

    @contextmanager
    def ledger(self) -> Iterator[FileLedger | SharedLedger]:
        """The ledger, opened before anything is done that has to stand in it. Raises `LineageError`, `DiskError`."""
        if self.shared is None:
            with FileLedger.open(self.home) as own:
                yield own
        else:
            from everyhop.lineage.ledger.shared import SharedLedger  # noqa: PLC0415 - few share one, and it is slow

            with SharedLedger.open(self.shared.url.reveal(), anchors=self.shared.anchors) as shared:
                yield shared

    def event(self, kind: Kind, leaf: Leaf, lineage: str, detail: str | None = None) -> Event:
        """An event about a certificate, by this actor, now."""
        return about(kind, leaf, at=self.now(), actor=self.actor, lineage=lineage, detail=detail)

    def authority_event(self, detail: str) -> Event:
        """An event about the authority itself, by this actor, now."""
        return Event(Kind.AUTHORITY, self.now(), self.actor, detail=detail)
