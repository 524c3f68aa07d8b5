"""PostgreSQL and what speaks its protocol: one connection with TLS, one without, and one for each older version.

The same StartupMessage goes over both, since only the difference between the answers tells whether plaintext is
refused. No password is ever sent; where a server lets anybody in, the session is ended at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from everyhop.model.sighting import Plaintext
from everyhop.model.wire import Wire
from everyhop.probe.handshake import EVERYTHING, Session
from everyhop.probe.ladder import VersionLook, climb_down
from everyhop.probe.look import Handshake, Look
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import Trouble, Violation
from everyhop.probe.upgrades.postgresql import (
    Startup,
    StartupAnswer,
    TlsOffer,
    ask_for_tls,
    ask_to_start,
    plaintext_verdict,
    wants_certificate,
)
from everyhop.probe.visit import Visit

USER: Final = "everyhop"
DATABASE: Final = "everyhop"
"""A user and a database that hardly anybody has: what is learnt is about them, and is told as such."""


def look(visit: Visit, first: Connection, _versions: VersionLook) -> Look:
    """Look at a PostgreSQL listener; `first` is a connection on which nothing was sent yet. Raises `Trouble`."""
    if visit.ask(first, ask_for_tls()) is TlsOffer.DECLINED:
        visit.said.append("TLS declined ('N')")
        plain = _plain_start(visit, first)
        accepted = plain is not None and plain.startup is not Startup.REFUSED
        return Look(Wire.POSTGRES, "postgresql", Plaintext.ACCEPTED if accepted else Plaintext.UNKNOWN, None)
    session = visit.shake(first, EVERYTHING)
    handshake = Handshake.of(session)
    encrypted = _encrypted_start(visit, first, session)
    plaintext = _plaintext(visit, encrypted)
    ladder = climb_down(visit, handshake.version, tls_ready)
    return Look(Wire.POSTGRES, "postgresql", plaintext, handshake, ladder, _client_auth(handshake, encrypted))


@contextmanager
def tls_ready(visit: Visit) -> Iterator[Connection]:
    """A connection whose next bytes are TLS: one SSLRequest on each, never two (CVE-2026-6479)."""
    with visit.connect() as connection:
        if visit.ask(connection, ask_for_tls()) is TlsOffer.DECLINED:
            raise Violation(
                "TLS was offered before and is declined now", "is there more than one server behind this name?"
            )
        yield connection


def _encrypted_start(visit: Visit, connection: Connection, session: Session) -> StartupAnswer | None:
    try:
        answer = visit.ask_inside(connection, session, ask_to_start(USER, DATABASE))
    except Trouble as trouble:
        visit.said.append(f"over TLS: {trouble.message}")
        return None
    visit.leave(connection, session)
    visit.said.append(f"over TLS: {_told(answer)}")
    return answer


def _plain_start(visit: Visit, connection: Connection) -> StartupAnswer | None:
    try:
        answer = visit.ask(connection, ask_to_start(USER, DATABASE))
    except Trouble as trouble:
        visit.said.append(f"in plaintext: {trouble.message}")
        return None
    visit.said.append(f"in plaintext: {_told(answer)}")
    return answer


def _plaintext(visit: Visit, encrypted: StartupAnswer | None) -> Plaintext:
    try:
        with visit.connect() as connection:
            plain = _plain_start(visit, connection)
    except Trouble as trouble:
        visit.said.append(f"in plaintext: {trouble.message}")
        return Plaintext.UNKNOWN
    if plain is None:
        return Plaintext.UNKNOWN
    if encrypted is None:
        return Plaintext.UNKNOWN if plain.startup is Startup.REFUSED else Plaintext.ACCEPTED
    verdict = plaintext_verdict(plain, encrypted)
    if verdict is Plaintext.UNKNOWN:
        visit.said.append("so whether other users get in without TLS cannot be told from outside")
    return verdict


def _told(answer: StartupAnswer) -> str:
    who = f'user "{USER}", database "{DATABASE}"'
    refused = f" ({answer.code}: {answer.text})" if answer.startup is Startup.REFUSED else ""
    return f"{who} {answer.startup.value}{refused}"


def _client_auth(handshake: Handshake, encrypted: StartupAnswer | None) -> str | None:
    if encrypted is None:
        return None
    if wants_certificate(encrypted):
        return "required"
    return "optional" if handshake.asked and encrypted.startup is not Startup.REFUSED else None
