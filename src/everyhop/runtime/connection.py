"""Asks a live DBAPI connection, at the client, whether and how it uses TLS.

The client's own objects are the only witness: a server says "encrypted" of a connection whose client leg is plaintext,
when a relay or a pooler stands between them. What to ask of which driver was measured; a driver that is not in the
table cannot be asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from everyhop.runtime import libpq
from everyhop.runtime.hiding import is_secret


@dataclass(frozen=True, slots=True)
class Checks:
    """What the TLS object of a connection was told to look at in the peer's certificate.

    `chain` is whether a chain that leads to no trust anchor ends the handshake, `name` the same for the host's name
    (None: the object does not know), `common_name` whether a name that stands only in the CN is believed.
    """

    chain: bool
    name: bool | None = None
    common_name: bool | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """What one open connection says of itself.

    `version` and `suite` are OpenSSL's words; None without TLS. `peer` is the certificate as DER; where it is missing,
    `peer_reason` says why. `checks` is None without TLS or where the object cannot be reached. `parameters` are libpq's
    effective settings, the environment and defaults counted in, without any secret. `minimum` is the oldest version
    that is spoken, where the object tells. Either `host` and `port`, or `socket`, is where the connection ends.
    """

    driver: str
    tls: bool
    version: str | None = None
    suite: str | None = None
    peer: bytes | None = None
    peer_reason: str = ""
    checks: Checks | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    minimum: str | None = None
    host: str | None = None
    port: int | None = None
    socket: str | None = None

    @property
    def identity_verified(self) -> bool:
        """Whether this very connection ended at a peer whose chain and name were verified."""
        if not self.tls or self.checks is None or not self.checks.chain:
            return False
        return self.checks.name is True or self.parameters.get("sslmode") == "verify-full"


@dataclass(frozen=True, slots=True)
class Unasked:
    """A connection that could not be asked, and why. Never to be read as either answer."""

    driver: str
    reason: str


def look(connection: Any) -> Live | Unasked:
    """Ask an open DBAPI connection (the driver's own object, not a pool's proxy). Sends nothing over it."""
    roots = [kind.__module__.partition(".")[0] for kind in type(connection).__mro__]
    ask = next((_TABLE[root] for root in roots if root in _TABLE), None)
    if ask is None:
        return Unasked(roots[0], f"everyhop does not know how to ask a connection of {roots[0]}")
    try:
        return ask(connection)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        return Unasked(roots[0], f"its connection does not answer: {type(error).__name__}: {error}")


def _psycopg2(connection: Any) -> Live | Unasked:
    info = connection.info
    # psycopg2 leaves out the password alone, and none of libpq's other secrets (sslpassword).
    parameters = {key: str(value) for key, value in info.dsn_parameters.items() if not is_secret(key)}
    live = Live("psycopg2", bool(info.ssl_in_use), parameters=parameters, **_place(info.host, info.port))
    return _looked_inside(live, libpq.inside(sys.modules["psycopg2._psycopg"], connection.pgconn_ptr))


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


def _pymysql(connection: Any) -> Live | Unasked:
    # Not connection.ssl (true after a strip) and not connection._secure (true on unix sockets): the socket itself.
    sock = connection._sock  # noqa: SLF001 - PyMySQL has no public way to its socket
    if sock is None:
        return Unasked("pymysql", "it is closed")
    return _of_python("pymysql", sock, connection.host, connection.port, connection.unix_socket)


def _of_python(driver: str, sock: Any, host: str, port: int, path: str | None) -> Live:
    import ssl  # noqa: PLC0415 - gevent has to patch it before anybody imports it

    place: dict[str, Any] = {"socket": path} if path else {"host": host, "port": port}
    if not isinstance(sock, ssl.SSLSocket):
        return Live(driver, tls=False, **place)
    context, cipher, peer = sock.context, sock.cipher(), sock.getpeercert(binary_form=True)
    return Live(
        driver=driver,
        tls=True,
        version=sock.version(),
        suite=cipher[0] if cipher else None,
        peer=peer,
        peer_reason="" if peer else "the server showed no certificate",
        checks=Checks(
            chain=context.verify_mode is not ssl.CERT_NONE,
            name=context.check_hostname and sock.server_hostname is not None,
            common_name=context.hostname_checks_common_name,
        ),
        minimum=_VERSIONS.get(oldest(context)),
        **place,
    )


def oldest(context: Any) -> str:
    """The oldest version that an `ssl.SSLContext` speaks, or `MINIMUM_SUPPORTED` where that is not to be known.

    Debian's Python leaves the choice to OpenSSL, which since 3.0 speaks nothing older than TLS 1.2 from security level
    1 on (OpenSSL's CHANGES, 3.0).
    """
    import ssl  # noqa: PLC0415 - as above

    name: str = context.minimum_version.name
    ruled_out = ssl.OPENSSL_VERSION_INFO >= (3,) and context.security_level >= 1
    return "TLSv1_2" if name == "MINIMUM_SUPPORTED" and ruled_out else name


# MINIMUM_SUPPORTED is not here: what the library below still speaks, it does not tell.
_VERSIONS: Final = {"TLSv1": "TLSv1", "TLSv1_1": "TLSv1.1", "TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}

# The package in which a driver defines its connections.
_TABLE: Final[Mapping[str, Callable[[Any], Live | Unasked]]] = {
    "psycopg2": _psycopg2,
    "psycopg": _psycopg,
    "pymysql": _pymysql,
}
