"""Every place in tests/cases/scan that is marked is found, by the rule that the mark names; nothing else is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.finding import Certainty, Finding
from everyhop.model.hop import Hop, Topology
from everyhop.model.report import Report
from everyhop.model.sighting import Dialer, Reading, Version
from everyhop.model.wire import Wire
from everyhop.render.summary import summary
from everyhop.scan.observe import Observed, observe
from everyhop.scan.workspace import Kind, Source, Workspace

CASES = Path(__file__).parents[1] / "cases" / "scan"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Rules with commas between them, each with `possible` behind it where it is; `below` where a line can hold no comment.
MARK = re.compile(r"# expect(?P<below> below)?: (?P<rules>[a-z0-9, -]+)")
# Most lines of the cases hold a password, which is not what they are about.
SECRETS_APART = frozenset({"password-in-source", "secret-in-url-default"})
ABOUT_SECRETS = frozenset({"passwords", "silent.py"})
SECRETS = ("secret", "hunter2", "p@ss", "p%40ss", "k3Ejh8-Zq", "k3Ejh8@Zq", "k3Ejh8%40Zq")

Place = tuple[str, int, str, str]


def report(path: Path) -> Report:
    return scan([path], Settings(), NOW)


def marked(case: Path) -> set[Place]:
    files = [path for path in case.rglob("*") if path.is_file()] if case.is_dir() else [case]
    root = case if case.is_dir() else Path.cwd()
    found: set[Place] = set()
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for match in MARK.finditer(line):
                marked_line = number + 1 if match["below"] else number
                for mark in match["rules"].split(","):
                    rule, _, certainty = mark.strip().partition(" ")
                    found.add((file.relative_to(root).as_posix(), marked_line, rule, certainty or "certain"))
    return found


def place(finding: Finding) -> Place:
    assert finding.span is not None
    return finding.span.path, finding.span.line, finding.rule, finding.certainty.value


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.name != "broken"))
def test_what_is_marked_is_found_and_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lines of the cases must stay silent than must be reported."""
    monkeypatch.chdir(CASES)
    case = CASES / name
    seen = report(case)
    findings = [f for f in seen.findings if name in ABOUT_SECRETS or f.rule not in SECRETS_APART]
    assert {place(finding) for finding in findings} == marked(case)
    assert len(findings) == len(marked(case))
    assert seen.gaps == ()


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_no_password_is_in_what_is_reported(name: str) -> None:
    """Snippets, messages and replacements are made of masked text."""
    told = repr(report(CASES / name))
    assert [secret for secret in SECRETS if re.search(rf"[:=@'\"]{re.escape(secret)}(?!-in-)", told)] == []


def test_every_finding_says_what_would_end_it() -> None:
    """A finding without a way out is half a finding."""
    for finding in report(CASES / "engines.py").findings:
        assert finding.remediation is not None
        assert finding.remediation.text
        if finding.certainty is Certainty.CERTAIN:
            assert finding.remediation.replacement is not None
            words = ("verify-full", "ssl_ca", "create_default_context")
            assert any(word in finding.remediation.replacement for word in words)


def test_files_that_do_not_parse_are_gaps_with_their_line() -> None:
    """The rest of the scan goes on, and a file that cannot matter is not even parsed."""
    gaps = {gap.where for gap in report(CASES / "broken").gaps}
    assert gaps == {"settings.py:1", "docker-compose.yml:3", "uv.lock:1", "values.yaml:2"}


def test_a_variable_and_its_use_are_one_reading_with_both_places() -> None:
    """The place of the value comes first: that is where the fix goes."""
    seen = report(CASES / "environment")
    (finding,) = [finding for finding in seen.findings if finding.span and finding.span.line == 3]
    assert [str(item) for item in finding.evidence] == [".env:3:22", "app.py:5:41"]
    assert finding.hop is not None
    assert (finding.hop.name, str(finding.endpoint)) == ("SQLALCHEMY_DATABASE_URI", "db.internal:5432")


def test_a_dialer_and_the_compose_service_it_names_stand_on_one_hop() -> None:
    """`db` in a URL is the service `db`: both sides of the hop are seen."""
    states = {str(state.hop.endpoint): state for state in report(CASES / "compose").hops}
    assert states["db:5432"].dialer is not None
    assert states["db:5432"].listener is not None
    assert states["db:5432"].hop.listener == "db"
    assert states["strict:3306"].dialer is None


NOWHERE = Topology()
UNKNOWN = "import os\nSQLALCHEMY_DATABASE_URI = os.environ['DATABASE_URL']\n"


def observed(source: str, requirements: str, topology: Topology = NOWHERE) -> Observed:
    sources = (Source("app/config.py", Kind.PYTHON, source), Source("requirements.txt", Kind.PINS, requirements))
    return observe(Workspace(sources, ()), topology)


@pytest.mark.parametrize(
    ("requirements", "product", "wire"),
    [
        ("psycopg2-binary\nflask", "postgresql", Wire.POSTGRES),
        ("PyMySQL==1.1.1\nmariadb", "mysql", Wire.MYSQL),
        ("psycopg2\npymysql", "database", None),
        ("flask", "database", None),
    ],
)
def test_a_url_that_no_file_tells_stands_on_a_hop_if_the_drivers_agree(
    requirements: str, product: str, wire: Wire | None
) -> None:
    """Its wire is that of every driver the project asks for; where they differ, there is none to name."""
    (reading,) = readings(observed(UNKNOWN, requirements))
    assert isinstance(reading.subject, Dialer)
    assert (reading.subject.product, reading.hop and reading.hop.wire) == (product, wire)
    assert reading.endpoint is None
    assert "DATABASE_URL" in reading.subject.why


def test_a_url_that_no_file_tells_belongs_to_the_one_hop_there_is() -> None:
    """What everyhop.toml names is what the app dials; of two, nobody knows which."""
    hops = [Hop(name, "app", "pg", Wire.POSTGRES, TcpEndpoint(name, 5432)) for name in ("one", "two")]
    (one,) = readings(observed(UNKNOWN, "psycopg", Topology((hops[0],))))
    (two,) = readings(observed(UNKNOWN, "psycopg", Topology(tuple(hops))))
    assert one.hop == hops[0]
    assert two.hop not in hops


def test_the_summary_counts_connections_that_stand_on_no_hop(tmp_path: Path) -> None:
    """ "No hops found" would sound like nothing to protect."""
    (tmp_path / "config.py").write_text(UNKNOWN)
    assert summary(report(tmp_path)).endswith("1 connection known only at run time")


def test_a_default_that_is_local_is_told_with_its_variable() -> None:
    """Both are needed to know what to set."""
    source = "import os\nSQLALCHEMY_DATABASE_URI = os.environ.get('DATABASE_URL', 'sqlite:///x.db')\n"
    (reading,) = readings(observed(source, "psycopg"))
    assert isinstance(reading.subject, Dialer)
    assert "(DATABASE_URL, by default local)" in reading.subject.why


def test_the_version_is_that_of_the_driver_which_sqlalchemy_takes() -> None:
    """`postgresql://` is psycopg2 before SQLAlchemy 2.1, and psycopg from then on."""
    source = "SQLALCHEMY_DATABASE_URI = 'postgresql://db.internal/a'\n"
    for sqlalchemy, driver, version in (("2.0.40", "psycopg2", "2.9.9"), ("2.1.0", "psycopg", "3.2.1")):
        (reading,) = readings(observed(source, f"sqlalchemy=={sqlalchemy}\npsycopg2==2.9.9\npsycopg==3.2.1\n"))
        assert isinstance(reading.subject, Dialer)
        assert (reading.subject.driver, reading.subject.version) == (driver, Version(version))


def readings(found: Observed) -> list[Reading]:
    return [sighting for sighting in found.sightings if isinstance(sighting, Reading)]
