"""The legs of a relayed connection: exact reads and writes on a socket, in plaintext or TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

Socket = socket.socket | ssl.SSLSocket


class Legs:
    """The dialer's leg as it came, and the ways to others; `opened` keeps each, so that none is left open."""

    def __init__(self, dialer: Socket, dial: Callable[[], Socket], opened: Callable[[Socket], Socket]) -> None:
        self.dialer = opened(dialer)
        self._dial = dial
        self._opened = opened

    def listener(self) -> Socket:
        """A connection to the real server, in plaintext so far."""
        return self._opened(self._dial())

    def trusting(self, listener: Socket) -> Socket:
        """TLS towards the server, whoever that is: an attacker believes anybody."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return self._opened(context.wrap_socket(listener))

    def posing(self, context: ssl.SSLContext) -> Socket:
        """TLS towards the dialer, with the certificate of this context."""
        return self._opened(context.wrap_socket(self.dialer, server_side=True))


def exactly(leg: Socket, count: int) -> bytes:
    """Read `count` bytes; raises `ConnectionError` where the peer ends before."""
    data = b""
    while len(data) < count:
        piece = leg.recv(count - len(data))
        if not piece:
            raise ConnectionError("the peer closed the connection")
        data += piece
    return data


def mysql_packet(leg: Socket) -> tuple[int, bytes]:
    """Read one packet of MySQL's protocol: its sequence number and payload."""
    head = exactly(leg, 4)
    return head[3], exactly(leg, int.from_bytes(head[:3], "little"))


def framed(sequence: int, payload: bytes) -> bytes:
    """The payload as a packet of MySQL's protocol."""
    return len(payload).to_bytes(3, "little") + bytes([sequence & 0xFF]) + payload
