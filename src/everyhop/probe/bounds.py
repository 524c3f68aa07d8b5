"""From answers to what is known of a listener's posture."""

from __future__ import annotations

from everyhop.model.posture import BOTTOM, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Plaintext
from everyhop.model.wire import Wire

_ASSURANCE = {
    Plaintext.ACCEPTED: (Assurance.OPPORTUNISTIC, Assurance.OPPORTUNISTIC),
    Plaintext.REFUSED: (Assurance.ENCRYPTED, Assurance.ENCRYPTED),
    Plaintext.UNKNOWN: (Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED),
}

NO_TLS = Bounds.exactly(BOTTOM)
"""A listener without TLS: that is all there is to know."""


def with_tls(plaintext: Plaintext, floors: tuple[Floor, Floor], client_auth: tuple[ClientAuth, ClientAuth]) -> Bounds:
    """A listener with TLS: each pair is the least and the most that the answers leave possible."""
    low, high = _ASSURANCE[plaintext]
    return Bounds(Posture(low, floors[0], client_auth[0]), Posture(high, floors[1], client_auth[1]))


def floors_of(seen: str) -> tuple[Floor, Floor]:
    """What one handshake tells of the floor when every version was offered: not above the one that was used."""
    return Floor.NONE, Floor.parse(seen)


def client_auth_of(wire: Wire, word: str | None, *, asked: bool | None) -> tuple[ClientAuth, ClientAuth]:
    """What is known of client authentication, from whether a certificate was asked for in the handshake.

    A web server means what it asks, and `word` is how it took that none was shown. A database asks everybody as soon as
    it could tell good certificates from bad ones, and demands them account by account, after the login began.
    """
    if asked is False:
        return ClientAuth.ABSENT, ClientAuth.ABSENT
    if wire is not Wire.HTTP:
        return ClientAuth.ABSENT, ClientAuth.REQUIRED
    if word is not None:
        return ClientAuth[word.upper()], ClientAuth[word.upper()]
    return (ClientAuth.OPTIONAL if asked else ClientAuth.ABSENT), ClientAuth.REQUIRED
