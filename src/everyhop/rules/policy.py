"""Which demands bind which hops here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from everyhop.model.endpoint import Endpoint, Locality
from everyhop.model.hop import Hop
from everyhop.model.posture import BOTTOM, Assurance, ClientAuth, Floor, Posture
from everyhop.model.waiver import Waiver


class Undeployed(Enum):
    """How findings are judged whose places all lie in tests, documentation or examples."""

    MILDER = "milder"
    SAME = "same"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is demanded of every hop, what of a single one, and where plaintext is acceptable.

    The default is the mission: `verify-full` with TLS 1.2 as floor, except on a unix socket or the loopback.
    """

    require: Assurance = Assurance.IDENTITY_VERIFIED
    floor: Floor = Floor.TLS_1_2
    local: frozenset[Locality] = frozenset({Locality.UNIX, Locality.LOOPBACK})
    demands: Mapping[str, Posture] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    undeployed: Undeployed = Undeployed.MILDER

    def is_local(self, endpoint: Endpoint | None) -> bool:
        """Whether plaintext to this endpoint is acceptable; an endpoint known only at run time is on the network."""
        return endpoint is not None and endpoint.locality in self.local

    def demand(self, hop: Hop | None, endpoint: Endpoint | None) -> Posture:
        """The posture that this hop has to reach."""
        if hop is not None and hop.name in self.demands:
            return self.demands[hop.name]
        if self.is_local(endpoint):
            return BOTTOM
        return Posture(self.require, self.floor, ClientAuth.ABSENT)
