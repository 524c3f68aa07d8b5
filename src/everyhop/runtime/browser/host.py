"""What a Host header names, and whether it is one of the application's own."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

# RFC 9110 section 7.2 with RFC 3986's reg-name, as narrow as names are in practice. An underscore is no host name's
# (RFC 952), but names of containers have it, and no harm is in it.
_HOST: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)


class Kind(Enum):
    """What sort of name it is; browsers keep HSTS for NAME only (RFC 6797 section 8.1.1)."""

    NAME = "name"
    ADDRESS = "address"
    LOCALHOST = "localhost"
    ONION = "onion"


@dataclass(frozen=True, slots=True)
class Host:
    """A name or address in lower case (IPv6 in brackets), and the port if one was written."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host | None:
        """Read a Host header; None for one that names nothing: whoever wrote it is no browser."""
        found = _HOST.fullmatch(text)
        if found is None:
            return None
        name = found["name"].lower()
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port < 65_536:
            return None
        if name.startswith("[") and _address(name[1:-1]) is None:
            return None
        # A final dot is the same host to DNS and another one to browsers' stores.
        name = name.rstrip(".")
        return cls(name, port) if name and ".." not in name and not name.startswith(".") else None

    @property
    def kind(self) -> Kind:
        """What browsers take it for."""
        if self.name == "localhost" or self.name.endswith(".localhost"):
            return Kind.LOCALHOST
        if self.name.endswith(".onion"):
            return Kind.ONION
        # WHATWG's URL parser takes every name whose last label is a number for an IPv4 address.
        last = self.name.rpartition(".")[2]
        if self.name.startswith("[") or last.isdigit() or last.startswith("0x"):
            return Kind.ADDRESS
        return Kind.NAME

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Pinned:
    """The hosts that a redirect may lead to.

    `canonical` takes the place of every other (SERVER_NAME); `trusted` are names, and suffixes that begin with a dot
    (TRUSTED_HOSTS, with Flask's meaning: the port does not count, `.example.org` is example.org as well). With neither,
    any host is taken at its word.
    """

    canonical: Host | None = None
    trusted: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether nothing is pinned."""
        return self.canonical is None and not self.trusted

    def choose(self, asked: Host | None) -> Host | None:
        """Where to send somebody who asked for this host; None: nowhere."""
        if asked is not None and (self.is_open or self.takes(asked)):
            return asked
        return self.canonical

    def takes(self, asked: Host) -> bool:
        """Whether it is one of the hosts that are pinned."""
        if self.canonical is not None and asked.name == self.canonical.name:
            return True
        if asked.name in self.trusted:
            return True
        return any(
            name.startswith(".") and (asked.name.endswith(name) or asked.name == name[1:]) for name in self.trusted
        )

    @classmethod
    def of(cls, server_name: str | None, trusted: Iterable[str]) -> Pinned:
        """From Flask's SERVER_NAME and TRUSTED_HOSTS. Raises `ValueError` with the part that names no host."""
        canonical = None
        if server_name:
            canonical = Host.parse(server_name)
            if canonical is None:
                raise ValueError(server_name)
        names = []
        for written in trusted:
            host = Host.parse(_ascii(written.removeprefix(".")))
            if host is None:
                raise ValueError(written)
            names.append(("." if written.startswith(".") else "") + host.name)
        return cls(canonical, frozenset(names))


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return name  # it names nothing, and parse says so
