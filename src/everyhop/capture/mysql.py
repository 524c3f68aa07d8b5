"""What is readable in MySQL's client/server protocol (MySQL Source Code Documentation, "Client/Server Protocol").

Statements travel as text in COM_QUERY. Text rows are length-encoded strings; they are shown as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from everyhop.capture.cursor import Cursor, CutShort
from everyhop.capture.exposed import Exposed, Kind
from everyhop.model.secret import Secret

_CLIENT_SSL, _CLIENT_PROTOCOL_41 = 0x0800, 0x0200
_COM_QUERY, _COM_STMT_PREPARE = 0x03, 0x16
_ERROR, _EOF, _SWITCH = 0xFF, 0xFE, 0xFE
_CLEARTEXT = b"mysql_clear_password"


def read(from_dialer: bytes, from_listener: bytes) -> Iterator[Exposed]:
    """Everything readable: user, password where the server asked for it in clear, statements, rows."""
    with suppress(CutShort):
        yield from _dialer(Cursor(from_dialer), _login_method(from_listener))
    with suppress(CutShort):
        yield from _rows(Cursor(from_listener))


def _packet(cursor: Cursor) -> tuple[int, bytes]:
    length = cursor.number(3, "little")
    return cursor.number(1, "little"), cursor.take(length)


def _dialer(cursor: Cursor, login: bytes | None) -> Iterator[Exposed]:
    _, response = _packet(cursor)
    body = Cursor(response)
    capabilities = body.number(4, "little")
    if capabilities & _CLIENT_SSL and len(response) <= 32:
        return  # SSLRequest: TLS from here on
    if not capabilities & _CLIENT_PROTOCOL_41:
        return
    body.take(4 + 1 + 23)  # maximum packet size, character set, filler
    yield Exposed(Kind.USER, "user", _text(body.until(b"\0")))
    while cursor:
        sequence, packet = _packet(cursor)
        if sequence > 0:
            if login == _CLEARTEXT:
                yield Exposed(Kind.PASSWORD, _CLEARTEXT.decode(), _text(packet.rstrip(b"\0")))
        elif packet[:1] and packet[0] in (_COM_QUERY, _COM_STMT_PREPARE):
            yield Exposed(Kind.SQL, "statement", _text(packet[1:]))


def _login_method(from_listener: bytes) -> bytes | None:
    """The plugin that the second packet, an AuthSwitchRequest, asks for; None where there is no such packet."""
    cursor = Cursor(from_listener)
    try:
        _packet(cursor)
        _, packet = _packet(cursor)
    except CutShort:
        return None
    return packet[1:].partition(b"\0")[0] if packet[:1] == bytes([_SWITCH]) else None


def _rows(cursor: Cursor) -> Iterator[Exposed]:
    """Packets of text result sets that hold nothing but length-encoded strings; the handshake's are skipped."""
    _, greeting = _packet(cursor)
    if greeting[:1] != b"\x0a":
        return
    columns = definitions = 0
    while cursor:
        sequence, packet = _packet(cursor)
        if sequence == 1 and len(packet) == 1 and 0 < packet[0] < 0xFB:
            columns, definitions = packet[0], packet[0]
        elif not columns or not packet or packet[0] == _ERROR:
            columns = 0
        elif definitions:
            definitions -= 1
        elif packet[0] == _EOF and len(packet) < 9:
            continue
        else:
            yield from _row(packet, columns)


def _row(packet: bytes, columns: int) -> Iterator[Exposed]:
    body = Cursor(packet)
    for _ in range(columns):
        length = body.number(1, "little")
        if length == 0xFB:  # NULL
            continue
        if length in (0xFC, 0xFD):
            length = body.number(2 if length == 0xFC else 3, "little")
        yield Exposed(Kind.ROW, "column", _text(body.take(length)))


def _text(value: bytes) -> Secret:
    return Secret(value.decode("utf-8", "replace"))
