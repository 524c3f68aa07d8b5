"""HTTP-01 answered by everyhop itself, for as long as it takes: where no web server has port 80."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from everyhop.acme.challenge import Answer, Kind
from everyhop.model.endpoint import TcpEndpoint, port_of
from everyhop.probe.deadline import Deadline

HTTP: Final = 80
"""Where authorities come to, and to no other port (RFC 8555 section 8.3)."""

EVERYWHERE: Final = TcpEndpoint("", HTTP)
"""Every address of the machine."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """Listens on `host` (empty: on every address, IPv6 too) and `port` while challenges are open, and not longer.

    Another port than 80 is for what is forwarded from there.
    """

    host: str = EVERYWHERE.host
    port: int = EVERYWHERE.port

    @property
    def kind(self) -> Kind:
        """HTTP-01."""
        return Kind.HTTP_01

    @contextmanager
    def answering(self, answers: Sequence[Answer], deadline: Deadline) -> Iterator[None]:  # noqa: ARG002 - it is there at once
        """Listen meanwhile. Raises `IssueError` where the port is taken, or root's."""
        from everyhop.acme.transport import listening  # noqa: PLC0415 - it needs the extra

        with listening(self.host, self.port, {answer.token: answer.authorization for answer in answers}):
            yield


def listened(text: str) -> TcpEndpoint:
    """An address to listen on: `10.0.0.5:80`, `[::1]:5002`, `:80` for every one. Raises `ValueError`."""
    host, colon, digits = text.rpartition(":")
    port = port_of(digits)
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or port is None or (":" in host and not bracketed) or not host.isprintable():
        raise ValueError(f"{text[:80]!r} is no address and port")
    return TcpEndpoint(host.removeprefix("[").removesuffix("]"), port)
