"""What a plain-HTTP request gets: it is served, sent to HTTPS, or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from everyhop.runtime.browser.host import Host, Kind, Pinned

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1: to ask again does no harm."""

_HTTPS: Final = 443
_HTTP: Final = 80
# RFC 3986 appendix A: what a path, and a query, hold as they are; the percent sign of what is encoded already.
_PATH: Final = "/:@!$&'()*+,;=-._~"
_QUERY: Final = _PATH + "?%"
_RAW_PATH: Final = re.compile(r"/(?:[A-Za-z0-9/:@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})*", re.ASCII)


class When(Enum):
    """Which plain requests are sent on."""

    PRODUCTION = "production"
    ALWAYS = "always"
    NEVER = "never"


class Bodies(Enum):
    """What a request gets that may have sent something already (POST and the like)."""

    REFUSE = "refuse"
    REDIRECT = "redirect"


class Setting(Enum):
    """Where the application runs. RELAXED is development or a test, by the framework's own flags."""

    PRODUCTION = "production"
    RELAXED = "relaxed"


@dataclass(frozen=True, slots=True)
class Plain:
    """A request over plain HTTP: as much of it as decides. Paths and query are as WSGI holds them (PEP 3333).

    `raw` is the request target as it came (RAW_URI, REQUEST_URI), where the server tells.
    """

    method: str
    host: str | None
    mount: str
    path: str
    query: str
    raw: str = ""


class Reason(Enum):
    """Why a plain request is served."""

    EXEMPT = "exempt"
    ONION = "onion"
    RELAXED = "relaxed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Serve:
    """Pass it on."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to `location` with 308, which keeps method and body (RFC 9110 section 15.4.9)."""

    location: str


class Refusal(Enum):
    """Why a plain request gets nothing: the status line's number and reason, and a sentence for who reads it."""

    SENT_IN_CLEAR = (
        "403 Forbidden",
        "This request came over plain HTTP: anybody on the way could read and change it. It was not carried out.",
    )
    NO_HOST = ("400 Bad Request", "This request names no host that can be answered over HTTPS.")
    FOREIGN_HOST = ("400 Bad Request", "This request names a host that is not this application's.")

    @property
    def status(self) -> str:
        """As WSGI wants it."""
        return self.value[0]

    @property
    def text(self) -> str:
        """For a person."""
        return self.value[1]


Decision = Serve | Redirect | Refusal


@dataclass(frozen=True, slots=True)
class RedirectRules:
    """Where plain requests go. `ports` maps a port of plain HTTP to its HTTPS twin; any other one becomes 443."""

    when: When = When.PRODUCTION
    bodies: Bodies = Bodies.REFUSE
    pinned: Pinned = field(default_factory=Pinned)
    ports: Mapping[int, int] = field(default_factory=dict)

    def decide(self, request: Plain, setting: Setting) -> Decision:
        """What this request gets; exemptions have been asked before."""
        if self.when is When.NEVER:
            return Serve(Reason.LEFT)
        if self.when is When.PRODUCTION and setting is Setting.RELAXED:
            return Serve(Reason.RELAXED)
        asked = Host.parse(request.host) if request.host else None
        if asked is not None and asked.kind is Kind.ONION:  # pinned or not: nobody is sent from Tor to the open net
            return Serve(Reason.ONION)
        if request.method not in SAFE and self.bodies is Bodies.REFUSE:
            return Refusal.SENT_IN_CLEAR
        host = self.pinned.choose(asked)
        if host is None:
            return Refusal.NO_HOST if asked is None else Refusal.FOREIGN_HOST
        return Redirect(f"https://{self._authority(host)}{target(request)}")

    def _authority(self, host: Host) -> str:
        port = self.ports.get(host.port or _HTTP, _HTTPS)
        canonical = self.pinned.canonical
        if port == _HTTPS and canonical is not None and canonical.name == host.name and canonical.port:
            port = self.ports.get(canonical.port, _HTTPS if canonical.port == _HTTP else canonical.port)
        return host.name if port == _HTTPS else f"{host.name}:{port}"


def target(request: Plain) -> str:
    """Path and query for a Location header: ASCII, and nothing that ends a line.

    The path is the one that came, where it means the same as what the server made of it: in `PATH_INFO`, `%2F` and `/`
    are one.
    """
    decoded = request.mount + request.path
    raw = request.raw.partition("?")[0].partition("#")[0]
    if _RAW_PATH.fullmatch(raw) and unquote_to_bytes(raw) == decoded.encode("latin-1", "replace"):
        path = raw
    else:
        path = quote(decoded.encode("latin-1", "replace"), safe=_PATH)
    if not path.startswith("/"):
        path = "/" + path
    query = quote(request.query.encode("latin-1", "replace"), safe=_QUERY)
    return f"{path}?{query}" if query else path
