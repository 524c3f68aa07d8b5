"""A front before a real ACME server: it passes everything on, but for what a test tells it to do otherwise.

Requests are signed over the address they go to, and pebble makes its addresses from the Host header: so all of them
lead through here.
"""

from __future__ import annotations

import http.client
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers by name, body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


PassOn = Callable[[], Reply]
Act = Callable[[PassOn], Reply | None]
"""What is done with a request; None: nothing is answered, the line is cut."""


@dataclass
class Trick:
    """Does `act` with requests of this method whose path holds `part`, for so many `times`."""

    method: str
    part: str
    act: Act
    times: int = 1_000_000
    played: int = 0


def answered(status: int, body: bytes = b"", **headers: str) -> Act:
    """Without the server, which never hears of it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status, {"Content-Type": "application/problem+json"} | named, body)


def cut(pass_on: PassOn) -> None:
    """The server does it, and its answer is lost."""
    pass_on()


def rewritten(old: bytes, new: bytes) -> Act:
    """The server's answer with a part replaced."""

    def act(pass_on: PassOn) -> Reply:
        reply = pass_on()
        return Reply(reply.status, reply.headers, reply.body.replace(old, new))

    return act


class Front(socketserver.ThreadingTCPServer):
    """`passed` are the requests that came, as method and path."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, context: ssl.SSLContext, behind: TcpEndpoint | None, anchors: str | None) -> None:
        self.tricks: list[Trick] = []
        self.passed: list[tuple[str, str]] = []
        self.context = context
        self.behind = behind
        self.anchors = anchors
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def endpoint(self) -> TcpEndpoint:
        return TcpEndpoint("127.0.0.1", self.server_address[1])

    @property
    def directory(self) -> str:
        return f"https://{self.endpoint}/dir"

    def get_request(self) -> tuple[ssl.SSLSocket, object]:
        """The handshake comes with the first byte that is read, in the thread of that connection."""
        accepted, address = super().get_request()
        return self.context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of some tests."""


class _Handler(socketserver.StreamRequestHandler):
    server: Front
    timeout = 20

    def handle(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        words = self.rfile.readline(65_536).decode("latin-1").split()
        if len(words) != 3:
            return False
        method, path, _ = words
        headers = http.client.parse_headers(self.rfile)
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        self.server.passed.append((method, path))

        def pass_on() -> Reply:
            return self._behind(method, path, dict(headers), body)

        for trick in self.server.tricks:
            if trick.method == method and trick.part in path and trick.played < trick.times:
                trick.played += 1
                reply = trick.act(pass_on)
                break
        else:
            reply = pass_on()
        if reply is None:
            return False
        kept = {name: value for name, value in reply.headers.items() if name not in {"Transfer-Encoding", "Connection"}}
        kept["Content-Length"] = str(len(reply.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        content = b"" if method == "HEAD" else reply.body
        self.wfile.write(f"HTTP/1.1 {reply.status} Told\r\n{head}\r\n".encode("latin-1") + content)
        return True

    def _behind(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        behind = self.server.behind
        assert behind is not None, "nobody stands behind this front"
        context = ssl.create_default_context(cadata=self.server.anchors)
        connection = http.client.HTTPSConnection(behind.host, behind.port, context=context, timeout=20)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@contextmanager
def front(issued: Issued, behind: TcpEndpoint | None = None, anchors: str | None = None) -> Iterator[Front]:
    """Answers on loopback with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        files = Path(directory, "chain.pem"), Path(directory, "key.pem")
        files[0].write_text(issued.chain_pem)
        files[1].write_text(issued.key_pem.reveal())
        context.load_cert_chain(*files)
    with Front(context, behind, anchors) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
