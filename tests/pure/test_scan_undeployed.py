"""What stands only in tests, documentation or examples weighs less, as the policy says; all else weighs as ever."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main
from everyhop.errors import SettingsError
from everyhop.model.evidence import Evidence, FileState, SourceSpan, Transcript
from everyhop.model.place import Place, place_of
from everyhop.rules.leniency import undeployed

EXPOSED = 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql+psycopg://app@db.internal/app")\n'
WELL = EXPOSED.replace("db.internal/app", "db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem").replace(
    "db.internal", "well.internal"
)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY = ("tests/db.py", "docs/settings.py", "examples/app.py", "test_db.py")


def scan(project: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["scan", str(project), "--config", str(project / "everyhop.toml"), *words])


def document(project: Path) -> Any:
    return json.loads(scan(project, "--format", "json").stdout)


def project_with(folder: Path, path: str, policy: str = "") -> Path:
    """A project whose own connection is as it should be, and one exposed connection in another file."""
    (folder / "everyhop.toml").write_text(f"[policy]\n{policy}\n", encoding="utf-8")
    (folder / "app.py").write_text(WELL, encoding="utf-8")
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(EXPOSED, encoding="utf-8")
    return folder


@pytest.mark.parametrize("path", EVERY)
def test_where_nobody_deploys_it_is_told_and_costs_nothing(path: str, tmp_path: Path) -> None:
    """Neither the build nor the grade: and the report says why, and what it would be elsewhere."""
    project = project_with(tmp_path, path)
    report = document(project)
    (finding,) = report["findings"]
    assert (finding["severity"], finding["certainty"]) == ("low", "certain")
    assert finding["milder"]["usual"] == "high"
    assert report["grade"] == "A"
    done = scan(project)
    assert done.exit_code == 0
    assert "elsewhere this is high" in " ".join(done.stdout.split())
    assert scan(project, "--fail-on", "low").exit_code == 1
    (result,) = json.loads(scan(project, "--format", "sarif").stdout)["runs"][0]["results"]
    assert (result["level"], result["properties"]["usualSeverity"]) == ("note", "high")
    assert "nobody deploys" in result["message"]["text"]


@pytest.mark.parametrize("path", ["config.py", "contest.py", ".github/deploy.py", "latest/app.py"])
def test_what_is_deployed_weighs_as_ever(path: str, tmp_path: Path) -> None:
    """A pipeline deploys; and a name that only looks like tests is none."""
    project = project_with(tmp_path, path)
    report = document(project)
    (finding,) = report["findings"]
    assert (finding["severity"], finding["milder"], report["grade"]) == ("high", None, "F")
    assert scan(project).exit_code == 1


def test_the_policy_may_make_no_difference(tmp_path: Path) -> None:
    """`same`: a test's database counts like the application's."""
    project = project_with(tmp_path, "tests/db.py", 'undeployed = "same"')
    report = document(project)
    assert [finding["severity"] for finding in report["findings"]] == ["high"]
    assert report["grade"] == "F"


def test_the_policy_may_leave_it_out(tmp_path: Path) -> None:
    """`left-out`: nothing is told of it, and what is deployed is."""
    project = project_with(tmp_path, "tests/db.py", 'undeployed = "left-out"')
    assert document(project)["findings"] == []
    (project / "config.py").write_text(EXPOSED.replace("db.internal", "other.internal"), encoding="utf-8")
    assert [finding["path"] for finding in document(project)["findings"]] == ["config.py"]


def test_a_word_that_is_none_is_told(tmp_path: Path) -> None:
    """With the nearest."""
    project = project_with(tmp_path, "tests/db.py", 'undeployed = "mild"')
    done = scan(project)
    assert done.exit_code == 2
    assert "milder" in done.stderr
    assert SettingsError.__name__ not in done.stderr


def test_one_place_that_is_deployed_is_enough() -> None:
    """The application takes its URL from a module of the tests: it is the application's."""
    assert undeployed([_at("tests/db.py"), _at("app.py")]) is None
    assert undeployed([_at("app.py"), _at("tests/db.py")]) is None
    assert undeployed([_at("docs/a.py"), _at("tests/db.py")]) is Place.DOCS


@pytest.mark.parametrize("item", [Transcript(NOW, ("said",)), FileState("/etc/ssl/a.key", 0o644, "root")])
def test_what_was_seen_on_a_machine_is_no_test(item: Evidence) -> None:
    """A live listener is one, whatever files name it."""
    assert undeployed([_at("tests/db.py"), item]) is None
    assert undeployed([item]) is None


def test_nothing_is_no_place() -> None:
    """A finding without evidence stands nowhere, so not in tests either."""
    assert undeployed([]) is None


def _at(path: str) -> SourceSpan:
    return SourceSpan(path, 1, 1, 1, 2)


def test_the_map_says_where_a_hop_without_a_grade_stands(tmp_path: Path) -> None:
    """Else it would look as if nobody had looked."""
    told = scan(project_with(tmp_path, "examples/app.py")).stdout.splitlines()
    (line,) = [line for line in told if "db.internal" in line and "→" in line]
    assert line.split()[-3:] == ["opportunistic", "(example)", "–"]
    (line,) = [line for line in told if "well.internal" in line]
    assert line.split()[-2:] == ["verify-full", "A"]


@pytest.mark.parametrize("path", ["sites-enabled/shop.ci", "conf.d/www.example.com.conf", "sites-available/test.a.org"])
def test_a_site_is_no_test_for_its_name(path: str) -> None:
    """Web servers' files are named after hosts; their folders still tell, and so does what is to be copied."""
    assert place_of(path) is Place.DEPLOYED
    assert place_of(f"tests/{path}") is Place.TESTS
    assert place_of(f"{path}.example") is not Place.DEPLOYED
