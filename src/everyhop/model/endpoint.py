"""Where a listener can be reached."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import Enum


class Locality(Enum):
    """How far a hop to an endpoint goes. Policy decides where plaintext is acceptable (`[policy] local`)."""

    UNIX = "unix"
    LOOPBACK = "loopback"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """A host (a name or an address, without brackets) and a TCP port (1 to 65535)."""

    host: str
    port: int

    @property
    def locality(self) -> Locality:
        """LOOPBACK for 127.0.0.0/8, ::1 and `localhost` (RFC 6761 section 6.3); NETWORK for everything else."""
        if self.host.lower().rstrip(".") == "localhost":
            return Locality.LOOPBACK
        try:
            return Locality.LOOPBACK if ipaddress.ip_address(self.host).is_loopback else Locality.NETWORK
        except ValueError:
            return Locality.NETWORK

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """A unix socket, by its absolute path."""

    path: str

    @property
    def locality(self) -> Locality:
        """Always UNIX: the kernel carries it, no network does."""
        return Locality.UNIX

    def __str__(self) -> str:
        return f"unix:{self.path}"


Endpoint = TcpEndpoint | UnixEndpoint


def port_of(value: object) -> int | None:
    """A TCP port as it was written, a number or its digits; None for what is none (1 to 65535)."""
    text = str(value)
    # so short, because int() of endless digits is slow, and refused from 4,300 on
    written = text.isascii() and text.isdigit() and len(text) < 9
    return int(text) if written and 0 < int(text) < 65_536 else None


def parse_host_port(text: str, default_port: int | None = None) -> TcpEndpoint:
    """Read `host:port`, `host`, `[v6]:port` or a bare IPv6 address.

    Raises `ValueError` with the reason, in words for a person.
    """
    host, port_text = text, ""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("an IPv6 address in brackets must be written [address]:port")
        port_text = rest[1:]
    elif text.count(":") == 1:
        host, _, port_text = text.partition(":")
    if not host or any(character.isspace() or character in "/@?#" for character in host):
        raise ValueError("no host name")
    if not port_text:
        if default_port is None:
            raise ValueError("no port")
        return TcpEndpoint(host, default_port)
    port = port_of(port_text)
    if port is None:
        raise ValueError(f"the port must be a number from 1 to 65535, not {port_text[:12]!r}")
    return TcpEndpoint(host, port)
