"""Asks a live DBAPI connection, at the client, whether and how it uses TLS.

The client's own objects are the only witness: a server says "encrypted" of a connection whose client leg is plaintext,
when a relay or a pooler stands between them. What to ask of which driver was measured; a driver that is not in the
table cannot be asked. `glance` is for every new connection, `look` for one whose peer is to be shown to somebody.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from everyhop.runtime import connector_c, libpq, python_tls
from everyhop.runtime.hiding import is_secret
from everyhop.runtime.live import Checks, Glance, Live, Unasked


def look(connection: Any) -> Live | Unasked:
    """Ask an open DBAPI connection (the driver's own object, not a pool's proxy). Sends nothing over it."""
    found: Live | Unasked = _asked(connection, _look_of)
    return found


def glance(connection: Any) -> Glance | Unasked:
    """The same, only as far as it costs nothing: whether TLS is in use, and what was checked."""
    found: Glance | Unasked = _asked(connection, _glance_of)
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """How one driver is asked."""

    glance: Callable[[Any], Glance]
    look: Callable[[Any], Live | Unasked]


def _asked(connection: Any, question: Callable[[_Way], Callable[[Any], Any]]) -> Any:
    way = _way(type(connection))
    if isinstance(way, Unasked):
        return way
    try:
        return question(way)(connection)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        return Unasked(_root(type(connection)), f"its connection does not answer: {type(error).__name__}: {error}")


_glance_of: Final = attrgetter("glance")
_look_of: Final = attrgetter("look")


def _way(kind: type) -> _Way | Unasked:
    if kind in _KNOWN:
        return _KNOWN[kind]
    roots = [base.__module__.partition(".")[0] for base in kind.__mro__]
    way = next((_TABLE[root] for root in roots if root in _TABLE), None)
    if way is not None:
        _KNOWN[kind] = way
    return way or Unasked(roots[0], f"everyhop does not know how to ask a connection of {roots[0]}")


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _glance_psycopg2(connection: Any) -> Glance:
    return libpq.glance(sys.modules["psycopg2._psycopg"], connection.pgconn_ptr)


def _psycopg2(connection: Any) -> Live | Unasked:
    info = connection.info
    # psycopg2 leaves out the password alone, and none of libpq's other secrets (sslpassword).
    parameters = {key: str(value) for key, value in info.dsn_parameters.items() if not is_secret(key)}
    live = Live("psycopg2", bool(info.ssl_in_use), parameters=parameters, **_place(info.host, info.port))
    return _looked_inside(live, libpq.inside(sys.modules["psycopg2._psycopg"], connection.pgconn_ptr))


def _glance_psycopg(connection: Any) -> Glance:
    pgconn = connection.pgconn
    return libpq.glance(sys.modules[type(pgconn).__module__], int(pgconn.pgconn_ptr))


def _psycopg(connection: Any) -> Live | Unasked:
    pgconn, info = connection.pgconn, connection.info
    parameters = {
        option.keyword.decode(): option.val.decode(errors="replace")
        for option in pgconn.info
        if option.val is not None and not is_secret(option.keyword.decode())
    }
    live = Live("psycopg", bool(pgconn.ssl_in_use), parameters=parameters, **_place(info.host, info.port))
    return _looked_inside(live, libpq.inside(sys.modules[type(pgconn).__module__], int(pgconn.pgconn_ptr)))


def _place(host: str, port: int) -> dict[str, Any]:
    """A host for libpq that begins with a slash, or @, is the directory of a unix socket."""
    return {"socket": f"{host}/.s.PGSQL.{port}"} if host.startswith(("/", "@")) else {"host": host, "port": port}


def _looked_inside(live: Live, seen: libpq.Inside) -> Live | Unasked:
    minimum = live.parameters.get("ssl_min_protocol_version")
    if live.tls:
        return replace(
            live,
            version=seen.version,
            suite=seen.suite,
            peer=seen.peer,
            peer_reason=seen.reason,
            checks=None if seen.verifies is None else Checks(chain=seen.verifies),
            minimum=minimum,
        )
    if seen.gss:
        return Unasked(
            live.driver, "it is encrypted by Kerberos (GSSAPI) in place of TLS: everyhop does not judge that"
        )
    return live


def _on_python(driver: str, tls: Callable[[Any], Any], place: Callable[[Any], dict[str, Any]]) -> _Way:
    """A driver whose connection leads to a TLS object of Python's."""
    return _Way(
        lambda connection: python_tls.glance(tls(connection)),
        lambda connection: python_tls.look(driver, tls(connection), place(connection)),
    )


def _pymysql_socket(connection: Any) -> Any:
    # Not connection.ssl (true after a strip) and not connection._secure (true on unix sockets): the socket itself.
    sock = connection._sock  # noqa: SLF001 - PyMySQL has no public way to its socket
    if sock is None:
        raise ValueError("it is closed")
    return sock


def _pymysql_place(connection: Any) -> dict[str, Any]:
    path = connection.unix_socket
    return {"socket": path} if path else {"host": connection.host, "port": connection.port}


def _transport(connection: Any) -> Any:
    """Asyncpg's and asyncmy's."""
    return connection._transport  # noqa: SLF001 - there is no public way


def _writer(connection: Any) -> Any:
    return connection._writer.transport  # noqa: SLF001 - aiomysql has none either


def _on_asyncio(driver: str, transport: Callable[[Any], Any]) -> _Way:
    return _on_python(
        driver,
        lambda connection: transport(connection).get_extra_info("ssl_object"),
        lambda connection: python_tls.place(transport(connection).get_extra_info("peername")),
    )


def _pg8000_socket(connection: Any) -> Any:
    return connection._usock  # noqa: SLF001 - as above


def _glance_mysql_connector(connection: Any) -> Glance:
    if hasattr(connection, "_cmysql"):
        return Glance(bool(connection._cmysql.get_ssl_cipher()))  # noqa: SLF001 - as above
    return python_tls.glance(connection._socket.sock)  # noqa: SLF001


def _mysql_connector(connection: Any) -> Live:
    path = connection.unix_socket
    place = {"socket": path} if path else {"host": connection.server_host, "port": connection.server_port}
    if hasattr(connection, "_cmysql"):
        suite = connection._cmysql.get_ssl_cipher()  # noqa: SLF001 - as above
        return _without_peer("mysql-connector", suite, place)
    return python_tls.look("mysql-connector", connection._socket.sock, place)  # noqa: SLF001


def _glance_mysqlclient(connection: Any) -> Glance:
    return Glance(connector_c.suite(sys.modules["MySQLdb._mysql"], connection) is not None)


def _mysqlclient(connection: Any) -> Live:
    suite = connector_c.suite(sys.modules["MySQLdb._mysql"], connection)
    host, _, way = connection.get_host_info().partition(" via ")  # "db.internal via TCP/IP"
    place = {"socket": host} if "socket" in way.lower() else {"host": host, "port": int(connection.port)}
    return _without_peer("mysqlclient", suite, place)


def _glance_mariadb(connection: Any) -> Glance:
    return Glance(bool(connection.tls_cipher))


def _mariadb(connection: Any) -> Live:
    path = connection.unix_socket
    place = {"socket": path} if path else {"host": connection.server_name, "port": connection.server_port}
    return replace(_without_peer("mariadb", connection.tls_cipher, place), version=connection.tls_version or None)


def _without_peer(driver: str, suite: str | None, place: dict[str, Any]) -> Live:
    reason = f"{driver} does not show it" if suite else ""
    return Live(driver, bool(suite), suite=suite or None, peer_reason=reason, **place)


# The package in which a driver defines its connections.
_TABLE: Final[Mapping[str, _Way]] = {
    "psycopg2": _Way(_glance_psycopg2, _psycopg2),
    "psycopg": _Way(_glance_psycopg, _psycopg),
    "asyncpg": _on_asyncio("asyncpg", _transport),
    "pg8000": _on_python(
        "pg8000", _pg8000_socket, lambda connection: python_tls.place(_pg8000_socket(connection).getpeername())
    ),
    "pymysql": _on_python("pymysql", _pymysql_socket, _pymysql_place),
    "MySQLdb": _Way(_glance_mysqlclient, _mysqlclient),
    "mysql": _Way(_glance_mysql_connector, _mysql_connector),
    "mariadb": _Way(_glance_mariadb, _mariadb),
    "asyncmy": _on_asyncio("asyncmy", _transport),
    "aiomysql": _on_asyncio("aiomysql", _writer),
}
_KNOWN: Final[dict[type, _Way]] = {}  # by class: a program has few of them
