"""By how much a dialer falls short of the assurance that is demanded: the one comparison behind four rules.

A certain shortfall is named after the best that is still possible (so nothing is claimed that is not known), a possible
one after the worst.
"""

from __future__ import annotations

from typing import Final

from everyhop.model.endpoint import Locality
from everyhop.model.finding import Certainty
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.model.wire import Wire
from everyhop.rules.rule import Context, Fault


def shortfall(dialer: Dialer, context: Context) -> tuple[Assurance, Certainty] | None:
    """The assurance that this dialer is to be called by, and how sure that is; None where the demand is met."""
    low, high = dialer.bounds.low.assurance, dialer.bounds.high.assurance
    if low >= context.demand.assurance:
        return None
    if high < context.demand.assurance:
        return high, Certainty.CERTAIN
    return low, Certainty.POSSIBLE


_LOCAL: Final = "on-this-machine"  # the port is not known, and so the endpoint is not: its host is


def fault_at(assurance: Assurance, dialer: Dialer, context: Context, is_so: str, may_be: str, why: str) -> Fault | None:
    """The fault, if the shortfall is exactly at `assurance`: in the words `is_so` if that is certain, else `may_be`.

    The dialect's own explanation is preferred to `why`. Of a proxy that dials over TLS `unverified-upstream` speaks.
    """
    found = shortfall(dialer, context)
    if context.wire is Wire.HTTP and assurance is not Assurance.PLAINTEXT:
        return None
    if _LOCAL in dialer.notes and Locality.LOOPBACK in context.local:
        return None
    if found is None or found[0] is not assurance:
        return None
    return Fault(is_so if found[1] is Certainty.CERTAIN else may_be, dialer.why or why, found[1])
