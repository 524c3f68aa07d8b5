"""One request for `/` and the head of its answer (RFC 9112). This wire has no upgrade: TLS or not, from byte one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from everyhop.probe.cookie import without_value
from everyhop.probe.trouble import Violation
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send, cut_off, quoted, too_much

HEAD_CAP: Final = 32_768
"""Servers and proxies draw the line between 8 and 64 kB."""
VALUE_CAP: Final = 512
_INTERIM: Final = 4  # answers of status 1xx before the real one; more than a few is a game
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?")
_BEGINNING: Final = b"HTTP/1."
_NOT_HTTP: Final = "is this a web server? Name the wire it speaks: postgresql://, mysql:// …"


@dataclass(frozen=True, slots=True)
class Head:
    """Status and header fields of an answer, names in lower case, values printable and cut, in order.

    The value that a Set-Cookie sets is left out here already.
    """

    status: int
    fields: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str | None:
        """The first value of a field."""
        return next((value for field, value in self.fields if field == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for field, value in self.fields if field == name)


def ask_for_root(host: str) -> Dialogue[Head]:
    """Request `/` of `host` (as it stands in the Host field) and read the head of the answer; the body stays unread."""
    lines = (
        "GET / HTTP/1.1",
        f"Host: {host}",
        "User-Agent: everyhop-probe",
        "Accept: */*",
        "Connection: close",
        "",
        "",
    )
    yield Send("\r\n".join(lines).encode())
    got = b""
    for _ in range(_INTERIM):
        raw, got = yield from _head(got)
        head = read_head(raw)
        if head.status >= 200 or head.status == 101:
            return head
    raise Violation("the web server keeps sending interim answers", _NOT_HTTP)


def read_head(raw: bytes) -> Head:
    """Read a status line and header fields, without the empty line that ends them. Raises `Violation`."""
    first, *lines = raw.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise Violation(f"the answer begins with '{quoted(first, 40)}', which is not HTTP/1.1", _NOT_HTTP)
    return Head(int(status[1]), tuple(_field(line) for line in lines))


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise Violation(f"'{quoted(line, 40)}' is no header field", _NOT_HTTP)
    known, text = name.decode("ascii").lower(), value.strip(b" \t").decode("utf-8", "replace")
    return known, quoted(without_value(text) if known == "set-cookie" else text, VALUE_CAP)


def _head(got: bytes) -> Dialogue[tuple[bytes, bytes]]:
    """A head, and the bytes that came after it."""
    while b"\r\n\r\n" not in got:
        if got[: len(_BEGINNING)] != _BEGINNING[: len(got)]:
            raise Violation(f"the answer begins with '{quoted(got, 40)}', which is not HTTP/1.1", _NOT_HTTP)
        if len(got) > HEAD_CAP:
            raise too_much("header fields", HEAD_CAP)
        data = yield Receive(4096)
        if not data:
            raise cut_off("the head of an answer")
        got += data
    head, _, rest = got.partition(b"\r\n\r\n")
    return head, rest
