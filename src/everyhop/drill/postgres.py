"""The start of a PostgreSQL connection in an attacker's hands (PostgreSQL documentation, "SSL Session Encryption")."""

from __future__ import annotations

import ssl

from everyhop.drill.leg import Legs, Socket, exactly
from everyhop.drill.tape import Tape

_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_LONGEST = 10_000  # MAX_STARTUP_PACKET_LENGTH of the server itself
_SASL = (10).to_bytes(4, "big")
_GSS_REQUEST = (8).to_bytes(4, "big") + (80877104).to_bytes(4, "big")


def strip(legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
    """Answer `N` to every request for encryption; a dialer that insists ends it there."""
    return _in_plaintext(legs, _refuse_encryption(legs.dialer), tape)


def impersonate(legs: Legs, tape: Tape, context: ssl.SSLContext) -> tuple[Socket, Socket]:
    """Answer `S` and speak TLS with the attacker's certificate.

    A dialer that asks for no TLS needs no certificate to be deceived: its bytes are passed on as they are.
    """
    request = exactly(legs.dialer, 8)
    if request == _GSS_REQUEST:
        legs.dialer.sendall(b"N")
        request = exactly(legs.dialer, 8)
    if request != _SSL_REQUEST:
        return _in_plaintext(legs, request, tape)
    legs.dialer.sendall(b"S")
    return legs.posing(context), _upgraded(legs)


def _in_plaintext(legs: Legs, first: bytes, tape: Tape) -> tuple[Socket, Socket]:
    """Pass on a StartupMessage that came in plaintext, of which `first` has been read.

    libpq notices a server that offers channel binding on a connection without TLS, so that offer is taken out.
    """
    startup = first + exactly(legs.dialer, _length(first[:4]) - len(first))
    tape.dialer_sent(startup)
    listener = _upgraded(legs)
    listener.sendall(startup)
    head = exactly(listener, 5)
    answer = _without_channel_binding(head, exactly(listener, _length(head[1:]) - 4))
    tape.listener_sent(answer)
    legs.dialer.sendall(answer)
    return legs.dialer, listener


def _refuse_encryption(dialer: Socket) -> bytes:
    """The first eight bytes of the dialer that are no request for encryption."""
    for _ in range(3):
        first = exactly(dialer, 8)
        if first not in (_SSL_REQUEST, _GSS_REQUEST):
            return first
        dialer.sendall(b"N")
    raise ConnectionError("the dialer asked for encryption again and again")


def _length(field: bytes) -> int:
    """The length that a message begins with, which counts itself; a peer that says more than a login needs is cut."""
    length = int.from_bytes(field, "big")
    if not 4 <= length <= _LONGEST:
        raise ConnectionError("this is not PostgreSQL's protocol")
    return length


def _without_channel_binding(head: bytes, body: bytes) -> bytes:
    """An AuthenticationSASL without SCRAM-SHA-256-PLUS; any other message as it is."""
    if head[:1] != b"R" or body[:4] != _SASL:
        return head + body
    offered = [name for name in body[4:].split(b"\0") if name and not name.endswith(b"-PLUS")]
    body = _SASL + b"".join(name + b"\0" for name in offered) + b"\0"
    return b"R" + (len(body) + 4).to_bytes(4, "big") + body


def _upgraded(legs: Legs) -> Socket:
    """TLS towards the server if it has it, plaintext if not."""
    listener = legs.listener()
    listener.sendall(_SSL_REQUEST)
    return legs.trusting(listener) if exactly(listener, 1) == b"S" else listener
