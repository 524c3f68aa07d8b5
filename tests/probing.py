"""The fake network of the probe's tests: a list of bytes for a dialogue, scripted peers on loopback for the whole."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.probe.transport import T
from everyhop.probe.trouble import Trouble
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send

Peer = Callable[[socket.socket], None]


def play(dialogue: Dialogue[T], *pieces: bytes) -> tuple[T, bytes]:
    """Carry a dialogue out against these pieces, as they would come off a socket; what it sent comes with its result.

    After the last piece the listener has closed.
    """
    coming = list(pieces)
    sent = b""
    try:
        wish = next(dialogue)
        while True:
            match wish:
                case Send(data):
                    sent += data
                    wish = dialogue.send(b"")
                case Receive(at_most):
                    piece = coming.pop(0) if coming else b""
                    if len(piece) > at_most:
                        coming.insert(0, piece[at_most:])
                    wish = dialogue.send(piece[:at_most])
    except StopIteration as end:
        result: T = end.value
        return result, sent


def told(dialogue: Dialogue[T], *pieces: bytes) -> str:
    """What a person would read of this dialogue: nothing if it came to a result, else the trouble and its hint."""
    try:
        play(dialogue, *pieces)
    except Trouble as trouble:
        return f"{trouble.message} {trouble.advice}"
    return ""


@contextmanager
def peer(act: Peer) -> Iterator[TcpEndpoint]:
    """A listener on a free loopback port that does `act` with each connection, until the block ends."""
    over = threading.Event()
    open_now: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            act(connection)

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_now.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield TcpEndpoint("127.0.0.1", listener.getsockname()[1])
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for connection in open_now:
                connection.close()


def says(*pieces: bytes, pause: float = 0.0) -> Peer:
    """Says these pieces without listening, and closes."""

    def act(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return act


def answers(*pieces: bytes) -> Peer:
    """Waits for something before each piece, and closes after the last."""

    def act(connection: socket.socket) -> None:
        for piece in pieces:
            if not connection.recv(65536):
                return
            connection.sendall(piece)

    return act


def silent(connection: socket.socket) -> None:
    """Takes everything and says nothing."""
    while connection.recv(65536):
        pass


def server_context(issued: Issued, directory: Path) -> ssl.SSLContext:
    """A TLS listener's context with this chain and key."""
    chain, key = directory / "chain.pem", directory / "key.pem"
    chain.write_text(issued.chain_pem)
    key.touch(mode=0o600)
    key.write_text(issued.key_pem.reveal())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python leaves it to OpenSSL, with another alert
    return context


def tls(context: ssl.SSLContext, before: bytes | None, inside: Peer) -> Peer:
    """Speaks TLS from the first byte, or after answering the first message with `before`; `inside` goes on within."""

    def act(connection: socket.socket) -> None:
        if before is not None:
            connection.recv(8)
            connection.sendall(before)
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secured:
            inside(secured)

    return act
