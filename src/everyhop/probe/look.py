"""What a look at one listener brought, before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.model.posture import Bounds
from everyhop.model.sighting import Plaintext
from everyhop.model.survey import HttpAnswer
from everyhop.model.wire import Wire
from everyhop.probe.bounds import NO_TLS, client_auth_of, floors_of, with_tls
from everyhop.probe.handshake import Session
from everyhop.probe.ladder import Ladder


@dataclass(frozen=True, slots=True)
class Handshake:
    """The facts of a finished handshake. `asked`: whether a client certificate was asked for (None: not told)."""

    version: str
    suite: str
    chain: tuple[bytes, ...]
    asked: bool | None

    @classmethod
    def of(cls, session: Session) -> Handshake:
        """Take them from a session, before it ends."""
        return cls(session.version, session.suite, session.chain(), session.certificate_requested)


@dataclass(frozen=True, slots=True)
class Look:
    """`handshake` None is a listener without TLS; `client_auth` is the word where the listener settled it."""

    wire: Wire
    product: str
    plaintext: Plaintext
    handshake: Handshake | None
    ladder: Ladder | None = None
    client_auth: str | None = None
    server_version: str | None = None
    http_plain: HttpAnswer | None = None
    http_tls: HttpAnswer | None = None

    def bounds(self) -> Bounds:
        """What is known of the listener's posture."""
        if self.handshake is None:
            return NO_TLS
        floors = self.ladder.floors() if self.ladder else floors_of(self.handshake.version)
        return with_tls(self.plaintext, floors, client_auth_of(self.wire, self.client_auth, asked=self.handshake.asked))

    def client_auth_word(self) -> str | None:
        """`absent`, `optional`, `required`, or None where it is not known."""
        if self.client_auth is None and self.handshake and self.handshake.asked is False:
            return "absent"
        return self.client_auth
