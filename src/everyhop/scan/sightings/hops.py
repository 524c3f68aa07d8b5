"""Which hop a reading belongs to: one for each endpoint and wire, named after the setting that was met first."""

from __future__ import annotations

from dataclasses import dataclass, field

from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint
from everyhop.model.hop import Hop, Topology
from everyhop.model.wire import Wire


@dataclass(slots=True)
class Hops:
    """The hops of a scan. `services` are the names under which compose services are reached, each with its service.

    `poolers` are the ports at which poolers listen whose settings are here, each with its product.
    """

    topology: Topology = field(default_factory=Topology)
    services: dict[str, str] = field(default_factory=dict)
    poolers: dict[int, str] = field(default_factory=dict)
    _hops: dict[tuple[Endpoint | str, Wire], Hop] = field(default_factory=dict)
    _undialled: set[str] = field(default_factory=set)
    _names: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def at(self, endpoint: Endpoint | None, wire: Wire, name: str, listener: str, dialer: str = "app") -> Hop:
        """The hop to an endpoint; where only the run time tells it, the one there can be, or the one of this name."""
        known = self.topology.at(endpoint, wire) if endpoint is not None else self._only(wire, dialer)
        if known is not None:
            return known
        key = (_comparable(endpoint) if endpoint is not None else name, wire)
        if key not in self._hops:
            service = self.services.get(endpoint.host.lower()) if isinstance(endpoint, TcpEndpoint) else None
            pooler = self.poolers.get(endpoint.port) if isinstance(endpoint, TcpEndpoint) else None
            self._hops[key] = Hop(self._free(name), dialer, pooler or service or listener, wire, endpoint)
            self._names.add(self._hops[key].name)
        return self._hops[key]

    def edge(self, endpoint: Endpoint | None, name: str, listener: str) -> Hop:
        """The hop on which browsers reach a site; of two sites without a name each has its own."""
        return self.at(endpoint, Wire.HTTP, name if endpoint is not None else self._free(name), listener, "browser")

    def server(self, endpoint: Endpoint | None, wire: Wire, listener: str) -> Hop:
        """The hop to a server whose settings were read: the only one over its wire, or else one of its own.

        A server that listens on this machine only is at `endpoint`; where another listens its own files do not tell.
        """
        if endpoint is not None:
            return self.at(endpoint, wire, listener, listener)
        known = [hop for hop in self._hops.values() if hop.wire is wire and _is_far(hop.endpoint)]
        dialled = [hop for hop in known if hop.name not in self._undialled]
        if len(dialled) == 1:
            return dialled[0]
        hop = self.at(None, wire, self._free(listener), listener)
        self._undialled.add(hop.name)
        return hop

    def pooled(self, endpoint: Endpoint | None, wire: Wire, listener: str, port: int) -> Hop:
        """The hop to a pooler: the one that is dialled at its port, or else one of its own."""
        dialled = [
            hop
            for hop in self._hops.values()
            if hop.wire is wire and isinstance(hop.endpoint, TcpEndpoint) and hop.endpoint.port == port
        ]
        if len(dialled) == 1 and _is_far(dialled[0].endpoint) == (endpoint is None):
            return dialled[0]
        return self.at(endpoint, wire, listener if endpoint is not None else self._free(listener), listener)

    def to(self, hosts: frozenset[str], wire: Wire) -> tuple[Hop, ...]:
        """The hops over a wire that end at one of these hosts."""
        return tuple(
            hop
            for hop in self._hops.values()
            if hop.wire is wire and isinstance(hop.endpoint, TcpEndpoint) and hop.endpoint.host.lower() in hosts
        )

    def _only(self, wire: Wire, dialer: str) -> Hop | None:
        """The hop over a wire, where the settings name exactly one; over HTTP browsers and proxies have their own."""
        named = [hop for hop in self.topology.hops if hop.wire is wire]
        if wire is Wire.HTTP:
            named = [hop for hop in named if hop.dialer == dialer]
        return named[0] if len(named) == 1 else None

    def _free(self, name: str) -> str:
        """The name itself, or the first of `name-2`, `name-3` … that no hop has."""
        if not self._is_taken(name):
            return name
        number = self._numbers.get(name, 2)
        while self._is_taken(f"{name}-{number}"):
            number += 1
        self._numbers[name] = number
        return f"{name}-{number}"

    def _is_taken(self, name: str) -> bool:
        return name in self._names or self.topology.named(name) is not None


def _comparable(endpoint: Endpoint) -> Endpoint:
    if isinstance(endpoint, TcpEndpoint):
        return TcpEndpoint(endpoint.host.lower().rstrip("."), endpoint.port)
    return endpoint


def _is_far(endpoint: Endpoint | None) -> bool:
    return endpoint is None or endpoint.locality is Locality.NETWORK
