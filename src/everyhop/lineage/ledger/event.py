"""What an entry tells: who did what with which certificate, and when. Nothing secret is ever in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from everyhop.errors import LineageError
from everyhop.lineage.fields import Fields
from everyhop.model.certificate import Leaf
from everyhop.model.secret import masked

SCHEMA: Final = "everyhop-ledger/1"
_LONGEST: Final = 2000  # characters of a detail


class Kind(Enum):
    """What was done."""

    ISSUED = "issued"
    RENEWED = "renewed"
    ADOPTED = "adopted"
    REVOKED = "revoked"
    DEPLOYED = "deployed"
    AUTHORITY = "authority"
    """Something about the authority itself: made, rolled over, a CRL published; `detail` says what."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done, at a time with an offset, by an `actor` (an account, or a service's name).

    `serial`, `sha256` and `names` are the certificate's, None and empty where there is none.
    """

    kind: Kind
    at: datetime
    actor: str
    lineage: str | None = None
    issuer: str | None = None
    serial: int | None = None
    sha256: str | None = None
    names: tuple[str, ...] = ()
    not_after: datetime | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or (self.not_after is not None and self.not_after.tzinfo is None):
            raise ValueError("an event needs times with an offset")


def event_of(kind: Kind, leaf: Leaf, *, at: datetime, actor: str, lineage: str, detail: str | None = None) -> Event:
    """An event about this certificate."""
    return Event(
        kind, at, actor, lineage, leaf.issuer, leaf.serial, leaf.sha256, leaf.names, leaf.validity.not_after, detail
    )


def to_text(event: Event) -> str:
    """The event as it is kept: JSON in ASCII, always the same for the same event. Passwords in a detail are masked."""
    value = {
        "schema": SCHEMA,
        "kind": event.kind.value,
        "at": event.at.isoformat(),
        "actor": event.actor or "unknown",
        "lineage": event.lineage,
        "issuer": event.issuer or None,
        "serial": None if event.serial is None else f"{event.serial:x}",
        "sha256": event.sha256,
        "names": list(event.names),
        "not_after": event.not_after.isoformat() if event.not_after else None,
        "detail": masked(event.detail)[:_LONGEST] if event.detail else None,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def from_text(text: str, where: str) -> Event:
    """The event that is kept as this text; `where` is the ledger, for people. Raises `LineageError`."""
    fields = Fields.parse(text.encode("utf-8", "replace"), where, SCHEMA)
    fields.only(
        *("schema", "kind", "at", "actor", "lineage", "issuer", "serial", "sha256", "names", "not_after", "detail")
    )
    try:
        return Event(
            kind=Kind(fields.choice("kind", (kind.value for kind in Kind))),
            at=fields.read("at", datetime.fromisoformat),
            actor=fields.text("actor"),
            lineage=fields.optional_text("lineage"),
            issuer=fields.optional_text("issuer"),
            serial=fields.read("serial", _hexadecimal) if fields.optional_text("serial") else None,
            sha256=fields.optional_text("sha256"),
            names=fields.texts("names"),
            not_after=fields.read("not_after", datetime.fromisoformat) if fields.optional_text("not_after") else None,
            detail=fields.optional_text("detail"),
        )
    except ValueError as error:
        raise LineageError(str(error), path=where) from error


def _hexadecimal(text: str) -> int:
    return int(text, 16)
