"""When a certificate is valid: pure functions of an explicit now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Validity:
    """`not_before` and `not_after`, both inclusive (RFC 5280 section 4.1.2.5), both with an offset."""

    not_before: datetime
    not_after: datetime

    def __post_init__(self) -> None:
        if self.not_before.tzinfo is None or self.not_after.tzinfo is None:
            raise ValueError("a validity needs times with an offset")

    def contains(self, now: datetime) -> bool:
        """Whether a certificate is valid at `now`."""
        return self.not_before <= now <= self.not_after

    def lifetime(self) -> timedelta:
        """From the first to the last valid second, which counts (so 90 days are 90 days, not a second less)."""
        return self.not_after - self.not_before + timedelta(seconds=1)

    def share_left(self, now: datetime) -> float:
        """How much of the life is left: 1.0 when fresh, 0.0 when over."""
        return min(1.0, max(0.0, (self.not_after - now) / self.lifetime()))


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """From when on a certificate is to be renewed (`start`, inclusive), and by when at the latest (`end`).

    Whatever proposed it: a share of its life, or the issuer (RFC 9773). Both with an offset.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a renewal window needs times with an offset")
        if self.end < self.start:
            raise ValueError("a renewal window ends after it starts")
