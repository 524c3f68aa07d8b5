"""Who stands where in the hop map, before anything is measured in pixels.

Who dials stands before who listens. Every hop has a lane of its own where it arrives, so that its label never meets
another one; a listener with several hops takes all their lanes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from everyhop.model.endpoint import Endpoint
from everyhop.model.report import HopState
from everyhop.model.wire import Wire
from everyhop.render.words import hop_endpoint

Ends = tuple[Hashable, Hashable]


@dataclass(slots=True)
class Node:
    """A box on its way: how far from the first dialer, and from which lane on."""

    name: str
    depth: int = 0
    lanes: int = 1
    first: float = 0.0
    arrived: int = 0
    place: str = ""
    kind: str = "program"

    @property
    def middle(self) -> float:
        """The middle of its lanes, counted in lanes."""
        return self.first + self.lanes / 2


def arrange(states: Sequence[HopState]) -> tuple[dict[Hashable, Node], list[Ends], int]:
    """The boxes by what they stand for, the ends of each hop, and the number of lanes that the widest row takes."""
    nodes, ends = _nodes(states)
    return nodes, ends, _placed(list(nodes.values()))


def align_left(nodes: Iterable[Node]) -> None:
    """Let every row begin in the first lane, for a picture that is wider than its window: it is scrolled from there."""
    nodes = tuple(nodes)
    first: dict[int, float] = {}
    for node in nodes:
        first[node.depth] = min(node.first, first.get(node.depth, node.first))
    for node in nodes:
        node.first -= first[node.depth]


def _nodes(states: Sequence[HopState]) -> tuple[dict[Hashable, Node], list[Ends]]:
    """A box for every program; listeners of one name at several endpoints are several, unless they dial on.

    The boxes and hops make no circle, so that there is always a first one.
    """
    dialers = {state.hop.dialer for state in states}
    nodes: dict[Hashable, Node] = {}
    ends: list[Ends] = []
    for state in states:
        start: Hashable = state.hop.dialer
        end = _identity(state.hop.listener, state.hop.endpoint, dialers, state.hop.name)
        if (start, end) in ends or _leads(end, start, ends):
            end = (end, state.hop.name)
        ends.append((start, end))
        nodes.setdefault(start, Node(state.hop.dialer, kind="browser" if state.hop.dialer == "browser" else "program"))
        node = nodes.setdefault(end, Node(state.hop.listener, lanes=0))
        node.lanes += 1
        node.place = node.place or hop_endpoint(state)
        node.kind = "program" if state.hop.wire is Wire.HTTP else "database"
    for _ in nodes:  # as often as the longest way can be long
        for start, end in ends:
            nodes[end].depth = max(nodes[end].depth, nodes[start].depth + 1)
    arrived = {end for _, end in ends}
    for start, node in nodes.items():  # who only dials stands right before the first that it dials
        if start not in arrived:
            node.depth = min(nodes[end].depth for from_, end in ends if from_ == start) - 1
    return nodes, ends


def _leads(start: Hashable, end: Hashable, ends: Sequence[Ends]) -> bool:
    """Whether there is a way along the hops: a hop back would close a circle, and gets a box of its own instead."""
    reached, fresh = {start}, {start}
    while fresh and end not in reached:
        fresh = {to for from_, to in ends if from_ in fresh} - reached
        reached |= fresh
    return end in reached


def _identity(listener: str, endpoint: Endpoint | None, dialers: set[str], hop: str) -> Hashable:
    return listener if listener in dialers else (listener, endpoint or hop)


def _placed(nodes: Sequence[Node]) -> int:
    """Give every box its lanes, each row of boxes in the middle; the number of lanes that the widest row takes."""
    rows: dict[int, list[Node]] = {}
    for node in nodes:
        node.lanes = max(node.lanes, 1)
        rows.setdefault(node.depth, []).append(node)
    widest = max(sum(node.lanes for node in row) for row in rows.values())
    for row in rows.values():
        lane = (widest - sum(node.lanes for node in row)) / 2
        for node in row:
            node.first = lane
            lane += node.lanes
    return widest
