"""One kind of attack, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from everyhop.capture.clear import read_clear
from everyhop.capture.exposed import Exposed
from everyhop.drill.behaviour import Behaviour
from everyhop.drill.relay import Relay, settled
from everyhop.model.wire import Wire


class Outcome(Enum):
    """What the dialer did. NOT_REACHED: it never came to the relay, so nothing was proven."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class Ordeal:
    """A scenario that was run: its name, the outcome, what the attacker could read, and the dialer's own error."""

    scenario: str
    outcome: Outcome
    exposed: tuple[Exposed, ...]
    error: str | None
    seconds: float


def attack(scenario: str, relay: Relay, wire: Wire, behaviour: Behaviour, attempt: Callable[[], str | None]) -> Ordeal:
    """Put `behaviour` between the dialer and its listener, and let the dialer try.

    `attempt` opens a connection the dialer's own way and returns its error, or None where it connected. The relay keeps
    the behaviour afterwards: whoever goes on switches it.
    """
    relay.switch(behaviour)
    started = time.monotonic()
    error = attempt()
    tapes = settled(relay)
    exposed = tuple(item for tape in tapes for item in read_clear(wire, tape.from_dialer, tape.from_listener))
    reached = Outcome.ACCEPTED if error is None else Outcome.REFUSED
    outcome = reached if tapes else Outcome.NOT_REACHED
    return Ordeal(scenario, outcome, exposed, error, time.monotonic() - started)
