"""What a web server's settings come to, whichever server it is: the sites that it serves, the ends that it dials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, parse_host_port
from everyhop.model.sighting import Dialer, Listener, Site

_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands: the file, from where to where in it, and the setting's name."""

    file: str
    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Served:
    """A site: where it is reached, what it takes, how it treats browsers, and the settings that say so.

    `site` is None where nothing is said to browsers. `host` is a name or an address, None for any. `plain` is where it
    is served in plaintext, `ciphers` the list with its place, `keys` the files of its private keys. `beside` are the
    blocks that answer for it otherwise: where its block begins, and those that only send browsers on to it.
    """

    host: str | None
    port: int
    listener: Listener
    site: Site | None
    listening: Place
    plain: Place | None = None
    headed: Place | None = None
    floored: Place | None = None
    ciphers: tuple[str, Place] | None = None
    keys: tuple[tuple[str, Place], ...] = ()
    beside: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Upstream:
    """One end that a proxy dials; `endpoint` is None where only a request tells it."""

    dialer: Dialer
    endpoint: Endpoint | None
    place: Place


def endpoint_of(authority: str, port: int) -> Endpoint | None:
    """`host:port`, `host` or `unix:/path`; None for what is neither, or holds a variable."""
    if authority.startswith("unix:"):
        path = authority.removeprefix("unix:").partition(":")[0].partition("|")[0]
        return UnixEndpoint(path) if path.startswith("/") else None
    try:
        found = parse_host_port(authority, port)
    except ValueError:
        return None
    return TcpEndpoint(found.host.lower(), found.port) if is_host(found.host) else None


def is_host(text: str) -> bool:
    """Whether this is a name or an address, and no variable, pattern or mark that a template fills in."""
    return _HOST.fullmatch(text) is not None


def is_address(host: str | None) -> bool:
    """Whether a host is an address: browsers keep no policy for those (RFC 6797 section 8.1.1)."""
    return host is not None and ("." in host or ":" in host) and all(c in "0123456789.:abcdef[]" for c in host)
