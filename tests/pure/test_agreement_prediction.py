"""The agreement suite's own promises: what a prediction may say."""

from __future__ import annotations

from itertools import combinations

import pytest

from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer
from tests.agreement.cases import ATTACKS, Case
from tests.agreement.prediction import Cell, predict

ATTACKING = sorted(ATTACKS, key=lambda case: case.name)
CASES = pytest.mark.parametrize("case", Case, ids=lambda case: case.name)


def exactly(assurance: Assurance, *notes: str) -> Dialer:
    posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
    return Dialer("postgresql", "psycopg", None, Bounds.exactly(posture), notes)


@CASES
def test_more_assurance_never_shows_more(case: Case) -> None:
    for weaker, stronger in combinations(Assurance, 2):
        if predict(exactly(stronger), case).readable:
            assert predict(exactly(weaker), case).readable


@CASES
def test_who_verifies_is_read_by_nobody(case: Case) -> None:
    predicted = predict(exactly(Assurance.IDENTITY_VERIFIED, "cn-fallback", "clear-password"), case)
    assert predicted.readable is False
    assert case is Case.ASKS_VERIFIED or not predicted.given


@pytest.mark.parametrize("case", ATTACKING, ids=[case.name for case in ATTACKING])
def test_who_is_bound_to_the_channel_meets_no_relay(case: Case) -> None:
    assert predict(exactly(Assurance.ENCRYPTED, "channel-bound"), case).connects is False


def test_a_good_server_is_refused_only_where_something_stands_in_the_way() -> None:
    """The twin: or a prediction of refusals would always be safe."""
    for assurance in Assurance:
        assert predict(exactly(assurance), Case.GOOD).connects
        assert predict(exactly(assurance), Case.IP_SAN).connects
    assert predict(exactly(Assurance.IDENTITY_VERIFIED, "cn-fallback"), Case.CN_ONLY).connects
    assert not predict(exactly(Assurance.IDENTITY_VERIFIED), Case.CN_ONLY).connects


def test_what_the_bounds_leave_open_is_not_predicted() -> None:
    open_bounds = Bounds(Posture(Assurance.PLAINTEXT), Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2))
    dialer = Dialer("postgresql", "psycopg", None, open_bounds)
    assert predict(dialer, Case.GOOD) == Cell(connects=True, readable=None)
    assert predict(dialer, Case.IMPOSTOR) == Cell(connects=None, readable=None)
