"""Relays: what they carry, what they keep, and where they refuse to go."""

import socket
import threading
from collections.abc import Iterator

import pytest

from everyhop.drill.behaviour import Record, Strip
from everyhop.drill.relay import Relay, settled
from everyhop.drill.scenario import Outcome, attack
from everyhop.errors import DrillError
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire

ANY_PORT = TcpEndpoint("127.0.0.1", 0)


@pytest.fixture
def echo() -> Iterator[TcpEndpoint]:
    """A listener that says everything back."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk(peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(65536):
                peer.sendall(data)

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(peer,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield TcpEndpoint("127.0.0.1", server.getsockname()[1])
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def said(endpoint: TcpEndpoint, data: bytes) -> bytes:
    with socket.create_connection((endpoint.host, endpoint.port), 5) as peer:
        peer.sendall(data)
        answer = b""
        while len(answer) < len(data):
            answer += peer.recv(65536)
    return answer


def test_record_carries_and_keeps(echo: TcpEndpoint) -> None:
    """Every byte arrives, in both directions, and is kept."""
    message = bytes(range(256)) * 1000
    with Relay(ANY_PORT, echo, Record()) as relay:
        assert said(relay.endpoint, message) == message
        (tape,) = settled(relay)
    assert tape.from_dialer == tape.from_listener == message


def test_switch_forgets(echo: TcpEndpoint) -> None:
    """What was kept under one behaviour is no evidence for the next."""
    with Relay(ANY_PORT, echo, Record()) as relay:
        said(relay.endpoint, b"before")
        relay.switch(Record())
        assert relay.tapes == ()
        said(relay.endpoint, b"after")
        assert [tape.from_dialer for tape in settled(relay)] == [b"after"]


@pytest.mark.parametrize(
    ("listen", "dial"),
    [("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "db.internal"), ("0.0.0.0", "::1")],  # noqa: S104 - refused
)
def test_a_relay_stays_on_the_loopback(listen: str, dial: str) -> None:
    """Neither side can be anywhere else, and no socket is opened to find out."""
    with pytest.raises(DrillError, match="loopback"):
        Relay(TcpEndpoint(listen, 0), TcpEndpoint(dial, 5432), Record())


def test_a_taken_port(echo: TcpEndpoint) -> None:
    """Is an error that names it."""
    with pytest.raises(DrillError, match=str(echo.port)):
        Relay(echo, echo, Record())


def test_a_closed_relay_is_gone(echo: TcpEndpoint) -> None:
    """Nothing listens there any more, and what was open is cut."""
    with Relay(ANY_PORT, echo, Record()) as relay:
        peer = socket.create_connection((relay.endpoint.host, relay.endpoint.port), 5)
        peer.sendall(b"x")
        assert peer.recv(1) == b"x"
    assert peer.recv(1) == b""
    peer.close()
    with pytest.raises(ConnectionError):
        socket.create_connection((relay.endpoint.host, relay.endpoint.port), 5)


def test_an_attack_that_nobody_met_proves_nothing(echo: TcpEndpoint) -> None:
    """A dialer that goes elsewhere has refused nothing."""
    with Relay(ANY_PORT, echo, Record()) as relay:
        ordeal = attack("strip", relay, Wire.POSTGRES, Strip(Wire.POSTGRES), lambda: "connection refused")
    assert ordeal.outcome is Outcome.NOT_REACHED


def test_http_has_nothing_to_strip() -> None:
    """Asked to strip HTTP, the relay says so; it does not quietly record."""
    with pytest.raises(DrillError, match="HTTP"):
        Strip(Wire.HTTP)
