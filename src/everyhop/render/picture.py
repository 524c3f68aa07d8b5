"""Where the boxes and arrows of the hop map go: geometry only, the template draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from everyhop.model.posture import Assurance
from everyhop.model.report import HopState, Report
from everyhop.render.columns import clipped
from everyhop.render.lanes import Node, align_left, arrange
from everyhop.render.words import UNSEEN, hop_endpoint, standing, tls_of, tone

BOX_WIDTH, BOX_HEIGHT = 190, 58
_MARGIN = 6
_NAME_MOST, _PLACE_MOST = 16, 24
_LANES_BESIDE = 3  # as many stand beside each other in half a page


class Direction(Enum):
    """Which way a request travels: across a wide page, down a narrow one. The value is (gap, lane) in pixels."""

    ACROSS = (220, 78)
    DOWN = (104, 202)


@dataclass(frozen=True, slots=True)
class Box:
    """A program; `kind` picks its picture."""

    x: float
    y: float
    width: float
    height: float
    name: str
    place: str
    kind: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A hop: the line, and its label of two short lines and a grade, with the middle at (x, y).

    `lock` is `closed` for a verified peer, `loose` for TLS with whoever answers, `open` for less, `none` for unknown;
    the line is drawn by it too, since not everybody sees colours. `told` says all of it in a sentence.
    """

    path: str
    x: float
    y: float
    words: str
    more: str
    grade: str
    tone: str
    lock: str
    told: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole map, in the units of its own coordinates."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    legs: tuple[Leg, ...]


def picture(report: Report, direction: Direction) -> Picture | None:
    """The map of a report; None where it has no hop."""
    if not report.hops:
        return None
    nodes, ends, lanes = arrange(report.hops)
    if direction is Direction.DOWN and lanes > _LANES_BESIDE:
        align_left(nodes.values())
    deepest = max(node.depth for node in nodes.values())
    length = (deepest + 1) * _box_length(direction) + deepest * direction.value[0] + 2 * _MARGIN
    breadth = lanes * direction.value[1] + 2 * _MARGIN
    width, height = (length, breadth) if direction is Direction.ACROSS else (breadth, length)
    boxes = tuple(_box(node, direction) for node in nodes.values())
    legs = []
    for state, (start, end) in zip(report.hops, ends, strict=True):
        legs.append(_leg(state, report, nodes[start], nodes[end], direction))
        nodes[end].arrived += 1
    return Picture(width, height, boxes, tuple(legs))


def _box_length(direction: Direction) -> int:
    return BOX_WIDTH if direction is Direction.ACROSS else BOX_HEIGHT


def _along(node: Node, direction: Direction) -> float:
    """Where a box begins in the direction of travel."""
    return _MARGIN + node.depth * (_box_length(direction) + direction.value[0])


def _box(node: Node, direction: Direction) -> Box:
    lane = direction.value[1]
    along, across = _along(node, direction), _MARGIN + node.middle * lane
    stretch = (node.lanes - 1) * lane
    if direction is Direction.ACROSS:
        x, y, width, height = along, across - (BOX_HEIGHT + stretch) / 2, BOX_WIDTH, BOX_HEIGHT + stretch
    else:
        x, y, width, height = across - (BOX_WIDTH + stretch) / 2, along, BOX_WIDTH + stretch, BOX_HEIGHT
    return Box(x, y, width, height, clipped(node.name, _NAME_MOST), clipped(node.place, _PLACE_MOST), node.kind)


def _leg(state: HopState, report: Report, start: Node, end: Node, direction: Direction) -> Leg:
    gap, lane = direction.value
    leaves = _along(start, direction) + _box_length(direction)
    arrives = _along(end, direction)
    from_, to = _MARGIN + start.middle * lane, _MARGIN + (end.first + end.arrived + 0.5) * lane
    turn = 12 if direction is Direction.DOWN else 20
    path = _elbow((leaves, from_), (arrives, to), turn, direction)
    middle = arrives - gap / 2 + turn / 4
    x, y = (middle, to) if direction is Direction.ACROSS else (to, middle)
    hop = state.hop
    grade = state.grade.word if state.grade is not None else "–"
    stands = standing(state, report)
    told = f"{hop.dialer} → {hop.listener}, {hop_endpoint(state)}: {stands}, {tls_of(state)}, grade {grade}"
    words, more = _label(state, stands)
    return Leg(path, x, y, words, more, grade, tone(state.grade), _lock(state), told)


def _label(state: HopState, words: str) -> tuple[str, str]:
    """A hop's standing in two lines that fit: `plaintext (waived)` and `encrypted…verify-full` break in the middle."""
    low, between, high = words.partition("…")
    if between:
        return low, f"to {high}"
    first, excused, second = words.partition(" (")
    if excused:
        return first, second.rstrip(")")
    return words, tls_of(state).replace(UNSEEN, "not seen live")


def _lock(state: HopState) -> str:
    if state.settled is None:
        return "none"
    low = state.settled.low.assurance
    return "closed" if low >= Assurance.CHAIN_VERIFIED else "loose" if low is Assurance.ENCRYPTED else "open"


def _elbow(start: tuple[float, float], end: tuple[float, float], turn: float, direction: Direction) -> str:
    """A line that leaves straight, turns once into its lane with round corners, and arrives straight."""
    (a, from_), (b, to) = start, end
    points: list[tuple[str, list[tuple[float, float]]]] = [("M", [(a, from_)])]
    if abs(to - from_) < 1:
        points.append(("L", [(b, to)]))
    else:
        radius = min(10.0, turn, abs(to - from_) / 2) * (1 if to > from_ else -1)
        points += [
            ("L", [(a + turn - abs(radius), from_)]),
            ("Q", [(a + turn, from_), (a + turn, from_ + radius)]),
            ("L", [(a + turn, to - radius)]),
            ("Q", [(a + turn, to), (a + turn + abs(radius), to)]),
            ("L", [(b, to)]),
        ]
    swap = direction is Direction.DOWN
    return " ".join(
        f"{letter}{' '.join(f'{y:g},{x:g}' if swap else f'{x:g},{y:g}' for x, y in pairs)}" for letter, pairs in points
    )
