"""Where asyncpg connects to."""

from __future__ import annotations

from typing import Final

from everyhop.dialects.asyncpg.options import Given, given, with_service
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings
from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint, UnixEndpoint, port_of

_SOCKET_FOLDER: Final = "/run/postgresql"
"""The first place where asyncpg looks when no host is named; the last is localhost."""

_FARTHEST_FIRST: Final = (Locality.NETWORK, Locality.LOOPBACK, Locality.UNIX)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Where the host leads; of several, the farthest. Without one asyncpg tries unix sockets, then localhost."""
    known, elsewhere = with_service(given(settings), settings)
    host = known.keywords.get("host") or known.query.get("host")
    if not host and (elsewhere or ANY_OPTION in known.keywords or ANY_OPTION in known.query):
        return None
    return _place(known, host or settings.environment.get("PGHOST"), settings.environment.get("PGPORT"))


def _place(known: Given, host: object, fallback: str | None) -> Endpoint | None:
    port = known.keywords.get("port") or known.query.get("port")
    if UNRESOLVED in (host, port, *_items(host), *_items(port)):
        return None
    hosts = [str(one) for one in _items(host)] or str(host or "").split(",")
    ports = [str(one) for one in _items(port)] or (str(port).split(",") if port else [])
    found = [
        _endpoint(name, (ports[index] if index < len(ports) else ports[0]) if ports else None, fallback)
        for index, name in enumerate(hosts)
    ]
    settled = [one for one in found if one is not None]
    if len(settled) != len(found) or len(found) == 1:
        return found[0] if len(found) == 1 else None
    return min(settled, key=lambda one: _FARTHEST_FIRST.index(one.locality))


def _items(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _endpoint(host: str, port: str | None, fallback: str | None) -> Endpoint | None:
    """One host, perhaps with a port of its own, which counts where no other is given."""
    name, colon, own = host.rpartition(":") if host.count(":") == 1 else (host, "", "")
    number = port_of(port or (own if colon and own else fallback or 5432))
    if number is None:
        return None
    if not name or name.startswith("/"):
        folder = name or _SOCKET_FOLDER
        return UnixEndpoint(folder if ".s.PGSQL." in folder else f"{folder}/.s.PGSQL.{number}")
    return TcpEndpoint(name.strip("[]") or name, number)
