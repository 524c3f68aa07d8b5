"""The start of a PostgreSQL connection in an attacker's hands (PostgreSQL documentation, "SSL Session Encryption")."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from everyhop.drill.leg import Socket, exactly, trusting_context
from everyhop.drill.tape import Tape

_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_GSS_REQUEST = (8).to_bytes(4, "big") + (80877104).to_bytes(4, "big")


def strip(dialer: Socket, dial: Callable[[], Socket], tape: Tape) -> tuple[Socket, Socket]:
    """Answer `N` to every request for encryption; a dialer that insists ends it there."""
    first = _refuse_encryption(dialer)
    listener = _upgraded(dial())
    tape.dialer_sent(first)
    listener.sendall(first)
    return dialer, listener


def impersonate(dialer: Socket, dial: Callable[[], Socket], context: ssl.SSLContext) -> tuple[Socket, Socket]:
    """Answer `S` and speak TLS with the attacker's certificate."""
    request = exactly(dialer, 8)
    if request == _GSS_REQUEST:
        dialer.sendall(b"N")
        request = exactly(dialer, 8)
    if request != _SSL_REQUEST:
        raise ConnectionError("the dialer did not ask for TLS")
    dialer.sendall(b"S")
    inside = context.wrap_socket(dialer, server_side=True)
    return inside, _upgraded(dial())


def _refuse_encryption(dialer: Socket) -> bytes:
    """The first eight bytes of the dialer that are no request for encryption."""
    for _ in range(3):
        first = exactly(dialer, 8)
        if first not in (_SSL_REQUEST, _GSS_REQUEST):
            return first
        dialer.sendall(b"N")
    raise ConnectionError("the dialer asked for encryption again and again")


def _upgraded(listener: Socket) -> Socket:
    """TLS towards the server if it has it, plaintext if not."""
    listener.sendall(_SSL_REQUEST)
    if exactly(listener, 1) == b"S":
        return trusting_context().wrap_socket(listener)
    return listener
