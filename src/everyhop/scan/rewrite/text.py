"""Places of a text replaced, and everything else left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What stands from `start` to `end` (offsets in characters) becomes `new`; with both alike it is put in there."""

    start: int
    end: int
    new: str

    def moved(self, by: int) -> Edit:
        """The same further on in a text."""
        return Edit(self.start + by, self.end + by, self.new)


def overlap(edits: Iterable[Edit]) -> bool:
    """Whether two different edits are about the same characters, or put something in at the same place."""
    ordered = sorted(set(edits))
    return any(one.end > other.start or one.start == other.start for one, other in pairwise(ordered))


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made, which do not overlap; one that is there twice is made once."""
    for edit in sorted(set(edits), reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def after(offset: int, edits: Iterable[Edit]) -> int:
    """Where what stood at `offset` stands when all edits are made; what is put in right there comes after it."""
    return offset + sum(len(edit.new) - (edit.end - edit.start) for edit in set(edits) if edit.start < offset)


def changed(before: str, now: str) -> Edit | None:
    """The one edit that makes a text into another: what both begin and end with is left out."""
    if before == now:
        return None
    shorter = min(len(before), len(now))
    start = _longest(shorter, lambda size: before[:size] == now[:size])
    rest = shorter - start
    end = _longest(rest, lambda size: before[len(before) - size :] == now[len(now) - size :])
    return Edit(start, len(before) - end, now[start : len(now) - end])


def _longest(most: int, is_shared: Callable[[int], bool]) -> int:
    """The largest size up to `most` that is shared, as all smaller ones are: by halves, for a file has many edits."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_shared(middle) else (low, middle - 1)
    return low
