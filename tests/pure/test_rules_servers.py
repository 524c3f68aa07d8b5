"""Rules about servers, sites, apps and keys: each fires where it should, and stays silent where it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from everyhop.model.certificate import Chain, Leaf
from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.finding import Certainty
from everyhop.model.hop import Hop
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import (
    AppServer,
    Cookie,
    Custody,
    Debugger,
    Dialer,
    KeyFile,
    LoginRule,
    Origin,
    ProxyTrust,
    Reading,
    ServedChain,
    Site,
    Subject,
    Suites,
)
from everyhop.model.validity import Validity
from everyhop.model.wire import Wire
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YEAR = 31_536_000
FAR = TcpEndpoint("tips.example.org", 443)
HERE = TcpEndpoint("127.0.0.1", 8000)


def found(subject: Subject, endpoint: Endpoint = FAR, wire: Wire = Wire.HTTP) -> dict[str, Certainty]:
    hop = Hop("x", "nginx", "app", wire, endpoint)
    reading = Reading(subject, Origin.DECLARED, endpoint, hop, ())
    report = judge([reading], catalogue(), Policy(), command="test", started=NOW)
    return {finding.rule: finding.certainty for finding in report.findings}


def site(
    hsts: int | None = YEAR,
    *,
    elsewhere: bool = False,
    without: tuple[str, ...] = (),
    plain: bool = False,
    applies: bool = True,
) -> Site:
    return Site("nginx", True, True, hsts, applies, elsewhere, without, plain)


def served(days: int, key: str = "EC P-256") -> ServedChain:
    leaf = Leaf("CN=a", "CN=b", ("a",), 1, Validity(NOW, NOW + timedelta(days)), key, "ECDSA-SHA256", "00", b"")
    return ServedChain("nginx", Chain((leaf,)), None, None, "a")


def key(
    custody: Custody,
    mode: int | None = 0o600,
    *,
    encrypted: bool = False,
    words: str | None = "RSA 2048",
    shown: bool = False,
) -> KeyFile:
    return KeyFile("key", "a.key", words, encrypted, mode, custody, for_show=shown)


SURE, PERHAPS = Certainty.CERTAIN, Certainty.POSSIBLE


@pytest.mark.parametrize(
    ("subject", "rules"),
    [
        (site(), {}),
        (site(YEAR - 1), {"short-hsts": SURE}),
        (site(None), {"missing-hsts": SURE}),
        (site(None, elsewhere=True), {"missing-hsts": PERHAPS}),
        (site(None, applies=False), {}),
        (site(99, applies=False), {}),
        (site(without=("location /a",)), {"partial-hsts": SURE}),
        (site(None, elsewhere=True, without=("location /a",)), {"missing-hsts": PERHAPS}),
        (site(plain=True), {"hsts-over-http": SURE}),
        (Suites("nginx", "HIGH", ()), {}),
        (Cookie("flask", "session", secure=False, http_only=True), {"insecure-cookie": SURE}),
        (Cookie("flask", "session", secure=None, http_only=True), {"insecure-cookie": PERHAPS}),
        (Cookie("flask", "session", secure=False, http_only=True, sent=False), {}),
        (Suites("nginx", "RC4", ("RC4",)), {"weak-suites": SURE}),
        (served(90), {}),
        (served(825), {}),
        (served(826), {"long-lived-leaf": SURE}),
        (served(90, "RSA 1024"), {"weak-key": SURE}),
        (served(90, "RSA 2048"), {}),
        (served(90, "DSA 3072"), {"weak-key": SURE}),
        (served(90, "EC secp192r1"), {"weak-key": SURE}),
        (served(90, "Ed25519"), {}),
    ],
)
def test_sites_and_certificates(subject: Subject, rules: dict[str, Certainty]) -> None:
    """On the network."""
    assert found(subject) == rules


@pytest.mark.parametrize("subject", [site(None), site(99), site(plain=True), Suites("nginx", "RC4", ("RC4",))])
def test_nothing_is_demanded_of_a_site_on_the_loopback(subject: Subject) -> None:
    """No browser of anybody else gets there."""
    assert found(subject, HERE) == {}


@pytest.mark.parametrize(
    ("method", "network", "rules"),
    [
        ("trust", True, {"trust-auth": SURE}),
        ("ident", True, {"trust-auth": SURE}),
        ("any", True, {"trust-auth": SURE}),
        ("trust", False, {}),
        ("md5", True, {"md5-password-auth": PERHAPS}),
        ("md5", False, {}),
        ("password", True, {"md5-password-auth": SURE}),
        ("plain", True, {"md5-password-auth": SURE}),
        ("scram-sha-256", True, {}),
        ("cert", True, {}),
        ("reject", True, {}),
    ],
)
def test_how_people_log_in(method: str, network: bool, rules: dict[str, Certainty]) -> None:  # noqa: FBT001
    """By nothing, or by something that gives the password away."""
    assert found(LoginRule("postgresql", method, "", network), wire=Wire.POSTGRES) == rules


@pytest.mark.parametrize(
    ("trusted", "rules"),
    [("*", {"trusts-any-proxy": SURE}), ("10.0.0.1,*", {"trusts-any-proxy": SURE}), ("10.0.0.1", {}), ("", {})],
)
def test_whom_an_app_believes(trusted: str, rules: dict[str, Certainty]) -> None:
    """A star is anybody."""
    assert found(ProxyTrust("gunicorn", trusted)) == rules


@pytest.mark.parametrize(
    ("server", "rules"),
    [
        (AppServer("flask", "", development=False, debugger=Debugger.OFF), {}),
        (AppServer("flask", "", development=True, debugger=Debugger.OFF), {"development-server": SURE}),
        (AppServer("flask", "", development=False, debugger=Debugger.ON), {"debug-in-production": SURE}),
        (AppServer("flask", "", development=False, debugger=Debugger.SWITCHED), {}),
        (AppServer("flask", "", development=False, debugger=Debugger.IN_DEVELOPMENT), {}),
        (
            AppServer("flask", "", development=True, debugger=Debugger.ON, certain=False),
            {"development-server": PERHAPS, "debug-in-production": PERHAPS},
        ),
    ],
)
def test_what_serves_an_app(server: AppServer, rules: dict[str, Certainty]) -> None:
    """Each of the two by itself."""
    assert found(server) == rules


@pytest.mark.parametrize(
    ("subject", "rules"),
    [
        (key(Custody.TRACKED), {"key-in-repository": SURE}),
        (key(Custody.TRACKED, encrypted=True), {"key-in-repository": PERHAPS}),
        (key(Custody.TRACKED, shown=True), {"key-in-repository": PERHAPS}),
        (key(Custody.SHIPPED), {"key-in-repository": PERHAPS}),
        (key(Custody.KEPT), {}),
        (key(Custody.KEPT, 0o644), {"world-readable-key": SURE}),
        (key(Custody.KEPT, 0o644, encrypted=True), {}),
        (key(Custody.KEPT, 0o640), {}),
        (key(Custody.TRACKED, 0o644), {"key-in-repository": SURE}),
        (key(Custody.ELSEWHERE, None), {}),
        (key(Custody.KEPT, words="RSA 1024"), {"weak-key": SURE}),
        (key(Custody.KEPT, words=None), {}),
        (KeyFile("key", "k", None, False, None, Custody.ELSEWHERE, ("nginx", "mysql")), {"shared-key": PERHAPS}),
        (KeyFile("key", "k", None, False, 0o600, Custody.KEPT, ("nginx", "mysql")), {"shared-key": SURE}),
        (KeyFile("key", "k", None, False, 0o600, Custody.KEPT, ("nginx",)), {}),
    ],
)
def test_keys(subject: KeyFile, rules: dict[str, Certainty]) -> None:
    """Where they lie, who can read them, who serves with them."""
    assert found(subject) == rules


@pytest.mark.parametrize("assurance", Assurance)
@pytest.mark.parametrize("wire", Wire)
def test_exactly_one_rule_fires_on_a_dialer(assurance: Assurance, wire: Wire) -> None:
    """Over HTTP `unverified-upstream` stands for those that verify too little, and plaintext has its own."""
    dialer = Dialer("upstream", "nginx", None, Bounds.exactly(Posture(assurance, Floor.TLS_1_2)))
    own = ("plaintext-dial", "opportunistic-dial", "unverified-chain", "unverified-identity", None)[assurance]
    if wire is Wire.HTTP and assurance not in (Assurance.PLAINTEXT, Assurance.IDENTITY_VERIFIED):
        own = "unverified-upstream"
    assert found(dialer, wire=wire) == ({own: SURE} if own else {})


def test_every_rule_about_servers_says_what_ends_it() -> None:
    """Dialects write settings of dialers; for all others the rule itself has the advice."""
    subjects = (Suites, LoginRule, ProxyTrust, AppServer, KeyFile)
    rules = [rule for rule in catalogue().values() if rule.subject in subjects]
    assert len(rules) >= 9
    assert [rule.name for rule in rules if not rule.advice] == []
