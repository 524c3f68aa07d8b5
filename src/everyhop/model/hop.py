"""One directed leg from a dialer to a listener, and the chain that legs make."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.evidence import SourceSpan
from everyhop.model.wire import Wire


class Side(Enum):
    """Who opens, who answers."""

    DIALER = "dialer"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Hop:
    """`dialer` opens a connection to `listener` over `wire`; `endpoint` is None where it is known only at run time.

    `span` is the line of a settings file that names the endpoint, where there is one; it does not tell hops apart.
    """

    name: str
    dialer: str
    listener: str
    wire: Wire
    endpoint: Endpoint | None
    span: SourceSpan | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Topology:
    """The hops that are known by name, in the order in which a request travels."""

    hops: tuple[Hop, ...] = ()

    def at(self, endpoint: Endpoint | None, wire: Wire) -> Hop | None:
        """The hop that ends at this endpoint; host names compare without case and trailing dot (RFC 4343)."""
        wanted = _comparable(endpoint)
        return next((h for h in self.hops if wanted and h.wire is wire and _comparable(h.endpoint) == wanted), None)

    def named(self, name: str) -> Hop | None:
        """The hop of this name."""
        return next((hop for hop in self.hops if hop.name == name), None)


def _comparable(endpoint: Endpoint | None) -> Endpoint | None:
    if isinstance(endpoint, TcpEndpoint):
        return TcpEndpoint(endpoint.host.lower().rstrip("."), endpoint.port)
    return endpoint
