"""The start of a MySQL connection in an attacker's hands (MySQL Source Code Documentation, "Connection Phase").

Packets carry sequence numbers. A relay that speaks TLS to the server and not to the dialer has sent the server one
packet more (the SSLRequest), so until the login is over it shifts the numbers by one.
"""

from __future__ import annotations

import ssl

from everyhop.drill.leg import Legs, Socket, framed, mysql_packet
from everyhop.drill.tape import Tape

_CLIENT_SSL = 0x0800
_SSL_REQUEST_LENGTH = 32
_OK, _ERROR = 0x00, 0xFF
_REMEMBERED = b"\x01\x03"  # caching_sha2_password knows the password's hash: the server goes on without an answer
_ROUNDS = 10  # a login takes two or three; a peer that wants more is not let go on for ever


def strip(legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
    """Clear CLIENT_SSL in the greeting; a dialer that insists ends it there."""
    dialer, listener = legs.dialer, legs.listener()
    _, greeting = mysql_packet(listener)
    stripped = _without_tls(greeting)
    dialer.sendall(framed(0, stripped))
    tape.listener_sent(framed(0, stripped))
    sequence, response = mysql_packet(dialer)
    tape.dialer_sent(framed(sequence, response))
    if stripped == greeting:
        listener.sendall(framed(sequence, response))
        return dialer, listener
    response = (int.from_bytes(response[:4], "little") | _CLIENT_SSL).to_bytes(4, "little") + response[4:]
    listener.sendall(framed(1, response[:_SSL_REQUEST_LENGTH]))
    listener = legs.trusting(listener)
    listener.sendall(framed(2, response))
    _finish_login(dialer, listener, tape)
    return dialer, listener


def impersonate(legs: Legs, tape: Tape, context: ssl.SSLContext) -> tuple[Socket, Socket]:
    """Pass the greeting on, take the dialer's SSLRequest, and speak TLS with the attacker's certificate.

    A dialer that asks for no TLS needs no certificate to be deceived: its bytes are passed on as they are.
    """
    listener = legs.listener()
    sequence, greeting = mysql_packet(listener)
    legs.dialer.sendall(framed(sequence, greeting))
    tape.listener_sent(framed(sequence, greeting))
    sequence, request = mysql_packet(legs.dialer)
    listener.sendall(framed(sequence, request))
    if len(request) > _SSL_REQUEST_LENGTH or not int.from_bytes(request[:4], "little") & _CLIENT_SSL:
        tape.dialer_sent(framed(sequence, request))
        return legs.dialer, listener
    inside = legs.posing(context)
    return inside, legs.trusting(listener)


def _without_tls(greeting: bytes) -> bytes:
    """The greeting with CLIENT_SSL cleared in its lower capability bits, which stand behind version, id and salt."""
    at = greeting.index(b"\0", 1) + 1 + 4 + 8 + 1
    lower = int.from_bytes(greeting[at : at + 2], "little") & ~_CLIENT_SSL
    return greeting[:at] + lower.to_bytes(2, "little") + greeting[at + 2 :]


def _finish_login(dialer: Socket, listener: Socket, tape: Tape) -> None:
    for _ in range(_ROUNDS):
        sequence, packet = mysql_packet(listener)
        dialer.sendall(framed(sequence - 1, packet))
        tape.listener_sent(framed(sequence - 1, packet))
        if packet[:1] and packet[0] in (_OK, _ERROR):
            return
        if packet == _REMEMBERED:
            continue
        sequence, packet = mysql_packet(dialer)
        tape.dialer_sent(framed(sequence, packet))
        listener.sendall(framed(sequence + 1, packet))
    raise ConnectionError("the login did not come to an end")
