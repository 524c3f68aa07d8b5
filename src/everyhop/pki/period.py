"""For how long: validities with `now` inside, that keep within the issuer's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from everyhop.errors import IssueError
from everyhop.model.validity import Validity

ROOT_LIFETIME: Final = timedelta(days=3650)
INTERMEDIATE_LIFETIME: Final = timedelta(days=1825)
"""Half of a root's: each root makes two, and `ca roll` is practised before the root itself ends."""

LEAF_LIFETIME: Final = timedelta(days=90)
"""Short, because a stolen key is believed until then by whoever reads no CRL, which is most dialers; and long enough
for somebody to notice that renewal fails, a month before the end."""

CRL_LIFETIME: Final = timedelta(days=30)
"""Servers refuse every client's certificate when their CRL is over, so it is renewed like a leaf."""

# A dialer whose clock is slow must not find a fresh certificate "not valid yet"; of a short life at most a tenth.
_SLOW_CLOCKS: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(seconds=1)  # the resolution of a certificate's times


def period(now: datetime, lifetime: timedelta) -> Validity:
    """`lifetime` long, counting both its first and its last second, with `now` inside. Raises `IssueError`."""
    if lifetime < _SECOND:
        raise IssueError("a certificate that lives for less than a second is of no use", key="lifetime")
    not_before = (now - min(_SLOW_CLOCKS, lifetime / 10)).replace(microsecond=0)
    return _from(not_before, lifetime)


def period_within(issuer: Validity, now: datetime, lifetime: timedelta | None, default: timedelta) -> Validity:
    """The same within the issuer's own validity; `default` where no lifetime is asked for, as far as it fits.

    Raises `IssueError` where the issuer is not valid now, and for a lifetime asked for that ends after the issuer's:
    who asks for a year and plans with it must not get a week.
    """
    if now > issuer.not_after:
        raise IssueError(
            f"the authority expired on {issuer.not_after:%Y-%m-%d}",
            hint="nobody would believe what it makes: renew it (`everyhop ca roll`), or make a new one",
        )
    if now < issuer.not_before:
        raise IssueError(
            f"the authority is not valid before {issuer.not_before:%Y-%m-%d %H:%M:%S} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M:%S %Z} here",
            hint="was this machine's clock set back? put it right: what is made now would be dated wrongly",
        )
    wanted = period(now, default if lifetime is None else lifetime)
    if wanted.not_before < issuer.not_before:
        wanted = _from(issuer.not_before, wanted.lifetime())
    if wanted.not_after <= issuer.not_after:
        return wanted
    if lifetime is not None:
        whole = (issuer.not_after - wanted.not_before).days
        raise IssueError(
            f"{_told(lifetime)} would end after the authority itself, on {issuer.not_after:%Y-%m-%d}",
            hint=f"ask for {whole} days at most, or roll the authority over (`everyhop ca roll`)"
            if whole
            else "roll the authority over (`everyhop ca roll`), or make a new one",
            key="lifetime",
        )
    return Validity(wanted.not_before, issuer.not_after)


def _from(not_before: datetime, lifetime: timedelta) -> Validity:
    try:
        return Validity(not_before, not_before + lifetime - _SECOND)
    except OverflowError as error:
        raise IssueError("the lifetime ends after the year 9999", key="lifetime") from error


def _told(lifetime: timedelta) -> str:
    return f"{lifetime.days} days" if lifetime.days else f"{lifetime.total_seconds():.0f} seconds"
