"""MySQL and MariaDB: one connection for greeting and handshake, a second only where it can learn something.

Every connection here counts towards `max_connect_errors`, see `budget`. So the older versions are looked at only when
asked for, and the question about plaintext is put only to a server that answers it before a login.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from everyhop.model.sighting import Plaintext
from everyhop.model.wire import Wire
from everyhop.probe.handshake import EVERYTHING
from everyhop.probe.ladder import VersionLook, climb_down
from everyhop.probe.look import Handshake, Look
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import Trouble
from everyhop.probe.upgrades.mysql import (
    Greeting,
    ask_plaintext,
    hear_greeting,
    insists_on_tls,
    request_tls,
    tells_before_login,
)
from everyhop.probe.visit import Visit


def look(visit: Visit, first: Connection, versions: VersionLook) -> Look:
    """Look at a MySQL or MariaDB listener; `first` is a connection on which nothing was sent yet. Raises `Trouble`."""
    greeting = visit.ask(first, hear_greeting())
    visit.said.append(f"greets as {greeting.product} {greeting.version}")
    if not greeting.tls:
        visit.said.append("offers no TLS (no CLIENT_SSL in the greeting)")
        return Look(Wire.MYSQL, greeting.product, Plaintext.ACCEPTED, None, server_version=greeting.version)
    visit.ask(first, request_tls())
    session = visit.shake(first, EVERYTHING)
    handshake = Handshake.of(session)
    visit.leave(first, session)
    plaintext = _plaintext(visit, greeting)
    ladder = climb_down(visit, handshake.version, tls_ready) if versions is VersionLook.ALWAYS else None
    return Look(Wire.MYSQL, greeting.product, plaintext, handshake, ladder, server_version=greeting.version)


@contextmanager
def tls_ready(visit: Visit) -> Iterator[Connection]:
    """A connection whose next bytes are TLS."""
    with visit.connect() as connection:
        visit.ask(connection, hear_greeting())
        visit.ask(connection, request_tls())
        yield connection


def _plaintext(visit: Visit, greeting: Greeting) -> Plaintext:
    if not tells_before_login(greeting):
        visit.said.append("says only after a login whether it refuses plaintext, and a probe never logs in")
        return Plaintext.UNKNOWN
    try:
        with visit.connect() as connection:
            visit.ask(connection, hear_greeting())
            error = visit.ask(connection, ask_plaintext())
    except Trouble as trouble:
        visit.said.append(f"in plaintext: {trouble.message}")
        return Plaintext.UNKNOWN
    if insists_on_tls(error):
        visit.said.append(f"refuses plaintext before anybody logs in ({error}, require_secure_transport)")
        return Plaintext.REFUSED
    visit.said.append(
        f"does not insist on TLS before a login ({error}); whether each account does, it says only after one"
    )
    return Plaintext.UNKNOWN
