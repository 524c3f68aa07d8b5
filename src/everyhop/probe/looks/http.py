"""Web servers: the site over TLS, and what its plain-HTTP side does with a browser that comes without.

Where that side is, depends on the location: `https://` on port 443 has it on port 80, on any other port it is the same
port; `http://` is it, and the site over TLS is where it redirects to, on the same host, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.sighting import Plaintext
from everyhop.model.survey import HttpAnswer
from everyhop.model.wire import Wire
from everyhop.probe.handshake import WEB, demands_certificate
from everyhop.probe.ladder import Ladder, climb_down
from everyhop.probe.look import Handshake, Look
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import CutOff, HelloRefused, Trouble, Unreachable, Violation
from everyhop.probe.upgrades.dialogue import quoted
from everyhop.probe.upgrades.http import Head, ask_for_root
from everyhop.probe.visit import Visit

PLAIN_PORT: Final = 80
TLS_PORT: Final = 443
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})  # RFC 9110 section 15.4
_BAD_REQUEST: Final = 400
_KNOWN = ("nginx", "apache", "gunicorn", "werkzeug", "caddy", "haproxy", "envoy", "uvicorn", "waitress", "cloudflare")


@dataclass(frozen=True, slots=True)
class _Secure:
    """The site over TLS. `head` None: the handshake was all that could be had."""

    handshake: Handshake
    head: Head | None
    client_auth: str | None
    ladder: Ladder


def look_secure(visit: Visit, first: Connection) -> Look:
    """Look at an `https://` location. A listener that speaks plain HTTP there is one without TLS. Raises `Trouble`."""
    try:
        secure = _secure(visit, first, visit.endpoint)
    except (Violation, CutOff) as no_tls:
        try:
            plain = _plain_head(visit, visit.endpoint)
        except Trouble:
            raise no_tls from None
        visit.said.append("speaks plain HTTP here, and no TLS")
        return _look(Plaintext.ACCEPTED, None, plain)
    plaintext, beside = _beside(visit)
    return _look(plaintext, secure, beside)


def look_plain(visit: Visit, first: Connection) -> Look:
    """Look at an `http://` location, and at the TLS that it sends browsers to. Raises `Trouble`."""
    plain = visit.ask(first, ask_for_root(_host(visit, visit.endpoint, PLAIN_PORT)))
    visit.said.append(_told("in plaintext", plain))
    target = _target(visit, plain)
    if target is not None:
        with visit.connect(target) as connection:
            secure = _secure(visit, connection, target)
        return _look(Plaintext.REFUSED, secure, plain)
    usual = _with_port(visit.endpoint, PLAIN_PORT, TLS_PORT)
    if usual is None:
        return _look(Plaintext.ACCEPTED, None, plain)
    try:
        with visit.connect(usual) as connection:
            secure = _secure(visit, connection, usual)
    except (Unreachable, Violation) as trouble:
        visit.said.append(f"no TLS on port {TLS_PORT} either: {trouble.message}")
        return _look(Plaintext.ACCEPTED, None, plain)
    return _look(Plaintext.REFUSED if _to_https(plain) else Plaintext.ACCEPTED, secure, plain)


def _secure(visit: Visit, connection: Connection, endpoint: Endpoint) -> _Secure:
    session = visit.shake(connection, WEB)
    handshake = Handshake.of(session)
    head: Head | None = None
    client_auth: str | None = None
    try:
        head = visit.ask_inside(connection, session, ask_for_root(_host(visit, endpoint, TLS_PORT)))
        visit.said.append(_told("over TLS", head))
        # nginx finishes the handshake and says by 400 that it wanted a certificate.
        client_auth = ("required" if head.status == _BAD_REQUEST else "optional") if handshake.asked else None
        visit.leave(connection, session)
    except Trouble as trouble:
        visit.said.append(f"over TLS: {trouble.message}")
        if isinstance(trouble, HelloRefused) and demands_certificate(trouble):
            client_auth = "required"

    @contextmanager
    def opener(_visit: Visit) -> Iterator[Connection]:
        with visit.connect(endpoint) as another:
            yield another

    return _Secure(handshake, head, client_auth, climb_down(visit, handshake.version, opener))


def _beside(visit: Visit) -> tuple[Plaintext, Head | None]:
    """What a browser meets that comes without TLS."""
    other = _with_port(visit.endpoint, TLS_PORT, PLAIN_PORT)
    try:
        plain = _plain_head(visit, other or visit.endpoint)
    except Unreachable:
        visit.said.append(f"nobody listens on port {PLAIN_PORT}" if other else "refuses plaintext")
        return Plaintext.REFUSED, None
    except (CutOff, Violation) as trouble:
        visit.said.append(f"in plaintext: {trouble.message}")
        return (Plaintext.UNKNOWN if other else Plaintext.REFUSED), None
    except Trouble as trouble:
        visit.said.append(f"in plaintext: {trouble.message}")
        return Plaintext.UNKNOWN, None
    if _to_https(plain):
        return Plaintext.REFUSED, plain
    if other is None and plain.status == _BAD_REQUEST:  # "plain HTTP request was sent to HTTPS port"
        return Plaintext.REFUSED, None
    return Plaintext.ACCEPTED, plain


def _plain_head(visit: Visit, endpoint: Endpoint) -> Head:
    with visit.connect(endpoint) as connection:
        head = visit.ask(connection, ask_for_root(_host(visit, endpoint, PLAIN_PORT)))
    visit.said.append(_told("in plaintext", head))
    return head


def _look(plaintext: Plaintext, secure: _Secure | None, plain: Head | None) -> Look:
    head = (secure.head if secure else None) or plain
    product, version = _server(head)
    return Look(
        Wire.HTTP,
        product,
        plaintext,
        secure.handshake if secure else None,
        secure.ladder if secure else None,
        secure.client_auth if secure else None,
        version,
        _answer(plain),
        _answer(secure.head if secure else None),
    )


def _answer(head: Head | None) -> HttpAnswer | None:
    if head is None:
        return None
    return HttpAnswer(
        head.status, head.first("location"), head.first("strict-transport-security"), head.all("set-cookie")
    )


def _server(head: Head | None) -> tuple[str, str | None]:
    """Product and version from the Server field: what the listener chooses to say of itself."""
    words = (head.first("server") or "").split() if head else []
    name, _, version = (words[0] if words else "").partition("/")
    product = name.lower()
    return (product if product in _KNOWN else "http"), (quoted(version, 64) or None)


def _target(visit: Visit, plain: Head) -> Endpoint | None:
    """Where a redirect to HTTPS on the same host leads."""
    location = _to_https(plain)
    if location is None or not isinstance(visit.endpoint, TcpEndpoint):
        return None
    host, port = location
    if host not in {visit.endpoint.host.lower(), visit.server_name.lower()}:
        visit.said.append(f"redirects to another host ({quoted(host, 80)}), which was not followed")
        return None
    return replace(visit.endpoint, port=port)


def _to_https(head: Head) -> tuple[str, int] | None:
    """Host and port of a redirect to HTTPS; None for every other answer."""
    if head.status not in _REDIRECTS:
        return None
    try:
        parts = urlsplit(head.first("location") or "")
        host, port = parts.hostname, parts.port or TLS_PORT
    except ValueError:
        return None
    return (host, port) if parts.scheme.lower() == "https" and host else None


def _with_port(endpoint: Endpoint, usual: int, other: int) -> TcpEndpoint | None:
    if isinstance(endpoint, TcpEndpoint) and endpoint.port == usual:
        return replace(endpoint, port=other)
    return None


def _host(visit: Visit, endpoint: Endpoint, usual: int) -> str:
    """The Host field: RFC 9110 section 7.2 leaves the usual port out."""
    name = f"[{visit.server_name}]" if ":" in visit.server_name else visit.server_name
    return name if not isinstance(endpoint, TcpEndpoint) or endpoint.port == usual else f"{name}:{endpoint.port}"


def _told(where: str, head: Head) -> str:
    location = head.first("location")
    return f"{where}: HTTP {head.status}" + (f" to {quoted(location, 120)}" if location else "")
