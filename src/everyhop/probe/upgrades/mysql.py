"""MySQL's and MariaDB's beginnings: greeting, TLS request, and one question that needs no user.

The listener speaks first (protocol::handshake, version 10). Everything here is before authentication; no name of a
user is ever sent.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from everyhop.probe.trouble import ServerError, Violation
from everyhop.probe.upgrades.dialogue import Dialogue, Send, quoted, receive_exactly

GREETING_CAP: Final = 4_096
"""A greeting has about 100 bytes; more than this is no greeting."""
VERSION_CAP: Final = 64

_LONG_PASSWORD: Final = 1  # MariaDB leaves this bit of its greeting clear, to be told from MySQL (CLIENT_MYSQL)
_CLIENT_SSL: Final = 0x0800
_PROTOCOL_41: Final = 0x0200
_SECURE_CONNECTION: Final = 0x8000
_PLUGIN_AUTH: Final = 0x0008_0000
_CAPABILITIES: Final = _PROTOCOL_41 | _SECURE_CONNECTION | _PLUGIN_AUTH
_UTF8MB4: Final = 45
_INSECURE_TRANSPORT: Final = 3159
_NOT_MYSQL: Final = "is this a MySQL or MariaDB listener? Name the wire it speaks: postgresql://, https:// …"

_ERROR_HINTS = {
    1040: "all its connections are taken: try again later",
    1129: "too many unfinished connections came from here; FLUSH HOSTS on the server ends that",
    1130: "the server talks to known hosts only: probe from one that the application runs on",
}


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the listener says of itself. `version` is printable and has at most 64 characters."""

    product: str
    version: str
    tls: bool


def hear_greeting() -> Dialogue[Greeting]:
    """Wait for the greeting. Raises `ServerError` where the listener greets with an error, `Violation` for all else."""
    sequence, body = yield from _packet("a greeting")
    if sequence != 0:
        raise Violation("the first bytes are no greeting of MySQL or MariaDB", _NOT_MYSQL)
    return read_greeting(body)


def read_greeting(body: bytes) -> Greeting:
    """Read the body of a greeting."""
    if body[:1] == b"\xff":
        code, text = read_error(body)
        hint = _ERROR_HINTS.get(code, "the server's own log says why")
        raise ServerError(f"the listener greets with error {code}: {text}", hint, str(code))
    version, ended, rest = body[1:].partition(b"\0")
    if body[:1] != b"\x0a" or not ended or len(rest) < 15:  # thread id 4, salt 8, filler 1, capabilities 2
        raise Violation("the first packet is no greeting of protocol 10", _NOT_MYSQL)
    capabilities = int.from_bytes(rest[13:15], "little")
    maria = b"mariadb" in version.lower() or not capabilities & _LONG_PASSWORD
    return Greeting(
        product="mariadb" if maria else "mysql",
        version=quoted(version.removeprefix(b"5.5.5-") if maria else version, VERSION_CAP),
        tls=bool(capabilities & _CLIENT_SSL),
    )


def request_tls() -> Dialogue[None]:
    """Ask for TLS: the header of a handshake response with CLIENT_SSL set, and no user. The next bytes are TLS."""
    yield Send(_header(_CAPABILITIES | _CLIENT_SSL))


def ask_plaintext() -> Dialogue[int]:
    """Send the header of a plaintext response, without a user, and hear the number of the error that answers it.

    MariaDB 11.8 answers 3159 if it insists on TLS, and 1043 (bad handshake) if not. MariaDB 10.11 and MySQL check only
    after a login has succeeded, so there this question has no answer and is not asked.
    """
    yield Send(_header(_CAPABILITIES))
    _, body = yield from _packet("an answer")
    if body[:1] != b"\xff":
        raise Violation("a plaintext response without a user was not answered with an error", _NOT_MYSQL)
    return read_error(body)[0]


def insists_on_tls(error: int) -> bool:
    """Whether this error is `require_secure_transport` at work."""
    return error == _INSECURE_TRANSPORT


def tells_before_login(greeting: Greeting) -> bool:
    """Whether this server says that it insists on TLS before it knows who is there.

    Measured: MariaDB 11.8 does, 10.11 does not. Between them nobody has looked, and asking does no harm.
    """
    major = re.match(r"\d{1,3}", greeting.version)
    return greeting.product == "mariadb" and major is not None and int(major[0]) >= 11


def read_error(body: bytes) -> tuple[int, str]:
    """Number and text of an error packet, the text printable and cut."""
    if len(body) < 3:
        raise Violation("an error packet is cut short", _NOT_MYSQL)
    text = body[9:] if body[3:4] == b"#" else body[3:]  # '#' and five bytes of SQLSTATE
    return int.from_bytes(body[1:3], "little"), quoted(text, 200)


def _header(capabilities: int) -> bytes:
    body = struct.pack("<IIB23x", capabilities, 1 << 24, _UTF8MB4)
    return len(body).to_bytes(3, "little") + b"\x01" + body


def _packet(what: str) -> Dialogue[tuple[int, bytes]]:
    head = yield from receive_exactly(4, what)
    length = int.from_bytes(head[:3], "little")
    if not 0 < length <= GREETING_CAP:
        raise Violation(f"instead of {what} came '{quoted(head, 16)}'", _NOT_MYSQL)
    return head[3], (yield from receive_exactly(length, f"the whole of {what}"))
