"""Every rule fires where it should, and stays silent where it should; the judge compares before it judges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.certificate import Chain, Leaf
from everyhop.model.endpoint import Locality, TcpEndpoint, UnixEndpoint
from everyhop.model.evidence import RuntimeSample, SourceSpan, Transcript
from everyhop.model.finding import Certainty, Severity
from everyhop.model.hop import Hop, Topology
from everyhop.model.posture import TOP, UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.report import Grade, Report
from everyhop.model.sighting import (
    Cookie,
    Dialer,
    Gap,
    Listener,
    Origin,
    Reading,
    ServedChain,
    Sighting,
    Site,
    Subject,
    Version,
)
from everyhop.model.validity import Validity
from everyhop.model.waiver import Waiver
from everyhop.model.wire import Wire
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from tests.certificates import good, new_authority

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DB = TcpEndpoint("db.internal", 5432)
HOP = Hop("db", "app", "postgresql", Wire.POSTGRES, DB)
SPAN = SourceSpan("config.py", 18, 5, 18, 60, "postgresql://app:***@db.internal/app", "DATABASE_URL")
FOUR = ("plaintext-dial", "opportunistic-dial", "unverified-chain", "unverified-identity")


def exactly(assurance: Assurance, floor: Floor = Floor.TLS_1_2) -> Bounds:
    return Bounds.exactly(Posture(assurance, floor))


def dialer(bounds: Bounds, *notes: str) -> Dialer:
    return Dialer("postgresql", "psycopg2", None, bounds, notes)


def listener(bounds: Bounds) -> Listener:
    return Listener("postgresql", None, bounds)


def seen(subject: Subject, origin: Origin = Origin.DECLARED, hop: Hop | None = HOP, *evidence: SourceSpan) -> Reading:
    return Reading(subject, origin, hop.endpoint if hop else DB, hop, evidence)


def report(*sightings: Sighting, policy: Policy | None = None) -> Report:
    return judge(sightings, catalogue(), policy or Policy(), command="test", started=NOW)


def fired(*sightings: Sighting, policy: Policy | None = None) -> list[str]:
    return sorted(finding.rule for finding in report(*sightings, policy=policy).findings)


def chain(**changes: object) -> Chain:
    validity = Validity(NOW - timedelta(days=1), NOW + timedelta(days=89))
    leaf = Leaf("CN=db", "CN=Lab", ("db.internal",), 1, validity, "EC P-256", "ECDSA-SHA256", "00", b"")
    return Chain((replace(leaf, **changes),))  # type: ignore[arg-type]


def served(chain_: Chain, *, trusted: bool | None = True, name: bool | None = True) -> Reading:
    return seen(ServedChain("postgresql", chain_, trusted, name, "db.internal"), Origin.OBSERVED)


@given(st.sampled_from(Assurance), st.sampled_from(Assurance), st.sampled_from(Assurance))
def test_exactly_one_dialer_rule_fires(one: Assurance, other: Assurance, demanded: Assurance) -> None:
    """Where the demanded assurance is not met for sure; and none where it is."""
    low, high = sorted((one, other))
    findings = [
        finding
        for finding in report(seen(dialer(Bounds.between(low, high))), policy=Policy(require=demanded)).findings
        if finding.rule in FOUR
    ]
    assert len(findings) == (0 if low >= demanded else 1)
    for finding in findings:
        assert finding.certainty is (Certainty.CERTAIN if high < demanded else Certainty.POSSIBLE)
        assert finding.rule == FOUR[high if high < demanded else low]


@pytest.mark.parametrize(
    ("assurance", "rule"),
    list(zip(Assurance, (*FOUR, None), strict=True)),
    ids=lambda value: getattr(value, "word", value),
)
def test_dialer_rules(assurance: Assurance, rule: str | None) -> None:
    """Each assurance below verify-full has its own rule."""
    assert fired(seen(dialer(exactly(assurance)))) == ([rule] if rule else [])


@pytest.mark.parametrize("endpoint", [TcpEndpoint("127.0.0.1", 5432), UnixEndpoint("/run/db.sock")])
def test_local_hops_are_excused_by_policy_only(endpoint: TcpEndpoint | UnixEndpoint) -> None:
    """Plaintext on the loopback and a socket is fine by default, and is not where the policy says nowhere."""
    reading = seen(dialer(exactly(Assurance.PLAINTEXT)), hop=replace(HOP, endpoint=endpoint))
    assert fired(reading) == []
    assert fired(reading, policy=Policy(local=frozenset())) == ["plaintext-dial"]


def test_a_hop_of_its_own_demand() -> None:
    """`[hop.db] require` counts for that hop, also below the policy's."""
    policy = Policy(demands={"db": Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)})
    assert fired(seen(dialer(exactly(Assurance.ENCRYPTED))), policy=policy) == []
    assert fired(seen(dialer(exactly(Assurance.ENCRYPTED)), hop=replace(HOP, name="x")), policy=policy) != []


@pytest.mark.parametrize(
    ("bounds", "rules"),
    [
        (exactly(Assurance.PLAINTEXT), ["plaintext-accepted"]),
        (exactly(Assurance.OPPORTUNISTIC), ["plaintext-accepted"]),
        (exactly(Assurance.ENCRYPTED), []),
        (exactly(Assurance.ENCRYPTED, Floor.TLS_1_0), ["old-tls-versions"]),
        (Bounds.between(Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED), ["plaintext-accepted"]),
    ],
)
def test_listener_rules(bounds: Bounds, rules: list[str]) -> None:
    """A listener that takes plaintext, or may, and one that speaks old versions."""
    assert fired(seen(listener(bounds), Origin.OBSERVED)) == rules


def test_what_the_protocol_does_not_tell_is_possible() -> None:
    """And caps the grade at A-, because an unknown is not a pass."""
    unknown = seen(listener(Bounds.between(Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED)), Origin.OBSERVED)
    result = report(unknown, seen(dialer(exactly(Assurance.IDENTITY_VERIFIED))))
    assert [finding.certainty for finding in result.findings] == [Certainty.POSSIBLE]
    assert result.grade is Grade.A_MINUS


def test_the_servers_own_settings_settle_it() -> None:
    """A second reading of the same listener narrows the first."""
    unknown = seen(listener(Bounds.between(Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED)), Origin.OBSERVED)
    settled = seen(listener(Bounds.between(Assurance.ENCRYPTED, Assurance.ENCRYPTED)), Origin.OBSERVED)
    assert fired(unknown, settled) == []


@pytest.mark.parametrize(
    ("reading", "rules"),
    [
        (served(chain()), []),
        (served(chain(), trusted=None, name=None), []),
        (served(chain(), trusted=False), ["untrusted-chain"]),
        (served(chain(), name=False), ["wrong-name"]),
        (
            served(chain(validity=Validity(NOW - timedelta(9), NOW - timedelta(1))), trusted=False),
            ["expired-certificate"],
        ),
        (served(chain(validity=Validity(NOW + timedelta(1), NOW + timedelta(9)))), ["expired-certificate"]),
    ],
)
def test_certificate_rules(reading: Reading, rules: list[str]) -> None:
    """Each defect of a chain has one rule; what could not be judged fires none."""
    assert fired(reading) == rules


WEB = Hop("edge", "browser", "nginx", Wire.HTTP, TcpEndpoint("tips.example.org", 443))


@pytest.mark.parametrize(
    ("subject", "rules"),
    [
        (Site("nginx", https=True, redirects=True, hsts_max_age=31_536_000, hsts_applies=True), []),
        (Site("nginx", https=True, redirects=None, hsts_max_age=31_536_000, hsts_applies=True), []),
        (Site("nginx", https=True, redirects=False, hsts_max_age=31_536_000, hsts_applies=True), ["missing-redirect"]),
        (Site("nginx", https=True, redirects=True, hsts_max_age=None, hsts_applies=True), ["missing-hsts"]),
        (Site("nginx", https=True, redirects=True, hsts_max_age=0, hsts_applies=True), ["missing-hsts"]),
        (Site("nginx", https=True, redirects=True, hsts_max_age=None, hsts_applies=False), []),
        (Site("nginx", https=False, redirects=False, hsts_max_age=None, hsts_applies=True), []),
        (Cookie("flask", "session", secure=True, http_only=True), []),
        (Cookie("flask", "session", secure=False, http_only=True), ["insecure-cookie"]),
        (Cookie("flask", "session", secure=None, http_only=True), ["insecure-cookie"]),
        (listener(exactly(Assurance.OPPORTUNISTIC)), []),
    ],
)
def test_http_rules(subject: Subject, rules: list[str]) -> None:
    """A site that redirects and sends HSTS is clean; a plain port of a web site is no defect of itself."""
    assert fired(seen(subject, Origin.OBSERVED, WEB)) == rules


@pytest.mark.parametrize(
    ("subject", "rules"),
    [
        (dialer(exactly(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_0)), ["low-floor"]),
        (dialer(exactly(Assurance.PLAINTEXT, Floor.NONE)), ["plaintext-dial"]),
        (dialer(exactly(Assurance.IDENTITY_VERIFIED), "ignored-option:sslmod"), ["ignored-option"]),
        (dialer(exactly(Assurance.IDENTITY_VERIFIED), "refused-option:sslmod:TypeError"), []),
        (dialer(exactly(Assurance.IDENTITY_VERIFIED), "cn-fallback"), []),
    ],
)
def test_floor_and_options(subject: Subject, rules: list[str]) -> None:
    """Old versions count where there is TLS; a note is a finding only where it says so."""
    assert fired(seen(subject)) == rules


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("password-in-source", "password-in-source"),
        ("password-in-source:app/settings.py:2", "password-in-source"),
        ("default-secret:DATABASE_URL", "secret-in-url-default"),
        ("server-key:/etc/mysql/server-key.pem", "server-key-as-client-key"),
        ("outdated:1.2.0", "outdated-driver"),
    ],
)
def test_rules_on_notes(note: str, rule: str) -> None:
    """What is noted for sure is certain, what is noted with `perhaps-` possible; both are told once, as certain."""
    sure, unsure = (dialer(exactly(Assurance.IDENTITY_VERIFIED), text) for text in (note, f"perhaps-{note}"))
    both = replace(sure, notes=(*unsure.notes, *sure.notes))
    (certain,) = report(seen(sure)).findings
    (possible,) = report(seen(unsure)).findings
    (joined,) = report(seen(both)).findings
    assert {finding.rule for finding in (certain, possible, joined)} == {rule}
    found = (certain.certainty, possible.certainty, joined.certainty)
    assert found == (Certainty.CERTAIN, Certainty.POSSIBLE, Certainty.CERTAIN)
    detail = note.partition(":")[2]
    assert all(detail in finding.message for finding in (certain, possible, joined))
    assert catalogue()[rule].advice  # no setting of the dialer's ends it


@pytest.mark.parametrize(
    "note", ["password", "password-in-sources", "outdated-option", "perhaps", "file-assumed:/etc/mysql/server-key.pem"]
)
def test_rules_on_notes_take_no_note_for_another(note: str) -> None:
    """A word that begins alike, or a detail that names the same, is another note."""
    assert fired(seen(dialer(exactly(Assurance.IDENTITY_VERIFIED), note))) == []


def test_what_stands_in_the_source_stands_there_for_local_hops_too() -> None:
    """A key handed on is one on the loopback as well; an old driver matters only where TLS does."""
    local = replace(HOP, endpoint=TcpEndpoint("127.0.0.1", 5432))
    subject = dialer(exactly(Assurance.PLAINTEXT), "outdated:1.2.0", "server-key:/etc/mysql/server-key.pem")
    assert fired(seen(subject, hop=local)) == ["server-key-as-client-key"]


def test_an_outdated_driver_is_told_with_its_version_and_its_source() -> None:
    """The version found, the first good one, and who says so."""
    old = replace(
        dialer(exactly(Assurance.OPPORTUNISTIC), "outdated:1.2.0"), driver="pymysql", version=Version("1.1.1")
    )
    told = {finding.rule: finding for finding in report(seen(old)).findings}
    assert set(told) == {"opportunistic-dial", "outdated-driver"}
    assert told["outdated-driver"].message == "pymysql 1.1.1 is older than 1.2.0"
    assert "changelog" in told["outdated-driver"].why


@pytest.mark.parametrize(
    ("low", "high", "demanded", "certainty"),
    [
        (ClientAuth.ABSENT, ClientAuth.ABSENT, ClientAuth.REQUIRED, Certainty.CERTAIN),
        (ClientAuth.ABSENT, ClientAuth.OPTIONAL, ClientAuth.REQUIRED, Certainty.POSSIBLE),
        (ClientAuth.OPTIONAL, ClientAuth.OPTIONAL, ClientAuth.REQUIRED, None),
        (ClientAuth.REQUIRED, ClientAuth.REQUIRED, ClientAuth.REQUIRED, None),
        (ClientAuth.ABSENT, ClientAuth.ABSENT, ClientAuth.OPTIONAL, None),
        (ClientAuth.ABSENT, ClientAuth.ABSENT, ClientAuth.ABSENT, None),
    ],
)
def test_missing_client_certificate(
    low: ClientAuth, high: ClientAuth, demanded: ClientAuth, certainty: Certainty | None
) -> None:
    """Fires where the policy demands a certificate and the app has, or may have, none to show."""
    verified = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    bounds = Bounds(replace(verified, client_auth=low), replace(verified, client_auth=high))
    policy = Policy(demands={"db": replace(verified, client_auth=demanded)})
    found = report(seen(dialer(bounds)), policy=policy).findings
    assert [(finding.rule, finding.certainty) for finding in found] == (
        [("missing-client-certificate", certainty)] if certainty else []
    )


def test_one_place_that_is_read_in_two_ways_is_one_finding() -> None:
    """The same to say of one line is said once, with every use; a place beside it is another."""
    use = replace(SPAN, path="app.py", line=3)
    one = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, SPAN)
    other = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, replace(SPAN, snippet="x"), use)
    beside = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, replace(SPAN, column=90))
    (finding,) = report(one, other).findings
    assert use in finding.evidence
    assert len(report(one, other, beside).findings) == 2


def test_drift() -> None:
    """Declared verify-full, seen in plaintext: both are told, and one rule says that they exclude each other."""
    declared = seen(dialer(exactly(Assurance.IDENTITY_VERIFIED)), Origin.DECLARED, HOP, SPAN)
    live = seen(dialer(Bounds.between(Assurance.PLAINTEXT, Assurance.OPPORTUNISTIC)), Origin.OBSERVED)
    result = report(declared, live)
    assert {finding.rule: finding.span for finding in result.findings} == {"drift": SPAN, "opportunistic-dial": None}
    assert result.grade is Grade.F


def test_no_drift_where_both_can_be_true() -> None:
    """A live TLS connection leaves `verify-full` possible, and the declaration makes it certain."""
    declared = seen(dialer(exactly(Assurance.IDENTITY_VERIFIED)))
    live = seen(dialer(Bounds.between(Assurance.OPPORTUNISTIC, Assurance.IDENTITY_VERIFIED)), Origin.OBSERVED)
    assert fired(declared, live) == []


def test_drift_between_any_two() -> None:
    """Three readings of which only the last two exclude each other."""
    readings = [
        seen(listener(bounds), Origin.OBSERVED)
        for bounds in (UNKNOWN, exactly(Assurance.PLAINTEXT), exactly(Assurance.ENCRYPTED))
    ]
    assert "drift" in fired(*readings)


def test_two_programs_on_one_hop_are_judged_apart() -> None:
    """What one of them declares says nothing about the other."""
    good = seen(dialer(exactly(Assurance.IDENTITY_VERIFIED)), Origin.DECLARED, HOP, SPAN)
    bad = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, replace(SPAN, line=30, snippet="x"))
    assert fired(good, bad) == ["plaintext-dial"]


def test_one_finding_for_one_cause() -> None:
    """What was seen live is evidence for the line that causes it, not a second finding."""
    live = RuntimeSample(NOW, None, None, None)
    declared = seen(dialer(exactly(Assurance.OPPORTUNISTIC)), Origin.DECLARED, HOP, SPAN)
    observed = replace(seen(dialer(exactly(Assurance.OPPORTUNISTIC)), Origin.OBSERVED), evidence=(live,))
    (finding,) = report(declared, observed).findings
    assert finding.evidence == (SPAN, live)


def test_the_fingerprint_survives_moved_lines() -> None:
    """And tells two places apart."""
    moved = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, replace(SPAN, line=99))
    here = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, SPAN)
    other = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, replace(SPAN, path="x.py"))
    prints = [report(reading).findings[0].fingerprint for reading in (here, moved, other)]
    assert prints[0] == prints[1] != prints[2]


def test_waivers() -> None:
    """Excuse what they name, where and as long as they say, and nothing is hidden."""
    waiver = Waiver("plaintext-dial", "conf*.py", "test database", date(2026, 11, 22), SPAN)
    reading = seen(dialer(exactly(Assurance.PLAINTEXT)), Origin.DECLARED, HOP, SPAN)
    waived = report(reading, policy=Policy(waivers=(waiver,)))
    assert (waived.findings, len(waived.waived), waived.grade) == ((), 1, Grade.A)
    for useless in (
        replace(waiver, until=date(2026, 11, 21)),
        replace(waiver, where="tests/**"),
        replace(waiver, rule="drift"),
    ):
        assert "plaintext-dial" in fired(reading, policy=Policy(waivers=(useless,)))


def test_the_names_of_a_hostile_certificate_do_not_flood_a_report() -> None:
    """It may hold thousands, of any length."""
    leaf = good(new_authority(), *(f"host{number}.example" for number in range(50))).chain.leaf
    chain = Chain((leaf,))
    shown = ServedChain("nginx", chain, trusted=True, name_matches=False, name="other.example")
    (finding,) = [one for one in report(seen(shown, Origin.OBSERVED)).findings if one.rule == "wrong-name"]
    assert "host4.example, …" in finding.why
    assert "host5.example" not in finding.why


def graded(*sightings: Sighting) -> Grade | None:
    return report(*sightings).grade


def test_grades() -> None:
    """Caps, never averages: a chain is as good as its weakest hop."""
    verified = seen(dialer(exactly(Assurance.IDENTITY_VERIFIED)))
    spoken = Transcript(NOW, (), "TLSv1.3")
    refusing = replace(seen(listener(exactly(Assurance.ENCRYPTED)), Origin.OBSERVED), evidence=(spoken,))
    older = replace(refusing, evidence=(replace(spoken, tls_version="TLSv1.2"),))
    elsewhere = replace(HOP, name="other", endpoint=TcpEndpoint("other.internal", 5432))
    assert graded() is None
    assert graded(verified) is Grade.A
    assert graded(verified, refusing) is Grade.A_PLUS
    unsure = Bounds(Posture(Assurance.ENCRYPTED), Posture(Assurance.ENCRYPTED, Floor.TLS_1_3))
    assert graded(verified, replace(refusing, subject=listener(unsure))) is Grade.A  # old versions not ruled out
    assert graded(verified, older) is Grade.A_MINUS
    assert graded(verified, refusing, Gap("x", "y", "z", HOP)) is Grade.A_MINUS
    assert graded(seen(dialer(exactly(Assurance.CHAIN_VERIFIED)))) is Grade.C
    assert graded(seen(dialer(exactly(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_0)))) is Grade.B
    assert graded(verified, refusing, seen(dialer(exactly(Assurance.PLAINTEXT)), hop=elsewhere)) is Grade.F


def test_the_catalogue_is_whole() -> None:
    """Every rule has a page that begins with a sentence, a weakness, and a name that its file has."""
    for name, rule in catalogue().items():
        assert name == rule.name == rule.judge.__module__.rpartition(".")[2].replace("_", "-")
        assert rule.page.splitlines()[0].endswith(".")
        assert "\n\nFires " in rule.page
        assert all(cwe.startswith("CWE-") for cwe in rule.cwe)
        assert rule.severity in Severity
        assert rule.advice or rule.subject is Dialer  # only a dialer's settings are written by a dialect


def test_policy_defaults() -> None:
    """The mission: verify-full with TLS 1.2, except where no network is."""
    policy = Policy()
    assert policy.demand(None, None) == Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    assert policy.local == {Locality.UNIX, Locality.LOOPBACK}
    assert policy.demand(None, DB) <= TOP


def test_a_hop_that_nobody_looked_at() -> None:
    """Is a gap and no pass; a local one needs nobody to look, and the report keeps the order of the request."""
    socket = Hop("app", "nginx", "flask", Wire.HTTP, UnixEndpoint("/run/app.sock"))
    topology = Topology((WEB, socket, HOP))
    sightings = [seen(dialer(exactly(Assurance.IDENTITY_VERIFIED)))]
    result = judge(sightings, catalogue(), Policy(), command="test", started=NOW, topology=topology)
    assert [(state.hop.name, state.grade) for state in result.hops] == [
        ("edge", None),
        ("app", Grade.A),
        ("db", Grade.A),
    ]
    assert [gap.hop for gap in result.gaps] == [WEB]
    assert result.grade is Grade.A_MINUS


def test_a_hop_with_a_gap_has_one_gap() -> None:
    """What could not be looked at is told once."""
    result = judge(
        [Gap("x", "down", "start it", WEB)],
        catalogue(),
        Policy(),
        command="test",
        started=NOW,
        topology=Topology((WEB,)),
    )
    assert [gap.reason for gap in result.gaps] == ["down"]


def test_an_expired_waiver_is_a_finding() -> None:
    """At the line where it stands; one that still holds is none."""
    old = Waiver("plaintext-dial", "tests/**", "test database", date(2026, 11, 21), SPAN)
    (finding,) = report(policy=Policy(waivers=(old, replace(old, until=date(2026, 11, 22))))).findings
    assert (finding.rule, finding.span) == ("expired-waiver", SPAN)


@pytest.mark.parametrize(
    ("policy", "fires"),
    [(Policy(), False), (Policy(local=frozenset()), True), (Policy(local=frozenset({Locality.UNIX})), True)],
)
def test_this_machine_is_excused_where_the_policy_says_so(policy: Policy, fires: bool) -> None:  # noqa: FBT001
    """The port of such an endpoint is not known, its host is: the policy still decides what the loopback may do."""
    dialer = Dialer("http", "nginx", None, Bounds.exactly(Posture(Assurance.PLAINTEXT)), ("on-this-machine",))
    reading = Reading(dialer, Origin.DECLARED, None, None, ())
    report = judge((reading,), catalogue(), policy, command="scan", started=NOW)
    assert ("plaintext-dial" in {finding.rule for finding in report.findings}) is fires
