"""HTTP-01 answered by everyhop itself, for as long as it takes: where no web server has port 80."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from everyhop.acme.challenge import Answer, Kind
from everyhop.probe.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Standalone:
    """Listens on `host` (empty: on every address, IPv6 too) and `port` while challenges are open, and not longer.

    Authorities come to port 80 and to no other (RFC 8555 section 8.3); another one is for what is forwarded from there.
    """

    host: str = ""
    port: int = 80

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
