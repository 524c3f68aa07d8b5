"""How a name is proven to be one's own: which challenge (RFC 8555 section 8), and who answers it."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final, Protocol

from everyhop.errors import IssueError
from everyhop.probe.deadline import Deadline

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")  # base64url, RFC 8555 section 8.1; 22 hold its 128 bits


class Kind(Enum):
    """The challenges that can be answered here, by the words of RFC 8555."""

    HTTP_01 = "http-01"
    DNS_01 = "dns-01"


@dataclass(frozen=True, slots=True)
class Answer:
    """What proves that `name` (a DNS name without `*.`, or an address) is ours: the token's key authorization."""

    name: str
    token: str
    authorization: str

    def __post_init__(self) -> None:
        # It becomes the name of a file and a part of a path.
        if not _TOKEN.fullmatch(self.token):
            raise IssueError("the ACME server gives a token that is none (RFC 8555 section 8.1)")

    @property
    def record(self) -> str:
        """The name of the TXT record that DNS-01 looks for, without the root's dot (RFC 8555 section 8.4)."""
        return f"_acme-challenge.{self.name}"

    @property
    def value(self) -> str:
        """What stands in that record."""
        digest = hashlib.sha256(self.authorization.encode("ascii")).digest()
        return urlsafe_b64encode(digest).decode("ascii").rstrip("=")


class Responder(Protocol):
    """Answers challenges of one kind."""

    @property
    def kind(self) -> Kind:
        """Which."""
        ...

    def answering(self, answers: Sequence[Answer], deadline: Deadline) -> AbstractContextManager[None]:
        """Inside of it the answers are there to be seen; afterwards they are gone.

        Raises `IssueError` where they cannot be shown, or not by the deadline.
        """
        ...


def responder_for(name: str, responders: Iterable[Responder]) -> Responder:
    """Who proves that this name is ours: the first that can. Raises `IssueError` where none can, with the reason."""
    suitable = _suitable(name)
    for responder in responders:
        if responder.kind in suitable:
            return responder
    if suitable == {Kind.DNS_01}:
        raise IssueError(
            f"{name}: a wildcard is proven by DNS-01 alone (RFC 8555 section 7.1.3 and the authorities' rules)",
            hint="name the program that sets the record (--dns-hook), or ask for the names one by one",
        )
    if suitable == {Kind.HTTP_01}:
        raise IssueError(
            f"{name}: an address is proven by HTTP-01, never by DNS-01 (RFC 8738 section 4)",
            hint="let port 80 be listened on (--standalone), or name the web root that is served there (--webroot)",
        )
    raise IssueError(
        f"{name}: no way to prove that it is yours was given",
        hint="--webroot DIR where a web server answers on port 80, --standalone where none does, or --dns-hook PROGRAM",
    )


def _suitable(name: str) -> set[Kind]:
    if name.startswith("*."):
        return {Kind.DNS_01}
    try:
        ip_address(name)
    except ValueError:
        return {Kind.HTTP_01, Kind.DNS_01}
    return {Kind.HTTP_01}
