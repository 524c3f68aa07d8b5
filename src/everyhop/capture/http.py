"""What is readable in plain HTTP/1.x (RFC 9112): request lines, form fields, cookies either way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from everyhop.capture.cursor import Cursor, CutShort
from everyhop.capture.exposed import Exposed, Kind
from everyhop.model.secret import Secret

_FIELDS = 200
_PASSWORD_FIELDS = ("password", "passwd", "pwd", "pass")


@dataclass(frozen=True, slots=True)
class _Message:
    start: str
    headers: list[tuple[str, str]]
    body: bytes


def read(from_dialer: bytes, from_listener: bytes) -> Iterator[Exposed]:
    """Everything readable, the dialer's first."""
    yield from _messages(from_dialer, _request)
    yield from _messages(from_listener, _response)


def _messages(data: bytes, exposed: Callable[[_Message], Iterator[Exposed]]) -> Iterator[Exposed]:
    cursor = Cursor(data)
    try:
        while cursor:
            start = cursor.until(b"\r\n").decode("latin-1")
            if "HTTP/1." not in start:
                return  # TLS, or something else that is not ours to read
            headers = _headers(cursor.until(b"\r\n\r\n") if cursor.peek(2) != b"\r\n" else cursor.take(2))
            length = next((value for name, value in headers if name == "content-length"), "0")
            body = cursor.take(int(length[:9])) if length.isascii() and length.isdigit() else b""
            yield from exposed(_Message(start, headers, body))
    except CutShort:
        return


def _headers(block: bytes) -> list[tuple[str, str]]:
    lines = block.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[:_FIELDS])
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _request(message: _Message) -> Iterator[Exposed]:
    yield Exposed(Kind.REQUEST, "request", Secret(message.start.rpartition(" ")[0]))
    for name, value in message.headers:
        if name == "cookie":
            for cookie in value.split(";")[:_FIELDS]:
                key, _, text = cookie.strip().partition("=")
                yield Exposed(Kind.COOKIE, key, Secret(text))
        elif name == "content-type" and value.startswith("application/x-www-form-urlencoded"):
            for field, text in parse_qsl(message.body.decode("utf-8", "replace"))[:_FIELDS]:
                kind = Kind.PASSWORD if field.lower() in _PASSWORD_FIELDS else Kind.FORM
                yield Exposed(kind, field, Secret(text))


def _response(message: _Message) -> Iterator[Exposed]:
    for name, value in message.headers:
        if name == "set-cookie":
            key, _, text = value.partition(";")[0].partition("=")
            yield Exposed(Kind.COOKIE, key.strip(), Secret(text))
