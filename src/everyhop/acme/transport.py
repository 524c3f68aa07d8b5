"""Where ACME opens sockets: out to the server, over TLS that is always verified, and in for the HTTP-01 challenge.

Whatever the peer does, everything ends by one deadline, and no answer fills memory. `requests` lets its environment
(REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, .netrc) override what a session says, so nothing of it but the proxies is read.
"""

from __future__ import annotations

import errno
import io
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from socket import AF_INET, AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, socket
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from everyhop.acme import retry_after
from everyhop.acme.problem import Problem
from everyhop.acme.trouble import LateError, RefusedError, UnbelievedError, UnreachedError
from everyhop.errors import IssueError, SettingsError
from everyhop.model.secret import masked
from everyhop.probe.deadline import Deadline
from everyhop.x509.parse import printable

LARGEST: Final = 1_000_000
"""Bytes of one answer; a chain of ten large certificates has 20,000."""
_PATIENCE: Final = 30.0
"""Seconds for one step of one request: connecting, a piece of an answer."""
_CHUNK: Final = 65_536
_HANDLERS: Final = 32  # validations that are answered at once; an authority looks from about five places
_LINE: Final = 4_096  # bytes of a request's line or header
_LINES: Final = 100
_HANDLER_PATIENCE: Final = 10.0  # seconds
_NO_ADDRESS: Final = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidURL,
)
CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"
"""RFC 8555 section 8.3."""


class Session(requests.Session):
    """Requests to one ACME server: HTTPS alone, verified, without redirections, with bounded answers.

    Raises `RefusedError` for every answer that is an error, and another kind of `trouble` where there is none.
    """

    def __init__(self, anchors_pem: str | None, deadline: Deadline, now: Callable[[], datetime]) -> None:
        """`anchors_pem` is what is believed of the server's own certificate; None: the system's anchors."""
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"  # what is not compressed cannot burst
        self.adapters.clear()  # no http://
        self.mount("https://", _Adapter(_context(anchors_pem, deadline)))
        self._deadline = deadline
        self._now = now

    def request(self, method: str, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer, read to its end."""
        address = url if isinstance(url, str) else url.decode("utf-8", "replace")
        left = self._deadline.left()
        if left <= 0:
            raise LateError("the time for it was over", hint="try again: the server may only be slow")
        kwargs |= {
            "timeout": min(_PATIENCE, left),
            "allow_redirects": False,
            "stream": True,
            "verify": True,
            "proxies": get_environ_proxies(address),
        }
        try:
            with super().request(method, url, *args, **kwargs) as response:
                return self._judged(_whole(response, self._deadline))
        except _NO_ADDRESS as error:
            raise IssueError(
                f"{printable(address)[:200]} is no https:// address", hint="ACME goes over HTTPS (RFC 8555 section 6.1)"
            ) from error
        except (requests.RequestException, OSError, ValueError) as error:
            raise self._failure(address, error) from error

    def _judged(self, response: requests.Response) -> requests.Response:
        if 300 <= response.status_code < 400:
            raise IssueError(
                f"the ACME server sends on to {printable(response.headers.get('Location', 'nowhere'))[:200]}",
                hint="give the address where it is now",
            )
        if response.status_code >= 400:
            raise RefusedError(
                response.status_code,
                Problem.read(response.content),
                retry_after.wait(response.headers.get("Retry-After"), self._now()),
                response.headers.get("Location", ""),
            )
        if "json" in response.headers.get("Content-Type", "") and response.content:
            _require_object(response.content)
        return response

    def _failure(self, address: str, error: Exception) -> IssueError:
        host = printable(urlsplit(address).netloc)[:200]
        if self._deadline.left() <= 0:
            return LateError(f"{host} did not answer in time", hint="try again: the server may only be slow")
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return UnbelievedError(
                    f"{host} shows a certificate that is not to be believed: {printable(cause.verify_message)}",
                    hint="for an ACME server of your own, name the file with its authority (--acme-ca FILE)",
                )
        *_, last = _causes(error)
        reason = printable(masked(str(last)))[:200] or type(last).__name__
        return UnreachedError(
            f"{host} cannot be reached: {reason}", hint="is the address right, and the network there?"
        )


class _Adapter(HTTPAdapter):
    """Knows one context, whatever a session or its environment says about verification."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002 - theirs
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **kwargs | {"verify": True, "cert": None})

    def cert_verify(self, conn: Any, *_: Any) -> None:
        """The context has its anchors; what `requests` would do here is add its own to them."""
        conn.cert_reqs = "CERT_REQUIRED"


def _context(anchors_pem: str | None, deadline: Deadline) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=anchors_pem)
    except (ssl.SSLError, ValueError) as error:
        raise SettingsError("the anchors for the ACME server are no certificates in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    class Socket(ssl.SSLSocket):
        """Renews no time-out for a peer that trickles."""

        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(min(_PATIENCE, max(deadline.left(), 0.001)))
            return super().recv_into(*args, **kwargs)

    context.sslsocket_class = Socket
    return context


def _whole(response: requests.Response, deadline: Deadline) -> requests.Response:
    """The same answer with its body in memory, if that is of a decent size."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise IssueError("the ACME server compresses its answers, which nobody asked for")
    body = b""
    for piece in response.iter_content(_CHUNK):
        body += piece
        if len(body) > LARGEST:
            raise IssueError(f"the ACME server's answer is longer than {LARGEST} bytes", hint="is it one at all?")
        if deadline.left() <= 0:
            raise LateError("the ACME server did not come to an end in time")
    whole = requests.Response()
    whole.status_code = response.status_code
    whole.headers = response.headers
    whole.reason = response.reason
    whole.url = response.url
    whole.request = response.request
    whole.encoding = "utf-8"
    whole.raw = io.BytesIO(body)
    return whole


def _require_object(body: bytes) -> None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise IssueError("the ACME server's answer is no JSON", hint="is it an ACME server?") from error
    if not isinstance(value, dict):
        raise IssueError("the ACME server's answer is JSON, but no object", hint="is it an ACME server?")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was made of: `requests` wraps urllib3's, and that the system's, each in its own way."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = getattr(current, "reason", None)
        first = current.args[0] if current.args else None
        current = next(
            (one for one in (inner, first, current.__cause__, current.__context__) if isinstance(one, BaseException)),
            None,
        )


@contextmanager
def listening(host: str, port: int, answers: Mapping[str, str]) -> Iterator[None]:
    """Answer HTTP-01 validations on this address meanwhile: each token's path with its key authorization, else 404.

    An empty `host` means every address of the machine. Raises `IssueError` where the port cannot be had.
    """
    try:
        server = _listener(host, port, answers)
    except OSError as error:
        place = f"{host or 'every address'}, port {port}"
        raise IssueError(
            f"{place} cannot be listened on: {(error.strerror or str(error)).lower()}",
            hint="a web server that has the port can serve the challenge from its web root; below 1024 root is needed",
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _listener(host: str, port: int, answers: Mapping[str, str]) -> _Listener:
    if host:
        return _Listener(host, port, answers)
    try:
        return _Listener("::", port, answers)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        return _Listener("0.0.0.0", port, answers)  # noqa: S104 - asked for; this machine has no IPv6


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = _HANDLERS

    def __init__(self, host: str, port: int, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self._free = threading.BoundedSemaphore(_HANDLERS)
        self._both = host == "::"
        self.address_family = AF_INET6 if ":" in host else AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        if self._both:
            self.socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0)
        super().server_bind()

    def verify_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> bool:  # noqa: ARG002
        return self._free.acquire(blocking=False)  # one too many is hung up on

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Nothing: a visitor that hangs up is no news, and anybody may visit."""


class _Handler(socketserver.StreamRequestHandler):
    timeout = _HANDLER_PATIENCE
    server: _Listener

    def handle(self) -> None:
        method, path, *_ = [*self.rfile.readline(_LINE).decode("latin-1").split(" "), "", ""]
        for _ in range(_LINES):  # read, or closing would take the answer back (RFC 9112 section 9.6)
            if self.rfile.readline(_LINE) in {b"\r\n", b"\n", b""}:
                break
        token = path.removeprefix(CHALLENGE_PATH) if path.startswith(CHALLENGE_PATH) else ""
        answer = self.server.answers.get(token) if method == "GET" else None
        status, body = ("200 OK", answer) if answer is not None else ("404 Not Found", "")
        self.wfile.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode("ascii")
        )
