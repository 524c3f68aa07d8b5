"""How a scan is done, none of which changes what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def nobody(doing: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Pace:
    """With how many processes (None: as many as are worth it), and who is told, often, what is being done."""

    jobs: int | None = None
    tell: Callable[[str], None] = nobody
