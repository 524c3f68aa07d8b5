"""Attackers that everyhop.drill has not: plaintext on both legs, and TLS from the first byte."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from everyhop.drill import mysql, postgres
from everyhop.drill.behaviour import _server_context
from everyhop.drill.leg import Legs, Socket, framed, mysql_packet
from everyhop.drill.tape import Tape
from everyhop.model.certificate import Issued
from everyhop.model.wire import Wire


@dataclass(frozen=True, slots=True)
class StripAll:
    """Plaintext on both legs; `drill.Strip` speaks TLS to the server."""

    wire: Wire

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Answer `N` to an SSLRequest, or clear CLIENT_SSL in the greeting, and pass everything else on."""
        if self.wire is Wire.POSTGRES:
            first = postgres._refuse_encryption(legs.dialer)
            if is_handshake(first):
                raise ConnectionError("nobody asks whether there is TLS")
            listener = legs.listener()
            listener.sendall(first)
        else:
            listener = legs.listener()
            sequence, greeting = mysql_packet(listener)
            legs.dialer.sendall(framed(sequence, mysql._without_tls(greeting)))
            sequence, response = mysql_packet(legs.dialer)
            tape.dialer_sent(response)
            # Some dialers ask for TLS all the same, in a flag that the server would believe.
            flags = int.from_bytes(response[:4], "little") & ~mysql._CLIENT_SSL
            listener.sendall(framed(sequence, flags.to_bytes(4, "little") + response[4:]))
        return legs.dialer, listener


class PostgresImpostor:
    """`drill.Impostor`, and also for a dialer that begins with TLS (`sslnegotiation=direct`)."""

    def __init__(self, issued: Issued) -> None:
        self._context = _server_context(issued.chain_pem, issued.key_pem)
        self._context.set_alpn_protocols(["postgresql"])

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """End the dialer's TLS, however it begins."""
        if begins_with_tls(legs.dialer):
            return legs.posing(self._context), postgres._upgraded(legs)
        return postgres.impersonate(legs, tape, self._context)


def begins_with_tls(leg: Socket) -> bool:
    """Whether the first byte that comes is TLS's; it stays to be read."""
    return is_handshake(leg.recv(1, socket.MSG_PEEK))


def is_handshake(data: bytes) -> bool:
    """Whether this is the start of a TLS record with a handshake in it (RFC 8446 section 5.1)."""
    return data[:1] == b"\x16"
