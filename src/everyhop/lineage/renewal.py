"""When renewing is right: a pure function of dates, the issuer's advice, what failed before, and a seed.

What has a validity is renewed by it: a leaf, and a CRL as well (`Validity(this_update, next_update)`), for a CRL that
has expired locks every client certificate out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from fractions import Fraction
from hashlib import sha256
from typing import Final

from everyhop.model.validity import RenewalWindow, Validity


@dataclass(frozen=True, slots=True)
class Rules:
    """Shares of a life, counted from its end.

    Renewal is right in the last `share` of a life; of a life of at most `short`, in the last `short_share`. In the last
    `emergency` share nothing is waited for any more. Within the window the seed chooses the moment, so that servers
    which were set up together do not renew together; the window ends `spread` of a life after its start.
    """

    # Let's Encrypt's integration guide: a third of the life left, and half where it is shorter than ten days.
    share: Fraction = Fraction(1, 3)
    short: timedelta = timedelta(days=10)
    short_share: Fraction = Fraction(1, 2)
    spread: Fraction = Fraction(1, 20)
    emergency: Fraction = Fraction(1, 10)

    def __post_init__(self) -> None:
        least = min(self.share, self.short_share)
        if not 0 < self.emergency < least < 1 or max(self.share, self.short_share) >= 1:
            raise ValueError("a renewal window begins before its emergency, and both lie inside the life")
        if not 0 <= self.spread <= least - self.emergency:
            raise ValueError("the spread ends before the emergency begins")


RULES: Final = Rules()


class Urgency(Enum):
    """How much hurry there is."""

    ROUTINE = "routine"
    EMERGENCY = "emergency"
    OVERDUE = "overdue"
    """It has expired."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Attempts that failed since the last success: how many, when the last one did, and why."""

    count: int
    last: datetime | None
    reason: str | None


NO_FAILURES: Final = Failures(0, None, None)


@dataclass(frozen=True, slots=True)
class Due:
    """Renew now. `reason` is a sentence for people, here and below."""

    urgency: Urgency
    reason: str


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing to do before `at`."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """It is due, but has just failed: to be tried again at `at`."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ClockBehind:
    """The clock shows a time before the certificate was made: nothing that is made by it would be right."""

    reason: str


Decision = Due | NotDue | Postponed | ClockBehind

_FIRST_PAUSE: Final = timedelta(hours=1)  # Let's Encrypt counts failed validations by the hour (five are allowed)
_LONGEST_PAUSE: Final = timedelta(days=1)
_PAUSE_SHARE: Final = 50  # of a life a first pause is at most this part: a day's certificate cannot wait an hour often
_MOST_DOUBLINGS: Final = 16  # more would only be a larger number for the same longest pause


def decide(
    validity: Validity,
    *,
    now: datetime,
    seed: str,
    advice: RenewalWindow | None = None,
    failures: Failures = NO_FAILURES,
    rules: Rules = RULES,
) -> Decision:
    """Whether to renew what has this validity, now.

    `seed` has to differ between servers and to stay the same for one certificate (its fingerprint does). `advice` is
    the issuer's window (RFC 9773), which goes before the share of the life, but never into the emergency.
    """
    if now < validity.not_before:
        start = _shown(validity.not_before)
        return ClockBehind(f"the clock shows {_shown(now)}, but this is valid from {start}: set the clock first")
    if now > validity.not_after:
        return Due(Urgency.OVERDUE, f"it expired at {_shown(validity.not_after)}")
    emergency = emergency_from(validity, rules)
    if now >= emergency:
        left = _words(validity.not_after - now)
        return Due(Urgency.EMERGENCY, f"only {left} of its life are left: nothing is waited for any more")
    window = advice or window_of(validity, rules)
    chosen = min(_moment(window, seed), emergency)
    whose = "its issuer asks for it" if advice else "enough of its life is over"
    if now < chosen:
        return NotDue(chosen, f"not before {_shown(chosen)}; it is valid until {_shown(validity.not_after)}")
    again = _again(validity, failures, now)
    if again is not None and now < again:
        at = min(again, emergency)
        return Postponed(at, f"failed {_times(failures.count)}, to be tried again at {_shown(at)}")
    return Due(Urgency.ROUTINE, f"{whose}: it is valid until {_shown(validity.not_after)}")


def window_of(validity: Validity, rules: Rules = RULES) -> RenewalWindow:
    """The window that follows from the life alone."""
    life = validity.lifetime()
    share = rules.short_share if life <= rules.short else rules.share
    start = validity.not_after - _part(life, share)
    return RenewalWindow(start, start + _part(life, rules.spread))


def emergency_from(validity: Validity, rules: Rules = RULES) -> datetime:
    """From when on nothing is waited for."""
    return validity.not_after - _part(validity.lifetime(), rules.emergency)


def _moment(window: RenewalWindow, seed: str) -> datetime:
    """A moment of the window, the same for the same seed, evenly spread over seeds (RFC 9773 section 4.2)."""
    share = Fraction(int.from_bytes(sha256(seed.encode()).digest()[:8]), 2**64)
    return window.start + _part(window.end - window.start, share)


def _again(validity: Validity, failures: Failures, now: datetime) -> datetime | None:
    """When the next attempt is right after these failures; None where there were none, or the clock was set back."""
    if failures.last is None or failures.count < 1 or failures.last > now:
        return None
    first = min(_FIRST_PAUSE, validity.lifetime() / _PAUSE_SHARE)
    doubled: timedelta = first * 2 ** min(failures.count - 1, _MOST_DOUBLINGS)
    return failures.last + min(doubled, _LONGEST_PAUSE)


def _part(whole: timedelta, share: Fraction) -> timedelta:
    """A share of a time, exactly, to the microsecond below: floats would let a window's end lie outside it."""
    microseconds = whole // timedelta(microseconds=1)
    return timedelta(microseconds=microseconds * share.numerator // share.denominator)


def _shown(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M %Z").strip()


def _words(left: timedelta) -> str:
    if left >= timedelta(days=2):
        return f"{left.days} days"
    if left >= timedelta(hours=2):
        return f"{left // timedelta(hours=1)} hours"
    return f"{left // timedelta(minutes=1)} minutes"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
