"""A conversation as a generator: it yields what it wants done and is sent the bytes that came.

    def ask() -> Dialogue[str]:
        yield Send(b"hello")
        answer = yield Receive(64)     # 1 to 64 bytes; b"" when the listener has closed

`transport.Connection.run` carries it out on a socket, `handshake.over` inside TLS, a test with a list of bytes.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from everyhop.probe.trouble import CutOff, TooMuch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send all of this."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for bytes and hand over at most so many; none at all means that the listener has closed."""

    at_most: int


Dialogue = Generator[Send | Receive, bytes, T]


def receive_exactly(count: int, what: str) -> Dialogue[bytes]:
    """Wait for exactly `count` bytes of `what`. Raises `CutOff` where the listener closes before."""
    got = b""
    while len(got) < count:
        data = yield Receive(count - len(got))
        if not data:
            raise cut_off(what)
        got += data
    return got


def cut_off(what: str) -> CutOff:
    """The listener closed where `what` was due."""
    return CutOff(
        f"the listener closed the connection instead of sending {what}",
        "its own log says why; a firewall or a limit of connections does this as well",
    )


def too_much(what: str, cap: int) -> TooMuch:
    """The listener sent more of `what` than `cap` bytes."""
    return TooMuch(
        f"the listener sent more than {cap:,} bytes of {what}",
        "an honest listener sends far less: is this the right host and port?",
    )


def quoted(raw: bytes | str, at_most: int) -> str:
    r"""A listener's words, cut and made harmless: whatever a terminal might act upon shows as its escape (`\x1b`)."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text[:at_most]
    )
    return shown[:at_most]
