"""When renewing is right: laws over all lives, moments and seeds, and the sentences for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from everyhop.lineage.renewal import (
    RULES,
    ClockBehind,
    Due,
    Failures,
    NotDue,
    Postponed,
    Rules,
    Urgency,
    decide,
    emergency_from,
    window_of,
)
from everyhop.model.validity import RenewalWindow, Validity

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

lives = st.integers(60, 40 * 365 * 86400).map(lambda seconds: Validity(START, START + timedelta(seconds=seconds)))
seeds = st.text(max_size=70)
shares = st.fractions(-1, 2, max_denominator=1000)


def at(validity: Validity, share: Fraction) -> datetime:
    """The moment at which so much of a life is over; below 0 and above 1 outside of it."""
    return validity.not_before + (validity.not_after - validity.not_before) * share.numerator / share.denominator


@st.composite
def windows(draw: st.DrawFn, validity: Validity) -> RenewalWindow | None:
    """An issuer's advice, sensible or not; or none."""
    if draw(st.booleans()):
        return None
    first, last = sorted(draw(st.tuples(shares, shares)))
    return RenewalWindow(at(validity, first), at(validity, last))


@given(st.data(), lives, seeds, shares, shares)
def test_what_is_due_stays_due(
    data: st.DataObject, validity: Validity, seed: str, one: Fraction, two: Fraction
) -> None:
    """Time only ever leads from not yet to due, whatever the issuer advises."""
    advice = data.draw(windows(validity))
    earlier, later = sorted((one, two))
    order = [ClockBehind, NotDue, Due]
    found = [decide(validity, now=at(validity, share), seed=seed, advice=advice) for share in (earlier, later)]
    assert order.index(type(found[0])) <= order.index(type(found[1]))


@given(st.data(), lives, seeds, st.integers(0, 100), shares, st.fractions(0, 1, max_denominator=1000))
def test_nothing_is_waited_for_in_an_emergency(
    data: st.DataObject, validity: Validity, seed: str, count: int, last: Fraction, share: Fraction
) -> None:
    """Not for a back-off, not for an issuer's window: what is left of the life is what renewals have."""
    failures = Failures(count, at(validity, last), "no answer")
    start = emergency_from(validity)
    now = start + (validity.not_after + validity.lifetime() - start) * share.numerator / share.denominator
    decision = decide(validity, now=now, seed=seed, advice=data.draw(windows(validity)), failures=failures)
    assert isinstance(decision, Due)
    assert decision.urgency is (Urgency.OVERDUE if now > validity.not_after else Urgency.EMERGENCY)


@given(st.data(), lives, seeds, st.integers(0, 100), shares, shares)
def test_whoever_looks_again_when_told_finds_it_due_before_it_expires(
    data: st.DataObject, validity: Validity, seed: str, count: int, last: Fraction, share: Fraction
) -> None:
    """`at` lies ahead, inside the life; looking then, it is due, or postponed once for what failed before."""
    advice, failures = data.draw(windows(validity)), Failures(count, at(validity, last), "no answer")
    now, looks = at(validity, share), 0
    decision = decide(validity, now=now, seed=seed, advice=advice, failures=failures)
    while isinstance(decision, NotDue | Postponed):
        assert now < decision.at <= emergency_from(validity) < validity.not_after
        now, looks = decision.at, looks + 1
        decision = decide(validity, now=now, seed=seed, advice=advice, failures=failures)
    assert looks <= 2
    assert isinstance(decision, Due | ClockBehind)


@given(lives, seeds)
def test_the_moment_lies_in_the_window_and_is_always_the_same(validity: Validity, seed: str) -> None:
    """To the microsecond: not yet right before it, due from it on."""
    found = decide(validity, now=validity.not_before, seed=seed)
    assert isinstance(found, NotDue)
    window = window_of(validity)
    assert validity.not_before < window.start <= found.at <= window.end <= emergency_from(validity) < validity.not_after
    assert decide(validity, now=found.at - timedelta(microseconds=1), seed=seed) == found
    assert isinstance(decide(validity, now=found.at, seed=seed), Due)


@given(st.data(), lives, seeds)
def test_an_issuers_window_goes_before_the_share_but_not_into_the_emergency(
    data: st.DataObject, validity: Validity, seed: str
) -> None:
    """RFC 9773: a moment of the window; one that is over is now."""
    advice = data.draw(windows(validity))
    assume(advice is not None)
    assert advice is not None
    found = decide(validity, now=validity.not_before, seed=seed, advice=advice)
    if isinstance(found, NotDue):
        emergency = emergency_from(validity)
        assert min(advice.start, emergency) <= found.at <= min(advice.end, emergency)
    else:
        assert isinstance(found, Due)
        assert advice.start <= validity.not_before


def test_fifty_servers_do_not_renew_at_once() -> None:
    """Set up in the same second with 90 days, they are spread over four and a half."""
    validity = Validity(START, START + 90 * DAY - SECOND)
    moments = []
    for server in range(50):
        found = decide(validity, now=START, seed=f"fingerprint {server}")
        assert isinstance(found, NotDue)
        moments.append(found.at)
    moments.sort()
    assert moments[0] >= START + 60 * DAY - SECOND
    assert moments[-1] < START + timedelta(days=64.5)
    assert moments[-1] - moments[0] > 3 * DAY
    assert max(later - earlier for earlier, later in pairwise(moments)) < DAY


@pytest.mark.parametrize(("days", "share"), [(90, Fraction(1, 3)), (45, Fraction(1, 3)), (6, Fraction(1, 2))])
def test_short_lives_are_renewed_at_half(days: int, share: Fraction) -> None:
    """Longer ones when a third is left."""
    validity = Validity(START, START + days * DAY - SECOND)
    assert window_of(validity).start == validity.not_after - days * DAY * share.numerator / share.denominator


def test_a_crl_is_renewed_by_the_same_function() -> None:
    """Between its updates: one that has expired locks every client out."""
    validity = Validity(START, START + 7 * DAY)
    assert isinstance(decide(validity, now=START + 3 * DAY, seed="crl"), NotDue)
    assert isinstance(decide(validity, now=START + 5 * DAY, seed="crl"), Due)
    overdue = decide(validity, now=START + 8 * DAY, seed="crl")
    assert overdue == Due(Urgency.OVERDUE, "it expired at 2026-01-08 00:00 UTC")


def test_a_clock_that_was_set_back_is_told_and_nothing_is_made_by_it() -> None:
    """What it would issue now would not be valid now."""
    found = decide(Validity(START, START + 90 * DAY), now=START - timedelta(days=400), seed="")
    assert isinstance(found, ClockBehind)
    assert "the clock shows 2024-11-27" in found.reason
    assert "set the clock first" in found.reason


def test_a_failure_noted_by_a_fast_clock_delays_nothing() -> None:
    """The clock has been set right since: its time lies ahead."""
    validity = Validity(START, START + 90 * DAY)
    failures = Failures(9, START + 4000 * DAY, "no answer")
    assert isinstance(decide(validity, now=START + 75 * DAY, seed="", failures=failures), Due)


@pytest.mark.parametrize(("count", "hours"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (500, 24)])
def test_attempts_that_fail_come_less_often_until_they_are_daily(count: int, hours: int) -> None:
    """An issuer that counts failures is not asked more than it allows; and people are told."""
    validity, now = Validity(START, START + 90 * DAY), START + 70 * DAY
    failures = Failures(count, now, "no answer")
    found = decide(validity, now=now, seed="", failures=failures)
    assert isinstance(found, Postponed)
    assert found.at == now + timedelta(hours=hours)
    assert ("once" if count == 1 else f"{count} times") in found.reason
    assert isinstance(decide(validity, now=found.at, seed="", failures=failures), Due)


def test_a_day_is_not_spent_waiting_for_an_hour() -> None:
    """The first pause of a short life is a fiftieth of it."""
    validity, now = Validity(START, START + DAY), START + timedelta(hours=15)
    found = decide(validity, now=now, seed="", failures=Failures(1, now, None))
    assert isinstance(found, Postponed)
    assert found.at - now < timedelta(minutes=30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"emergency": Fraction(1, 2)},
        {"emergency": Fraction(0)},
        {"share": Fraction(1)},
        {"short_share": Fraction(3, 2)},
        {"spread": Fraction(1, 4)},
        {"spread": Fraction(-1, 20)},
    ],
)
def test_rules_that_contradict_themselves_are_refused(wrong: dict[str, Fraction]) -> None:
    """A window that begins in the emergency, or ends in it, or is no part of the life."""
    with pytest.raises(ValueError, match=r"window|spread"):
        Rules(**wrong)  # type: ignore[arg-type]
    assert Rules() == RULES
