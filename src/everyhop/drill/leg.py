"""One leg of a relayed connection: exact reads and writes on a socket, in plaintext or TLS."""

from __future__ import annotations

import socket
import ssl

Socket = socket.socket | ssl.SSLSocket


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


def trusting_context() -> ssl.SSLContext:
    """What an attacker uses towards the server: it believes anybody, and speaks whatever is spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
