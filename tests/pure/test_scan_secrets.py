"""Passwords in the source and keys handed on: from the files to the report, and never with the password in it."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.config import Settings, load
from everyhop.jobs.scan import scan
from everyhop.model.finding import Certainty, Finding
from everyhop.model.hop import Topology
from everyhop.model.report import Report
from everyhop.model.sighting import Dialer
from everyhop.render.json import document
from everyhop.render.text import Detail, text_report
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from everyhop.scan.observe import observe
from everyhop.scan.rewrite.remedy import attach
from everyhop.scan.workspace import Kind, Source, Workspace

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CASES = Path(__file__).parents[1] / "cases" / "scan"
FULL = "sslmode=verify-full&sslrootcert=/ca.pem"


def judged(text: str, path: str = "app.py", kind: Kind = Kind.PYTHON) -> Report:
    observed = observe(Workspace((Source(path, kind, text),), ()), Topology())
    found = judge(observed.sightings, catalogue(), Policy(), command="scan", started=NOW)
    return attach(found, observed.settings, Policy())


def told(report: Report) -> dict[str, Finding]:
    return {finding.rule: finding for finding in report.findings}


FORMS = (
    "create_engine('postgresql+psycopg://app:{}@db.internal/app')",
    "create_engine('postgresql+psycopg://app@db.internal/app?password={}')",
    "create_engine('postgresql+psycopg://app@db.internal/app', connect_args={{'password': '{}'}})",
    "create_engine(os.environ.get('URL', 'mysql+pymysql://app:{}@db.internal/app'))",
    "create_engine(f\"postgresql+psycopg://app:{{os.environ.get('WORD', '{}')}}@db.internal/app\")",
    "psycopg2.connect('host=db.internal user=app password={}')",
    "pymysql.connect(host='db.internal', user='app', passwd='{}')",
    "PASSWORD = '{}'\ncreate_engine(f'postgresql+psycopg://app:{{PASSWORD}}@db.internal/app')",
)
HEAD = "import os, psycopg2, pymysql\nfrom sqlalchemy import create_engine\n"


@given(st.sampled_from(FORMS), st.from_regex(r"[A-Z][a-z0-9]{5}Zq[0-9]{4}", fullmatch=True))
def test_no_form_of_a_password_is_repeated(form: str, word: str) -> None:
    """It is found in each of them, and neither the values nor a format of the report hold it."""
    report = judged(HEAD + form.format(word))
    assert {"password-in-source", "secret-in-url-default"} & told(report).keys()
    shown = [repr(report), text_report(report, Detail.VERBOSE), document(report)]
    assert [one for one in shown if word in one] == []


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        ("app.py", False),
        ("src/contest/app.py", False),
        ("tests/app.py", True),
        ("app/test_app.py", True),
        ("docs/conf.py", True),
        ("examples/app.py", True),
    ],
)
def test_whose_file_it_is(path: str, silent: bool) -> None:  # noqa: FBT001
    """Tests, docs and examples show apps that nobody deploys; that they dial in plaintext is still said."""
    report = judged(HEAD + "create_engine('postgresql+psycopg://app:k3Ejh8-Zq@db.internal/app')", path)
    assert ("password-in-source" not in told(report)) is silent
    assert "opportunistic-dial" in told(report)


def test_the_findings_say_where_and_what_to_do() -> None:
    """The line of the URL, the line of the password where that is another, the variable whose default it is."""
    text = HEAD + FORMS[-1].format("k3Ejh8-Zq") + "\n" + FORMS[3].format("k3Ejh8-Zq")
    found = told(judged(text))
    source, default = found["password-in-source"], found["secret-in-url-default"]
    assert source.message == "the password for postgresql stands in the source (app.py:3)"
    assert default.message == "without URL the app logs in to mysql with a password from the source"
    assert [finding.span and finding.span.line for finding in (source, default)] == [4, 5]
    for finding in (source, default):
        assert finding.remediation is not None
        assert finding.remediation.text == catalogue()[finding.rule].advice
        assert finding.remediation.replacement is None


def test_json_tells_the_note_and_the_finding() -> None:
    """A program reads the note on the reading, and rule, weakness and controls on the finding."""
    told_json = json.loads(document(judged(HEAD + FORMS[0].format("k3Ejh8-Zq"))))
    (reading,) = told_json["readings"]
    assert "password-in-source" in reading["notes"]
    (finding,) = [one for one in told_json["findings"] if one["rule"] == "password-in-source"]
    assert (finding["severity"], finding["certainty"], finding["cwe"]) == ("high", "certain", ["CWE-798"])
    assert finding["standards"] == {"asvs": "13.3.1", "pci-dss": "8.6.2"}
    assert (finding["path"], finding["line"]) == ("app.py", 3)
    assert re.fullmatch("[0-9a-f]{32}", finding["fingerprint"])


def test_a_server_key_is_taken_out_of_the_settings_to_use_instead() -> None:
    """What the scan offers in place of an unverified connection has no key in it that is not the app's."""
    url = "mysql+pymysql://app@db.internal/app?ssl_cert=/etc/mysql/cert.pem&ssl_key=/etc/mysql/key.pem"
    found = told(judged(f"{HEAD}create_engine('{url}')"))
    assert found["server-key-as-client-key"].certainty is Certainty.CERTAIN
    mended = found["unverified-chain"].remediation
    assert mended is not None
    assert mended.replacement == "mysql+pymysql://app@db.internal/app?ssl_ca=/path/to/ca.pem"


def test_a_policy_that_demands_a_client_certificate(tmp_path: Path) -> None:
    """`client_auth = "required"` of a hop in everyhop.toml binds the connection to that endpoint, and no other."""
    (tmp_path / "everyhop.toml").write_text(
        '[hop.db]\nendpoint = "postgresql://db.internal:5432"\nclient_auth = "required"\n'
    )
    (tmp_path / "app.py").write_text(
        f"{HEAD}create_engine('postgresql+psycopg://app@db.internal/app?{FULL}')\n"
        f"create_engine('postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/app.pem&sslkey=/app.key')\n"
        f"create_engine('postgresql+psycopg://app@other.internal/app?{FULL}')\n"
    )
    report = scan([tmp_path], load(tmp_path / "everyhop.toml", tmp_path), NOW)
    (finding,) = report.findings
    assert (finding.rule, finding.span and finding.span.line) == ("missing-client-certificate", 3)


def test_waivers_cover_these_rules(tmp_path: Path) -> None:
    """With a reason and a date, as any other."""
    (tmp_path / "everyhop.toml").write_text(
        '[[policy.waive]]\nrule = "password-in-source"\nwhere = "app.py"\nreason = "rotated"\nuntil = 2027-01-01\n'
    )
    (tmp_path / "app.py").write_text(f"{HEAD}create_engine('postgresql+psycopg://app:k3Ejh8-Zq@db.internal/a?{FULL}')")
    settings = load(tmp_path / "everyhop.toml", tmp_path)
    assert date(2027, 1, 1) == settings.policy.waivers[0].until
    report = scan([tmp_path], settings, NOW)
    assert (report.findings, [finding.rule for finding in report.waived]) == ((), ["password-in-source"])


def test_a_password_is_told_in_either_branch() -> None:
    """Two alternatives of one posture at one place are one reading, with what is noted of both."""
    word = "word = 'k3Ejh8-Zq' if debug else os.environ['WORD']"
    report = judged(f"{HEAD}{word}\ncreate_engine(f'postgresql+psycopg://app:{{word}}@db.internal/a?{FULL}')")
    (reading,) = report.readings
    assert isinstance(reading.subject, Dialer)
    assert "password-in-source:app.py:3" in reading.subject.notes


@pytest.mark.parametrize(
    "word", ["***", "…", "xxxx", "<password>", "{password}", "[PASSWORD]", "$PASSWORD", "%s", "changeme", "change-me",
             "CHANGE_THIS", "your_password", "your-strong-password", "replace-me", "put_your_password_here", "TODO"]
)  # fmt: skip
def test_what_is_to_be_filled_in_is_no_password(word: str) -> None:
    """Nobody logs in with it."""
    assert not {"password-in-source"} & told(judged(f"{HEAD}pymysql.connect(host='h', password={word!r})")).keys()


@pytest.mark.parametrize(
    "word", ["hunter2", "$ecret99", "(open)sesame", "putty5et", "yourself77", "x1", "changed!", "%S9"]
)
def test_what_only_looks_like_it_is_one(word: str) -> None:
    """A password may begin like an instruction."""
    assert "password-in-source" in told(judged(f"{HEAD}pymysql.connect(host='h', password={word!r})"))


def test_settings_are_default_where_nothing_is_configured() -> None:
    """The cases are judged as a project without everyhop.toml is."""
    assert scan([CASES / "silent.py"], Settings(), NOW).findings == ()


@pytest.mark.parametrize(
    ("default", "rules"),
    [
        (f"postgresql://app:k3Ejh8-Zq@db.internal/app?{FULL}", {"secret-in-url-default"}),
        (f"postgresql://app@db.internal/app?{FULL}", set()),
        ("postgresql://app:k3Ejh8-Zq@localhost/app", set()),
    ],
)
def test_a_default_s_password_is_told_although_a_file_sets_the_variable(default: str, rules: set[str]) -> None:
    """Whoever has the source has the default, whatever the `.env` of this machine says."""
    sources = (
        Source(".env", Kind.DOTENV, f"DATABASE_URL=postgresql://app@db.internal/app?{FULL}\n"),
        Source("app.py", Kind.PYTHON, f"{HEAD}create_engine(os.environ.get('DATABASE_URL', '{default}'))\n"),
    )
    observed = observe(Workspace(sources, ()), Topology())
    report = judge(observed.sightings, catalogue(), Policy(), command="scan", started=NOW)
    assert {rule for rule in told(report) if "secret" in rule or "password" in rule} == rules
