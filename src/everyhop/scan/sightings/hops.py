"""Which hop a reading belongs to: one for each endpoint and wire, named after the setting that was met first."""

from __future__ import annotations

from dataclasses import dataclass, field

from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.hop import Hop, Topology
from everyhop.model.wire import Wire


@dataclass(slots=True)
class Hops:
    """The hops of a scan. `services` are the names under which compose services are reached, each with its service."""

    topology: Topology = field(default_factory=Topology)
    services: dict[str, str] = field(default_factory=dict)
    _hops: dict[tuple[Endpoint | str, Wire], Hop] = field(default_factory=dict)

    def at(self, endpoint: Endpoint | None, wire: Wire, name: str, listener: str) -> Hop:
        """The hop to an endpoint; where only the run time tells it, the one there can be, or the one of this name."""
        known = self.topology.at(endpoint, wire) if endpoint is not None else self._only(wire)
        if known is not None:
            return known
        key = (_comparable(endpoint) if endpoint is not None else name, wire)
        if key not in self._hops:
            service = self.services.get(endpoint.host.lower()) if isinstance(endpoint, TcpEndpoint) else None
            self._hops[key] = Hop(self._free(name), "app", service or listener, wire, endpoint)
        return self._hops[key]

    def to(self, hosts: frozenset[str], wire: Wire) -> tuple[Hop, ...]:
        """The hops over a wire that end at one of these hosts."""
        return tuple(
            hop
            for hop in self._hops.values()
            if hop.wire is wire and isinstance(hop.endpoint, TcpEndpoint) and hop.endpoint.host.lower() in hosts
        )

    def _only(self, wire: Wire) -> Hop | None:
        """The hop over a wire, where the settings name exactly one."""
        named = [hop for hop in self.topology.hops if hop.wire is wire]
        return named[0] if len(named) == 1 else None

    def _free(self, name: str) -> str:
        taken = {hop.name for hop in (*self._hops.values(), *self.topology.hops)}
        numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(other for other in numbered if other not in taken)


def _comparable(endpoint: Endpoint) -> Endpoint:
    if isinstance(endpoint, TcpEndpoint):
        return TcpEndpoint(endpoint.host.lower().rstrip("."), endpoint.port)
    return endpoint
