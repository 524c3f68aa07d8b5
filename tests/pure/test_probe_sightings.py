"""What is concluded from answers: bounds, and readings for the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.hop import Hop, Topology
from everyhop.model.posture import BOTTOM, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Cookie, Dialer, Gap, Listener, Origin, Plaintext, Reading, ServedChain, Site
from everyhop.model.survey import HttpAnswer, Survey
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority
from everyhop.probe.bounds import NO_TLS, client_auth_of, floors_of, with_tls
from everyhop.probe.sightings import sightings
from everyhop.probe.trust import judge_chain
from tests.certificates import expired, good, new_authority, self_signed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANY_AUTH = (ClientAuth.ABSENT, ClientAuth.REQUIRED)
TLS_1_2 = (Floor.TLS_1_2, Floor.TLS_1_2)
WEB = Survey(
    endpoint=TcpEndpoint("t.example", 443),
    wire=Wire.HTTP,
    product="nginx",
    at=NOW,
    plaintext=Plaintext.REFUSED,
    tls=True,
    direct_tls=None,
    versions=("TLSv1.3", "TLSv1.2"),
    tls_version="TLSv1.3",
    suite="TLS_AES_256_GCM_SHA384",
    client_auth="absent",
    chain=None,
    trusted=None,
    name_matches=None,
    trust_reason="",
    server_name="t.example",
    server_version="1.22.1",
    bounds=with_tls(Plaintext.REFUSED, TLS_1_2, (ClientAuth.ABSENT, ClientAuth.ABSENT)),
    http_plain=HttpAnswer(301, "https://t.example/", None, ()),
    http_tls=HttpAnswer(200, None, "max-age=600", ("session; HttpOnly",)),
    said=("over TLS: HTTP 200",),
    hellos=1,
    handshakes=1,
    seconds=0.1,
)
DATABASE = replace(
    WEB, endpoint=TcpEndpoint("db", 5432), wire=Wire.POSTGRES, product="postgresql", http_plain=None, http_tls=None
)


def subjects(survey: Survey, topology: Topology | None = None) -> list[object]:
    readings = [one for one in sightings(survey, topology) if isinstance(one, Reading)]
    assert {reading.origin for reading in readings} == {Origin.OBSERVED}
    return [reading.subject for reading in readings]


@pytest.mark.parametrize(
    ("plaintext", "low", "high"),
    [
        (Plaintext.REFUSED, Assurance.ENCRYPTED, Assurance.ENCRYPTED),
        (Plaintext.ACCEPTED, Assurance.OPPORTUNISTIC, Assurance.OPPORTUNISTIC),
        (Plaintext.UNKNOWN, Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED),
    ],
)
def test_plaintext_decides_a_listeners_assurance(plaintext: Plaintext, low: Assurance, high: Assurance) -> None:
    """Never more than encrypted: who is verified is the dialer's business."""
    bounds = with_tls(plaintext, TLS_1_2, ANY_AUTH)
    assert (bounds.low.assurance, bounds.high.assurance) == (low, high)


def test_without_tls_everything_is_known() -> None:
    """The bottom, exactly."""
    assert Bounds.exactly(BOTTOM) == NO_TLS


def test_one_handshake_bounds_the_floor_from_above_only() -> None:
    """TLS 1.3 with a hello that offers all: what else is accepted, nobody knows."""
    assert floors_of("TLSv1.3") == (Floor.NONE, Floor.TLS_1_3)


@given(st.sampled_from(Wire), st.sampled_from([None, "optional", "required"]), st.sampled_from([None, True, False]))
def test_client_auth_is_always_an_interval(wire: Wire, word: str | None, asked: bool | None) -> None:  # noqa: FBT001
    """Low before high, and a database that asks is not taken to demand."""
    low, high = client_auth_of(wire, word, asked=asked)
    assert low <= high
    assert asked is False or wire is Wire.HTTP or (low, high) == ANY_AUTH


def test_a_web_site_is_a_listener_a_browsers_dial_a_site_and_its_cookies() -> None:
    """With what a browser does: chain and name verified, TLS 1.2 or newer."""
    listener, dialer, site, crumb = subjects(WEB)
    assert isinstance(listener, Listener)
    assert isinstance(dialer, Dialer)
    assert dialer.bounds.settled == Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    assert site == Site("nginx", https=True, redirects=True, hsts_max_age=600, hsts_applies=True)
    assert crumb == Cookie("nginx", "session", secure=False, http_only=True)


def test_a_web_site_without_tls_is_dialled_in_plaintext() -> None:
    """HSTS over plain HTTP is no HSTS (RFC 6797 section 8.1)."""
    bare = replace(WEB, tls=False, bounds=NO_TLS, http_tls=None, http_plain=HttpAnswer(200, None, "max-age=9", ()))
    _, dialer, site = subjects(bare)
    assert isinstance(dialer, Dialer)
    assert dialer.bounds.settled == BOTTOM
    assert isinstance(site, Site)
    assert (site.https, site.hsts_max_age) == (False, None)


@pytest.mark.parametrize(
    ("name", "applies"), [("10.0.0.1", False), ("localhost", False), ("app.localhost", False), ("mylocalhost", True)]
)
def test_an_address_needs_no_hsts(name: str, applies: bool) -> None:  # noqa: FBT001
    """Browsers ignore it there; on localhost it would bind what else runs there."""
    site = next(one for one in subjects(replace(WEB, server_name=name)) if isinstance(one, Site))
    assert site.hsts_applies is applies


def test_a_database_is_a_listener_alone() -> None:
    """No browser, no site."""
    assert [type(one) for one in subjects(DATABASE)] == [Listener]


def test_a_named_hop_is_used_and_else_one_is_made() -> None:
    """Readings of one listener from several observers have to meet on one hop."""
    named = Hop("db", "app", "postgresql", Wire.POSTGRES, TcpEndpoint("DB.", 5432))
    assert {one.hop for one in sightings(DATABASE, Topology((named,)))} == {named}
    made = sightings(DATABASE, Topology(()))[0].hop
    assert made is not None
    assert (made.name, made.dialer) == ("db:5432", "client")


def test_between_proxy_and_application_there_is_no_browser() -> None:
    """A proxy obeys no HSTS: there it is no fault that none is sent."""
    inner = Hop("app", "nginx", "gunicorn", Wire.HTTP, WEB.endpoint)
    assert [type(one) for one in subjects(WEB, Topology((inner,)))] == [Listener]


@pytest.mark.parametrize("make", [expired, lambda _, name: self_signed(name)])
def test_a_chain_that_leads_nowhere_is_untrusted_and_still_named(
    make: Callable[[Authority, str], Issued],
) -> None:
    """Trust and name are two answers."""
    authority = new_authority()
    issued = make(authority, "db.test")
    shown = judge_chain([issued.chain.leaf.der], authority.anchors_pem, "db.test", datetime.now(UTC))
    assert (shown.trusted, shown.name_matches) == (False, True)
    assert shown.reason


def test_a_good_chain_is_trusted_for_its_name_and_not_for_another() -> None:
    """And with no anchors, trust is not judged."""
    authority = new_authority()
    served, now = [good(authority, "db.test").chain.leaf.der], datetime.now(UTC)
    right = judge_chain(served, authority.anchors_pem, "db.test", now)
    wrong = judge_chain(served, authority.anchors_pem, "other.test", now)
    nothing = judge_chain(served, None, "db.test", now)
    assert (right.trusted, right.name_matches, right.reason) == (True, True, "")
    assert (wrong.trusted, wrong.name_matches) == (True, False)
    assert (nothing.trusted, nothing.name_matches) == (None, True)
    assert "--ca" in nothing.reason


def test_trust_is_evidence_and_reaches_the_rule() -> None:
    """The reason stands with the chain that it is about."""
    issued = self_signed("db")
    served = replace(DATABASE, chain=issued.chain, trusted=False, name_matches=True, trust_reason="nobody vouches")
    _, shown = subjects(served)
    assert isinstance(shown, ServedChain)
    assert (shown.trusted, shown.why) == (False, "nobody vouches")


@pytest.mark.parametrize(
    ("hidden", "word"),
    [
        (replace(DATABASE, trust_reason="it is no DER"), "it is no DER"),
        (replace(WEB, http_tls=None), "headers and cookies were not seen"),
        (replace(WEB, http_plain=None, plaintext=Plaintext.UNKNOWN), "comes without TLS"),
    ],
)
def test_what_a_listener_hides_is_a_gap_and_no_pass(hidden: Survey, word: str) -> None:
    """A certificate that nobody can parse, an answer that never comes, a port that swallows: none of them is good."""
    issued = good(new_authority(), "t.example")
    gaps = [one for one in sightings(hidden, None) if isinstance(one, Gap)]
    assert [gap for gap in gaps if word in gap.reason and gap.hint and gap.hop]
    assert not [one for one in sightings(replace(WEB, chain=issued.chain), None) if isinstance(one, Gap)]


def test_a_plain_port_is_judged_where_the_site_over_tls_does_not_answer() -> None:
    """What could be seen counts, and nothing is said of a header that could not."""
    cut = replace(WEB, http_tls=None, http_plain=HttpAnswer(200, None, None, ()), plaintext=Plaintext.ACCEPTED)
    site = next(one for one in subjects(cut) if isinstance(one, Site))
    assert (site.redirects, site.hsts_applies) == (False, False)


@given(st.binary(max_size=300))
def test_a_hostile_certificate_is_no_exception(der: bytes) -> None:
    """Whatever stands where a certificate should: not trusted, no chain, a reason."""
    shown = judge_chain([der], None, "db", NOW)
    assert shown.chain is None
    assert shown.reason.isprintable()
