"""What happened, step by step, for a page that tells more than one report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a step ended; NEUTRAL is one that only shows something."""

    HELD = "held"
    FAILED = "failed"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: under which movement it stands (`Find`, `Close`, `Prove`), what was done, and what came of it.

    `lines` are shown as they are, in a box: what an eavesdropper read, a refusal, a plan.
    """

    movement: str
    title: str
    text: str = ""
    lines: tuple[str, ...] = ()
    outcome: Outcome = Outcome.NEUTRAL
