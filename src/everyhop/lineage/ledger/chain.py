"""How entries hang together: each digest covers its number, its text and the digest before. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from everyhop.errors import SettingsError

START: Final = "0" * 64
"""What stands in place of a digest before the first entry."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is kept: its number, from 1; its text; its digest, hex."""

    number: int
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Witness:
    """The last entry of a ledger as somebody noted it, in a place that who writes the ledger cannot reach."""

    number: int
    digest: str

    @classmethod
    def parse(cls, text: str) -> Witness:
        """Read `17:ab12…`. Raises `SettingsError`."""
        number, _, digest = text.strip().partition(":")
        if not (number.isascii() and number.isdigit() and len(digest) == len(START)):
            raise SettingsError(f"{text[:80]!r} is no witness", hint="NUMBER:DIGEST, as `everyhop ca ledger` tells it")
        return cls(int(number), digest.lower())

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True, slots=True)
class Intact:
    """Every entry fits. `head` is the last one, None where there is none; `witnessed` the one it was held against."""

    count: int
    head: Witness | None
    witnessed: Witness | None

    def text(self) -> str:
        """A sentence for people, which also says what is not known."""
        if self.witnessed is None:
            known = "entries cut off at the end would not be seen, nor all written anew: keep this witness elsewhere"
        else:
            known = f"up to entry {self.witnessed.number} they are those that were witnessed"
        return f"{self.count} entries, each fits the one before; {known}"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not fit, by its number, and why; those before it are sound."""

    number: int
    reason: str

    def text(self) -> str:
        """A sentence for people."""
        return f"entry {self.number} {self.reason}; the entries before it fit"


def follow(previous: Row | None, text: str) -> Row:
    """The entry with this text, after the `previous` one (None: the first)."""
    number = 1 if previous is None else previous.number + 1
    return Row(number, text, _digest(START if previous is None else previous.digest, number, text))


def verify(rows: Iterable[Row], witness: Witness | None = None) -> Intact | Broken:
    """Whether the rows, by number, are an unbroken chain, and the one that the witness knew is among them."""
    previous: Row | None = None
    for row in rows:
        expected = follow(previous, row.text)
        if row.number != expected.number:
            gone = f"is missing: {row.number} follows" if row.number > expected.number else "is there twice"
            return Broken(min(row.number, expected.number), gone)
        if row.digest != expected.digest:
            return Broken(row.number, "was changed, or stands where another one stood")
        if witness is not None and row.number == witness.number and row.digest != witness.digest:
            return Broken(row.number, "is not the one that was witnessed: it, or one before it, was written anew")
        previous = row
    count = previous.number if previous else 0
    if witness is not None and count < witness.number:
        return Broken(count + 1, f"is missing: the end was cut off, for {witness.number} entries were witnessed")
    return Intact(count, Witness(count, previous.digest) if previous else None, witness)


def _digest(previous: str, number: int, text: str) -> str:
    # Digest and number are of known form and the text comes last, so no two entries are hashed as the same bytes.
    return sha256(f"{previous}\n{number}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
