"""One point in time by which everything is over, whatever the peer does."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A reading of the monotonic clock, which nobody sets back."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds until then; negative once it is over."""
        return self.at - time.monotonic()

    def within(self, seconds: float) -> Deadline:
        """The sooner of this one and so many seconds from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))
