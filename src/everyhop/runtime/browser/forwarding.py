"""Whose word counts for how a request came here: the peer's own address, then as many proxies as are named."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = "unix"
"""In place of a network: whoever can open the application's unix socket."""

# How a peer on a unix socket is called: gunicorn leaves it empty, waitress says localhost, werkzeug <local>.
_UNIX_PEERS: Final = frozenset({"", "localhost", "<local>"})
_LONGEST: Final = 45 + 1 + 32
"""Characters of an address: IPv6 with an IPv4 tail, and a zone."""

_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_QUAD: Final = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}")

HEADERS: Final = (
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_SCHEME",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_FORWARDED_PROTOCOL",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
"""What a proxy tells in, in WSGI's spelling; from anybody else it does not reach the application."""


class Peer(Enum):
    """What an address is to this application."""

    PROXY = "proxy"
    STRANGER = "stranger"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks whose word counts, and how many proxies stand one behind the other (`hops`, 1 or more)."""

    networks: tuple[Network, ...]
    unix: bool
    hops: int = 1

    @classmethod
    def parse(cls, written: Iterable[str], hops: int = 1) -> Proxies:
        """From `127.0.0.1/32`, `10.0.0.5`, `unix`. Raises `ValueError`, which says what is none."""
        words = list(written)
        return cls(tuple(_network(word) for word in words if word != UNIX), UNIX in words, hops)

    def judge(self, address: str | None) -> Peer:
        """What a peer with this REMOTE_ADDR is; None, where the server tells none, is a stranger."""
        if address is None:
            return Peer.UNREADABLE
        if address in _UNIX_PEERS:
            return Peer.PROXY if self.unix else Peer.STRANGER
        found = plain_address(address)
        if found is None:
            return Peer.UNREADABLE
        return Peer.PROXY if any(found in network for network in self.networks) else Peer.STRANGER


def _network(word: str) -> Network:
    try:
        network = ipaddress.ip_network(word)
    except ValueError as error:
        raise ValueError(f"{word!r} is no network: {error}") from None
    if network.prefixlen == 0:
        raise ValueError(f"{word!r} is everybody: anybody's X-Forwarded-Proto would pass a plain request for HTTPS")
    return network


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as X-Forwarded-For and servers write it, with or without a port; None for anything else.

    An IPv4 address inside IPv6 (`::ffff:10.0.0.5`, what a socket for both shows) is the IPv4 address.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _client(text: str) -> str | None:
    """The address in the one spelling that it has; the usual IPv4 is seen at a glance."""
    if _QUAD.fullmatch(text):
        return text
    address = plain_address(text)
    return None if address is None else str(address)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the trusted proxies tell: the client's address and its scheme in lower case; None where they do not."""

    client: str | None
    scheme: str | None


def origin(proxies: Proxies, forwarded_for: str | None, forwarded_proto: str | None) -> Origin:
    """Read both headers from the end, where the nearest proxy writes, no further than `hops` values.

    An address that is no trusted proxy's is the client, even if fewer proxies were passed than usual: whoever reaches
    the inner proxy directly cannot make up for the outer one. A proxy that replaces X-Forwarded-Proto instead of adding
    to it is the only one who tells. Linear in the headers, and no more than `hops` values of them are looked at.
    """
    passed = 1
    client = None
    if forwarded_for:
        values = forwarded_for.rsplit(",", proxies.hops)[-proxies.hops :]
        while passed < len(values) and proxies.judge(values[-passed].strip() or None) is Peer.PROXY:
            passed += 1
        client = _client(values[-passed].strip())
    scheme = None
    if forwarded_proto:
        said = forwarded_proto.rsplit(",", passed)[-passed:]
        scheme = said[0].strip().lower()
    return Origin(client, scheme)
