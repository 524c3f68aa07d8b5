"""Which wire a listener speaks that was named by host and port only: first what it says, then the port, then a try."""

from __future__ import annotations

import contextlib
from typing import Final

from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire
from everyhop.probe.handshake import WEB
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import HelloRefused, Trouble, Violation
from everyhop.probe.upgrades.dialogue import quoted
from everyhop.probe.upgrades.http import ask_for_root
from everyhop.probe.upgrades.postgresql import ask_for_tls
from everyhop.probe.visit import Visit

FIRST_WORD: Final = 0.5
"""Seconds to wait for a listener that speaks first. MySQL takes longer where it looks up names slowly; its port, or
`mysql://`, names it."""

_PORTS: Final = {
    5432: Wire.POSTGRES,
    6432: Wire.POSTGRES,
    26257: Wire.POSTGRES,
    3306: Wire.MYSQL,
    443: Wire.HTTP,
    80: Wire.HTTP,
}


def recognise(visit: Visit, first: Connection) -> Wire:
    """The wire of this listener; nothing is sent on `first`. `Violation` where it is none that is known."""
    word = first.overhear(FIRST_WORD, 64)
    if word:
        if word[3:5] in {b"\0\x0a", b"\0\xff"}:  # packet 0: greeting of protocol 10, or an error
            return Wire.MYSQL
        raise Violation(f"the listener begins with '{quoted(word, 40)}', which is no wire that everyhop knows", _HINT)
    port = visit.endpoint.port if isinstance(visit.endpoint, TcpEndpoint) else None
    if port in _PORTS:
        return _PORTS[port]
    return _by_trying(visit)


_HINT: Final = "name the wire if you know it: postgresql://, mysql://, mariadb://, https:// or http:// before the host"


def _by_trying(visit: Visit) -> Wire:
    for wire, attempt in ((Wire.HTTP, _speaks_tls), (Wire.HTTP, _speaks_http), (Wire.POSTGRES, _speaks_postgresql)):
        try:
            if attempt(visit):
                return wire
        except Trouble:
            continue
    raise Violation("the listener speaks no wire that everyhop knows", _HINT)


def _speaks_tls(visit: Visit) -> bool:
    with visit.connect() as connection, contextlib.suppress(HelloRefused):
        visit.leave(connection, visit.shake(connection, WEB))
    return True


def _speaks_http(visit: Visit) -> bool:
    with visit.connect() as connection:
        visit.ask(connection, ask_for_root(visit.server_name))
    return True


def _speaks_postgresql(visit: Visit) -> bool:
    with visit.connect() as connection:
        visit.ask(connection, ask_for_tls())
    return True
