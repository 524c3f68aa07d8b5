"""The lattice's laws: what everything else rests on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.posture import (
    BOTTOM,
    TOP,
    UNKNOWN,
    Assurance,
    Bounds,
    ClientAuth,
    Floor,
    Posture,
    Verdict,
    settle,
    settle_bounds,
)

postures = st.builds(Posture, st.sampled_from(Assurance), st.sampled_from(Floor), st.sampled_from(ClientAuth))


@st.composite
def bounds(draw: st.DrawFn) -> Bounds:
    one, other = draw(postures), draw(postures)
    return Bounds(one.meet(other), one.join(other))


@given(postures, postures, postures)
def test_order(a: Posture, b: Posture, c: Posture) -> None:
    """`<=` is a partial order with a least and a greatest element."""
    assert a <= a
    assert not (a <= b and b <= a) or a == b
    assert not (a <= b and b <= c) or a <= c
    assert BOTTOM <= a <= TOP


@given(postures, postures, postures)
def test_meet_and_join(a: Posture, b: Posture, c: Posture) -> None:
    """Meet and join commute, associate, absorb each other, and are the bounds they claim to be."""
    assert a.meet(b) == b.meet(a)
    assert a.join(b) == b.join(a)
    assert a.meet(b.meet(c)) == a.meet(b).meet(c)
    assert a.join(b.join(c)) == a.join(b).join(c)
    assert a.meet(a.join(b)) == a == a.join(a.meet(b))
    assert a.meet(b) <= a <= a.join(b)
    assert (a <= b) == (a.meet(b) == a) == (a.join(b) == b)


@given(postures, postures, postures, postures)
def test_settle(dialer: Posture, listener: Posture, stronger: Posture, other: Posture) -> None:
    """The dialer alone decides assurance, the listener alone client authentication; and `settle` is monotone."""
    hop = settle(dialer, listener)
    assert hop.assurance is dialer.assurance
    assert hop.client_auth is listener.client_auth
    assert hop.floor is max(dialer.floor, listener.floor)
    assert hop <= settle(dialer.join(stronger), listener.join(other))


@given(bounds(), bounds(), postures, postures)
def test_settle_bounds_is_sound(dialer: Bounds, listener: Bounds, a: Posture, b: Posture) -> None:
    """Whatever the two sides really are, within what is known of them, the hop is within what is computed."""
    a, b = dialer.low.join(a).meet(dialer.high), listener.low.join(b).meet(listener.high)
    assert settle(a, b) in settle_bounds(dialer, listener)


@given(bounds(), bounds(), postures)
def test_narrow_is_intersection(a: Bounds, b: Bounds, posture: Posture) -> None:
    """A posture is left possible by both exactly if it was possible for each; None is the empty intersection."""
    both = a.narrow(b)
    assert (posture in a and posture in b) == (both is not None and posture in both)
    assert a.narrow(b) == b.narrow(a)
    assert a.narrow(UNKNOWN) == a


@given(bounds(), bounds())
def test_widen_contains_both(a: Bounds, b: Bounds) -> None:
    """`widen` forgets, it never claims."""
    wide = a.widen(b)
    assert all(posture in wide for posture in (a.low, a.high, b.low, b.high))


@given(bounds(), postures, postures)
def test_verdict(known: Bounds, demanded: Posture, really: Posture) -> None:
    """MET and UNMET hold for every posture that is still possible; otherwise both answers are."""
    really = known.low.join(really).meet(known.high)
    match known.verdict(demanded):
        case Verdict.MET:
            assert demanded <= really
        case Verdict.UNMET:
            assert not demanded <= really
        case Verdict.UNDETERMINED:
            assert not demanded <= known.low
            assert demanded <= known.high


def test_empty_bounds_do_not_exist() -> None:
    """What is impossible cannot be said."""
    with pytest.raises(ValueError, match="empty"):
        Bounds(TOP, BOTTOM)


@pytest.mark.parametrize("assurance", Assurance)
def test_assurance_words(assurance: Assurance) -> None:
    """Every word is read back."""
    assert Assurance.parse(assurance.word) is assurance


@pytest.mark.parametrize("floor", [floor for floor in Floor if floor])
def test_floor_words(floor: Floor) -> None:
    """Every version is read back; TLSv1.0 is another way to write TLSv1."""
    assert Floor.parse(str(floor.word)) is floor
    assert Floor.parse("TLSv1.0") is Floor.TLS_1_0


def test_unknown_words_name_the_known_ones() -> None:
    """A typo is answered with what there is."""
    with pytest.raises(ValueError, match="verify-full"):
        Assurance.parse("verify")
    with pytest.raises(ValueError, match=r"TLSv1\.2"):
        Floor.parse("TLS1.2")
