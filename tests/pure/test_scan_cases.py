"""Every place in tests/cases/scan that is marked is found, by the rule that the mark names; nothing else is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.finding import Certainty, Finding
from everyhop.model.report import Report

CASES = Path(__file__).parents[1] / "cases" / "scan"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MARK = re.compile(r"# expect: (?P<rule>[a-z-]+)(?P<possible> possible)?")
SECRETS = ("secret", "hunter2", "p@ss", "p%40ss")

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
                name = file.relative_to(root).as_posix()
                found.add((name, number, match["rule"], "possible" if match["possible"] else "certain"))
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
    assert {place(finding) for finding in seen.findings} == marked(case)
    assert seen.gaps == ()


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_no_password_is_in_what_is_reported(name: str) -> None:
    """Snippets, messages and replacements are made of masked text."""
    told = repr(report(CASES / name))
    assert [secret for secret in SECRETS if re.search(rf"[:=@'\"]{re.escape(secret)}", told)] == []


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
    assert gaps == {"settings.py:1", "docker-compose.yml:3", "uv.lock:1"}


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
