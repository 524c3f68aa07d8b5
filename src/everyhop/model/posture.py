"""What one side of a hop promises, and what is known about that promise.

A posture is a product of three short chains and so a lattice. What everyhop *knows* is an interval in it
(`Bounds`): "unknown" is a wide interval, drift is an empty intersection, and whether a finding is certain or possible
falls out of one comparison (`Bounds.verdict`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Self


class Assurance(IntEnum):
    """How much the bytes of a hop are protected; libpq's `sslmode` and MySQL's `ssl-mode` under one set of names."""

    PLAINTEXT = 0
    """No TLS."""
    OPPORTUNISTIC = 1
    """TLS with an honest peer, plaintext when somebody on the path says so (libpq `prefer`, MySQL `PREFERRED`)."""
    ENCRYPTED = 2
    """TLS or nothing, with whoever answers (libpq `require`, MySQL `REQUIRED`)."""
    CHAIN_VERIFIED = 3
    """The chain leads to a trust anchor; the name is not looked at (`verify-ca`, `VERIFY_CA`)."""
    IDENTITY_VERIFIED = 4
    """Chain and name are verified (RFC 9525; `verify-full`, `VERIFY_IDENTITY`)."""

    @property
    def word(self) -> str:
        """The word that users know."""
        return _ASSURANCE_WORDS[self]

    @classmethod
    def parse(cls, word: str) -> Assurance:
        """Read a word back; raises `ValueError` that names the words there are."""
        for member in cls:
            if member.word == word:
                return member
        raise ValueError(f"{word!r} is none of {', '.join(_ASSURANCE_WORDS)}")


_ASSURANCE_WORDS = ("plaintext", "opportunistic", "encrypted", "verify-ca", "verify-full")


class Floor(IntEnum):
    """The oldest protocol version that a side still speaks."""

    NONE = 0
    TLS_1_0 = 1
    TLS_1_1 = 2
    TLS_1_2 = 3
    TLS_1_3 = 4

    @property
    def word(self) -> str | None:
        """OpenSSL's spelling (`TLSv1.2`, with `TLSv1` for 1.0); None for no floor."""
        return _FLOOR_WORDS[self]

    @property
    def shown(self) -> str:
        """The spelling in text for people: `TLS 1.2`, or `none`."""
        return self.name.replace("TLS_", "TLS ").replace("_", ".") if self else "none"

    @classmethod
    def parse(cls, word: str) -> Floor:
        """Read `TLSv1.2` (also `TLSv1` and `TLSv1.0`); raises `ValueError` that names the words there are."""
        for member in cls:
            if member.word == (word if word != "TLSv1.0" else "TLSv1"):
                return member
        raise ValueError(f"{word!r} is none of {', '.join(filter(None, _FLOOR_WORDS))}")


_FLOOR_WORDS = (None, "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class ClientAuth(IntEnum):
    """Whether a listener asks the dialer for a certificate, or a dialer has one to show."""

    ABSENT = 0
    OPTIONAL = 1
    REQUIRED = 2

    @property
    def word(self) -> str:
        """The word in settings and JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Posture:
    """What one side promises. `<=` is componentwise: two postures can be incomparable."""

    assurance: Assurance
    floor: Floor = Floor.NONE
    client_auth: ClientAuth = ClientAuth.ABSENT

    def __le__(self, other: Posture) -> bool:
        return self.assurance <= other.assurance and self.floor <= other.floor and self.client_auth <= other.client_auth

    def __ge__(self, other: Posture) -> bool:
        return other <= self

    def meet(self, other: Posture) -> Posture:
        """The most that both promise."""
        return Posture(
            min(self.assurance, other.assurance),
            min(self.floor, other.floor),
            min(self.client_auth, other.client_auth),
        )

    def join(self, other: Posture) -> Posture:
        """The least that promises as much as each of the two."""
        return Posture(
            max(self.assurance, other.assurance),
            max(self.floor, other.floor),
            max(self.client_auth, other.client_auth),
        )


BOTTOM = Posture(Assurance.PLAINTEXT)
TOP = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3, ClientAuth.REQUIRED)


class Verdict(Enum):
    """Whether a demand is met, as far as is known."""

    MET = "met"
    UNMET = "unmet"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The postures that are still possible: everything from `low` to `high`, both included."""

    low: Posture
    high: Posture

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"empty bounds: {self.low} is not below {self.high}")

    @classmethod
    def exactly(cls, posture: Posture) -> Self:
        """Everything is known."""
        return cls(posture, posture)

    @classmethod
    def between(cls, low: Assurance, high: Assurance) -> Self:
        """Only the assurance is bounded; floor and client authentication stay wide open."""
        return cls(Posture(low), Posture(high, TOP.floor, TOP.client_auth))

    @property
    def settled(self) -> Posture | None:
        """The posture, where there is only one left."""
        return self.low if self.low == self.high else None

    def __contains__(self, posture: Posture) -> bool:
        return self.low <= posture <= self.high

    def verdict(self, demanded: Posture) -> Verdict:
        """MET if the least is enough, UNMET if even the most is not, else UNDETERMINED."""
        if demanded <= self.low:
            return Verdict.MET
        return Verdict.UNDETERMINED if demanded <= self.high else Verdict.UNMET

    def narrow(self, other: Bounds) -> Bounds | None:
        """What two readings of the same side leave possible; None is drift: they exclude each other."""
        low, high = self.low.join(other.low), self.high.meet(other.high)
        return Bounds(low, high) if low <= high else None

    def widen(self, other: Bounds) -> Bounds:
        """Everything that either of two readings leaves possible."""
        return Bounds(self.low.meet(other.low), self.high.join(other.high))


UNKNOWN = Bounds(BOTTOM, TOP)


def settle(dialer: Posture, listener: Posture) -> Posture:
    """What the hop between two sides promises.

    The dialer alone decides assurance: a listener that insists on TLS cannot stop an attacker from answering first.
    The listener alone decides client authentication. The floor is the higher of both.
    """
    return Posture(dialer.assurance, max(dialer.floor, listener.floor), listener.client_auth)


def settle_bounds(dialer: Bounds, listener: Bounds) -> Bounds:
    """`settle` over what is known; sound because `settle` is monotone in both arguments."""
    return Bounds(settle(dialer.low, listener.low), settle(dialer.high, listener.high))
