"""Whatever a peer does, a survey ends by its deadline, with a result or a gap that says why."""

from __future__ import annotations

import resource
import socket
import struct
import time
from datetime import UTC, datetime

import pytest

from everyhop.model.location import Location
from everyhop.model.sighting import Gap, Plaintext
from everyhop.model.survey import Survey
from everyhop.probe.probe import survey
from tests.probing import Peer, answers, peer, says, silent

DEADLINE = 0.6
NEVER = 9999.0  # seconds: whoever waits for this runs into pytest's time-out, and the test fails


def look(act: Peer, scheme: str, deadline: float = DEADLINE) -> Survey | Gap:
    """Survey a scripted peer that never ends: that this returns is the doing of the deadline."""
    with peer(act) as endpoint:
        location = Location.parse(f"{scheme}{endpoint}")
        return survey(location, anchors=None, server_name=None, timeout=NEVER, deadline=deadline, now=datetime.now(UTC))


def gap(act: Peer, scheme: str) -> str:
    seen = look(act, scheme)
    assert isinstance(seen, Gap)
    assert seen.hint
    assert seen.reason.isprintable()
    return seen.reason


def trickle(connection: socket.socket) -> None:
    """One byte each tenth of a second: a time-out for each read would never come."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 10_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def trickled_greeting(connection: socket.socket) -> None:
    for byte in b"\xff\x0f\0\0" + b"\x0a" + b"8" * 10_000:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def endless(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\x0a" * 65536)


def endless_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n" * 4096)


def endless_after_s(connection: socket.socket) -> None:
    connection.recv(8)
    connection.sendall(b"S")
    while True:
        connection.sendall(b"\x16\x03\x03\x40\x00" + b"\0" * 0x4000)


def not_reading(connection: socket.socket) -> None:
    while connection.fileno() >= 0:  # until the test closes it
        time.sleep(0.05)


EVERY_WIRE = ("postgresql://", "mysql://", "https://", "http://", "")


@pytest.mark.parametrize("scheme", EVERY_WIRE)
@pytest.mark.parametrize("act", [silent, not_reading], ids=lambda act: str(act.__name__))
def test_a_silent_peer_is_a_gap(act: Peer, scheme: str) -> None:
    """It is told as no answer in time, not as "no TLS"."""
    reason = gap(act, scheme)
    assert "in time" in reason or "no wire" in reason


@pytest.mark.parametrize("scheme", EVERY_WIRE)
@pytest.mark.parametrize("act", [trickle, trickled_greeting], ids=lambda act: str(act.__name__))
def test_a_trickling_peer_renews_no_deadline(act: Peer, scheme: str) -> None:
    """A byte now and then is not an answer."""
    gap(act, scheme)


@pytest.mark.parametrize("scheme", EVERY_WIRE)
@pytest.mark.parametrize("act", [endless, endless_head, endless_after_s], ids=lambda act: str(act.__name__))
def test_an_endless_peer_fills_no_memory(act: Peer, scheme: str) -> None:
    """Caps hold before TLS and inside its handshake."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    gap(act, scheme)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # kB


@pytest.mark.parametrize("scheme", EVERY_WIRE)
def test_a_peer_that_closes_at_once_is_a_gap(scheme: str) -> None:
    """Said as what it is."""
    reason = gap(says(), scheme)
    assert "closed" in reason or "cut" in reason or "no wire" in reason


@pytest.mark.parametrize("scheme", EVERY_WIRE)
def test_a_reset_is_a_gap(scheme: str) -> None:
    """RST instead of FIN."""

    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    gap(reset, scheme)


@pytest.mark.parametrize("scheme", EVERY_WIRE)
def test_another_protocol_is_named_by_its_first_words(scheme: str) -> None:
    """An SSH banner: escapes in it do not reach a terminal."""
    reason = gap(says(b"SSH-2.0-\x1b[31mOpenSSH\r\n", pause=0.3), scheme)
    assert "SSH-" in reason or "does not speak TLS" in reason
    assert "\x1b" not in reason


@pytest.mark.parametrize("raw", [b"SFATAL: no\0", b"S" + b"\x16\x03\x03\x00\x02ab", b"SS"])
def test_more_than_a_lone_s_is_not_tls_offered(raw: bytes) -> None:
    """CVE-2021-23214's class: words put in before TLS begins."""
    assert "before TLS began" in gap(answers(raw), "postgresql://")


def test_a_web_server_on_the_databases_port() -> None:
    """A port mixed up: the answer shows what is there."""
    raw = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"
    assert "HTTP/1.1 400" in gap(answers(raw), "postgresql://")
    assert isinstance(look(answers(raw), ""), Survey)


def test_an_error_instead_of_a_greeting_is_told_with_its_number() -> None:
    """Blocked by too many errors: exactly what a probe must not cause, and the way out."""
    body = b"\xff\x69\x04Host '10.0.0.9' is blocked because of many connection errors"
    raw = len(body).to_bytes(3, "little") + b"\0" + body
    for scheme in ("mysql://", ""):
        seen = look(says(raw, pause=0.3), scheme)
        assert isinstance(seen, Gap)
        assert "1129" in seen.reason
        assert "FLUSH HOSTS" in seen.hint


def test_a_stripped_greeting_is_a_listener_without_tls() -> None:
    """No CLIENT_SSL: plaintext is all that it offers, and no time is spent on more."""
    version = b"8.4\x1b[2J"
    body = b"\x0a" + version + b"\0" + b"\x07\0\0\0" + b"8 bytes!" + b"\0" + b"\xff\xf7" + b"\x2d\x02\0\xff\xff\x15"
    seen = look(says(len(body).to_bytes(3, "little") + b"\0" + body, pause=0.3), "")
    assert isinstance(seen, Survey)
    assert (seen.tls, seen.plaintext, seen.server_version) == (False, Plaintext.ACCEPTED, r"8.4\x1b[2J")
    assert (seen.hellos, seen.chain, seen.versions) == (0, None, None)


def test_a_redirect_is_not_followed_to_another_host() -> None:
    """A listener does not send the probe elsewhere."""
    raw = b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.invalid/\r\n\r\n"
    seen = look(answers(raw), "http://")
    assert isinstance(seen, Survey)
    assert any("elsewhere.invalid" in said and "not followed" in said for said in seen.said)


@pytest.mark.parametrize("location", ["https://127.0.0.1:{}", "postgresql://127.0.0.1:{}", "127.0.0.1:{}"])
def test_nobody_there_is_told(location: str) -> None:
    """A closed port, taken and given back by us."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asked = Location.parse(location.format(port))
    seen = survey(asked, anchors=None, server_name=None, timeout=NEVER, deadline=NEVER, now=datetime.now(UTC))
    assert isinstance(seen, Gap)
    assert "nobody listens" in seen.reason
