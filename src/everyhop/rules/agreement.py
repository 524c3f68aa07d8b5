"""Compares the readings of one hop before they are judged.

What the readings of one side leave possible together is what the rules see; where they exclude each other, that is
drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import combinations

from everyhop.model.posture import UNKNOWN
from everyhop.model.sighting import Agreement, Dialer, Listener, Origin, Reading


def agreed(group: Sequence[Reading]) -> list[Reading]:
    """The readings of one hop, each narrowed by the others of its side; an `Agreement` where they exclude each other.

    Several declared dialers on one hop may be several programs, and several declared listeners several deployments:
    they are only compared with what was observed if there is one of them.
    """
    others = [reading for reading in group if not isinstance(reading.subject, Dialer | Listener)]
    dialers: list[tuple[Reading, Dialer | Listener]] = [
        (reading, reading.subject) for reading in group if isinstance(reading.subject, Dialer)
    ]
    listeners: list[tuple[Reading, Dialer | Listener]] = [
        (reading, reading.subject) for reading in group if isinstance(reading.subject, Listener)
    ]
    sides = [
        _compared(side)
        if sum(reading.origin is Origin.DECLARED for reading, _ in side) < 2
        else [reading for reading, _ in side]
        for side in (dialers, listeners)
    ]
    return sides[0] + sides[1] + others


def _compared(side: Sequence[tuple[Reading, Dialer | Listener]]) -> list[Reading]:
    clash = next(((a, b) for a, b in combinations(side, 2) if a[1].bounds.narrow(b[1].bounds) is None), None)
    if clash is not None:
        (first, promised), (second, seen) = sorted(clash, key=lambda pair: pair[0].origin is Origin.OBSERVED)
        agreement = Agreement(promised.product, promised.bounds, seen.bounds)
        return [
            *(reading for reading, _ in side),
            replace(first, subject=agreement, evidence=first.evidence + second.evidence),
        ]
    # Intervals that meet in pairs have a point in common (they are boxes in a product of chains): never None here.
    common = reduce(lambda bounds, pair: bounds.narrow(pair[1].bounds) or bounds, side, UNKNOWN)
    return [replace(reading, subject=replace(subject, bounds=common)) for reading, subject in side]
