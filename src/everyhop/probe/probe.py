"""`survey`: everything that one visit to one listener can tell, or the reason why it could not be looked at.

What a listener does is never raised: silence, noise and lies end as a `Gap`, by the deadline.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.location import Location
from everyhop.model.sighting import Gap
from everyhop.model.survey import Survey
from everyhop.model.wire import Wire
from everyhop.probe.deadline import Deadline
from everyhop.probe.ladder import VersionLook
from everyhop.probe.look import Look
from everyhop.probe.looks import http, mysql, postgresql
from everyhop.probe.recognise import recognise
from everyhop.probe.sightings import sightings
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import Trouble
from everyhop.probe.trust import judge_chain
from everyhop.probe.visit import Visit

__all__ = ["DEADLINE", "TIMEOUT", "VersionLook", "sightings", "survey"]

TIMEOUT: Final = 5.0
"""Seconds for each connection, from its opening to its last answer."""
DEADLINE: Final = 20.0
"""Seconds for everything that is asked of one listener."""


def survey(
    location: Location,
    *,
    anchors: str | None,
    server_name: str | None,
    timeout: float = TIMEOUT,
    deadline: float = DEADLINE,
    now: datetime,
    versions: VersionLook = VersionLook.WHERE_FREE,
) -> Survey | Gap:
    """Look at one listener. `anchors` is PEM, `server_name` the name to dial it by if not the host.

    Takes `deadline` seconds at most, whatever the listener does. Never authenticates.
    """
    started = time.monotonic()
    visit = Visit(location.endpoint, server_name or _name(location.endpoint), timeout, Deadline.after(deadline))
    try:
        with visit.connect() as first:
            look = _look(visit, first, location, versions)
    except Trouble as trouble:
        said = f" (before that: {'; '.join(visit.said)})" if visit.said else ""
        return Gap(str(location), trouble.message + said, trouble.advice)
    return _survey(visit, location, look, anchors, now, time.monotonic() - started)


def _look(visit: Visit, first: Connection, location: Location, versions: VersionLook) -> Look:
    match location.wire or recognise(visit, first):
        case Wire.POSTGRES:
            return postgresql.look(visit, first, versions)
        case Wire.MYSQL:
            return mysql.look(visit, first, versions)
        case Wire.HTTP:
            port = location.endpoint.port if isinstance(location.endpoint, TcpEndpoint) else None
            plain = location.scheme == "http" or (location.scheme is None and port == http.PLAIN_PORT)
            return http.look_plain(visit, first) if plain else http.look_secure(visit, first)


def _survey(visit: Visit, location: Location, look: Look, anchors: str | None, now: datetime, seconds: float) -> Survey:
    handshake = look.handshake
    shown = judge_chain(handshake.chain, anchors, visit.server_name, now) if handshake else None
    ladder = look.ladder
    return Survey(
        endpoint=location.endpoint,
        wire=look.wire,
        product=_product(location, look),
        at=now,
        plaintext=look.plaintext,
        tls=handshake is not None,
        direct_tls=None,
        versions=ladder.accepted if ladder else None,
        tls_version=handshake.version if handshake else None,
        suite=handshake.suite if handshake else None,
        client_auth=look.client_auth_word(),
        chain=shown.chain if shown else None,
        trusted=shown.trusted if shown else None,
        name_matches=shown.name_matches if shown else None,
        trust_reason=shown.reason if shown else "",
        server_name=visit.server_name,
        server_version=look.server_version,
        bounds=look.bounds(),
        http_plain=look.http_plain,
        http_tls=look.http_tls,
        said=tuple(visit.said),
        hellos=visit.budget.hellos,
        handshakes=visit.budget.handshakes,
        seconds=seconds,
    )


def _product(location: Location, look: Look) -> str:
    """What the listener says it is; where it says nothing of that (PostgreSQL), what the location says."""
    return (location.product or look.product) if look.wire is Wire.POSTGRES else look.product


def _name(endpoint: Endpoint) -> str:
    return endpoint.host.rstrip(".") if isinstance(endpoint, TcpEndpoint) else "localhost"
