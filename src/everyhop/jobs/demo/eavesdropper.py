"""Somebody on the path: what the relays of the story could read, and from how much."""

from __future__ import annotations

from everyhop.capture.clear import read_clear
from everyhop.capture.exposed import Exposed
from everyhop.drill.relay import Relay, settled
from everyhop.model.wire import Wire


def overheard(relay: Relay, wire: Wire) -> tuple[Exposed, ...]:
    """Everything readable that crossed this relay since it was last switched."""
    return tuple(item for tape in settled(relay) for item in read_clear(wire, tape.from_dialer, tape.from_listener))


def connections(relay: Relay) -> int:
    """How many connections carried something in either direction: silence on a wire that nobody used proves nothing."""
    return sum(bool(tape.from_dialer or tape.from_listener) for tape in settled(relay))
