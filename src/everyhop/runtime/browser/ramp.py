"""How long browsers are told to insist on HTTPS: Strict-Transport-Security as a function of the time since it began."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

_DAY: Final = 86_400
YEAR: Final = 365 * _DAY
"""Seconds; what ASVS 5.0 demands (3.4.1) and the preload list too (hstspreload.org, "Submission Requirements")."""

FIRST: Final = 300
"""Seconds: a mistake in the first hours costs a visitor no more than this."""

STAGES: Final = ((0, FIRST), (_DAY, _DAY), (7 * _DAY, 30 * _DAY), (37 * _DAY, YEAR))
"""Seconds since the beginning, and the max-age from then on.

Each age is promised only after the one before it has been lived through: 30 days come after a week, the year after 30
days more.
"""


class Hsts(Enum):
    """What is done about the header, besides a fixed number of seconds."""

    RAMP = "ramp"
    OFF = "off"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Term:
    """A max-age in seconds, None for no header at all, and the moment (seconds since 1970) at which it changes."""

    seconds: int | None
    until: float


_FOREVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Ramp:
    """What to send, and since when. `since` is in seconds since 1970; None: nobody has said that it has begun.

    `plan` OFF makes browsers forget (RFC 6797 section 6.1.1: max-age=0), NONE leaves the header to the proxy, a number
    is a fixed max-age in seconds. Before `since` nothing is sent.
    """

    plan: Hsts | int
    since: float | None = None
    subdomains: bool = False
    preload: bool = False

    def at(self, now: float) -> Term:
        """The term that `now` (seconds since 1970) lies in."""
        if self.plan is Hsts.NONE:
            return Term(None, _FOREVER)
        if self.plan is Hsts.OFF:
            return Term(0, _FOREVER)
        if isinstance(self.plan, int):
            return Term(self.plan, _FOREVER)
        if self.since is None:
            return Term(FIRST, _FOREVER)
        if now < self.since:
            return Term(None, self.since)
        starts = [(self.since + after, age) for after, age in STAGES]
        reached = [age for start, age in starts if start <= now]
        coming = [start for start, _ in starts if start > now]
        return Term(reached[-1], coming[0] if coming else _FOREVER)

    def header(self, now: float) -> str | None:
        """The header's value at `now`; None: none is to be sent.

        `preload` stands in it only once the age satisfies the list, so that nobody submits a site that is still on its
        way up.
        """
        seconds = self.at(now).seconds
        if seconds is None:
            return None
        value = f"max-age={seconds}"
        if self.subdomains and seconds:
            value += "; includeSubDomains"
        if self.preload and seconds >= YEAR:
            value += "; preload"
        return value
