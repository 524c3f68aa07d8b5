"""A step of a roll-over before it is made: where it leads from, which way, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from everyhop.pki.rollover import Step


class Move(Enum):
    """Which way a roll-over is to go."""

    NEXT = "next"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Prospect:
    """`step` is where it stands, None: nothing is under way. `obstacles` are sentences: who would be left behind."""

    step: Step | None
    way: Move
    obstacles: tuple[str, ...]
