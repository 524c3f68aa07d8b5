"""What is readable in PostgreSQL's protocol 3.0 (PostgreSQL documentation, "Message Formats")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from everyhop.capture.cursor import Cursor, CutShort
from everyhop.capture.exposed import Exposed, Kind
from everyhop.model.secret import Secret

_SSL_REQUEST, _GSS_REQUEST, _PROTOCOL_3 = 80877103, 80877104, 3
_CLEARTEXT_PASSWORD, _MD5_PASSWORD = 3, 5


def read(from_dialer: bytes, from_listener: bytes) -> Iterator[Exposed]:
    """Everything readable: user, password where the server's method gives it away, statements, values, rows."""
    method = _method(from_listener)
    with suppress(CutShort):
        yield from _dialer(Cursor(from_dialer), method)
    with suppress(CutShort):
        yield from _rows(Cursor(from_listener))


def _dialer(cursor: Cursor, method: int | None) -> Iterator[Exposed]:
    while cursor:
        body = Cursor(cursor.take(cursor.number(4, "big") - 4))
        code = body.number(4, "big")
        if code in (_SSL_REQUEST, _GSS_REQUEST):
            continue
        if code >> 16 != _PROTOCOL_3:
            return  # TLS from here on
        while body and (name := body.until(b"\0")):
            value = body.until(b"\0")
            if name == b"user":
                yield Exposed(Kind.USER, "user", _text(value))
        break
    while cursor:
        tag, body = cursor.take(1), Cursor(cursor.take(cursor.number(4, "big") - 4))
        if tag == b"p" and method == _CLEARTEXT_PASSWORD:
            yield Exposed(Kind.PASSWORD, "password authentication", _text(body.until(b"\0")))
        elif tag == b"p" and method == _MD5_PASSWORD:
            yield Exposed(Kind.PASSWORD_HASH, "md5 authentication", _text(body.until(b"\0")))
        elif tag == b"Q":
            yield Exposed(Kind.SQL, "statement", _text(body.until(b"\0")))
        elif tag == b"P":
            body.until(b"\0")
            yield Exposed(Kind.SQL, "statement", _text(body.until(b"\0")))
        elif tag == b"B":
            yield from _values(body)


def _values(body: Cursor) -> Iterator[Exposed]:
    """The parameters of a Bind message: after two names and the format codes."""
    body.until(b"\0")
    body.until(b"\0")
    body.take(2 * body.number(2, "big"))
    yield from _columns(body, Kind.SQL, "value")


def _columns(body: Cursor, kind: Kind, name: str) -> Iterator[Exposed]:
    for _ in range(body.number(2, "big")):
        length = body.number(4, "big")
        if length != 0xFFFFFFFF:  # NULL
            yield Exposed(kind, name, _text(body.take(length)))


def _method(from_listener: bytes) -> int | None:
    """The code of the first AuthenticationRequest; None where there is none to read."""
    cursor = Cursor(from_listener[1:] if from_listener[:1] in (b"N", b"G") else from_listener)
    try:
        while cursor:
            tag, body = cursor.take(1), Cursor(cursor.take(cursor.number(4, "big") - 4))
            if tag == b"R":
                return body.number(4, "big")
    except CutShort:
        pass
    return None


def _rows(cursor: Cursor) -> Iterator[Exposed]:
    if cursor.peek(1) in (b"N", b"G"):
        cursor.take(1)
    if cursor.peek(1) != b"R":
        return  # TLS, or an error
    while cursor:
        tag, body = cursor.take(1), Cursor(cursor.take(cursor.number(4, "big") - 4))
        if tag == b"D":
            yield from _columns(body, Kind.ROW, "column")


def _text(value: bytes) -> Secret:
    return Secret(value.decode("utf-8", "replace"))
