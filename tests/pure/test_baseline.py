"""Baselines: what is known does not count, what moved is still known, what is gone is told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from everyhop.cli import main
from everyhop.config.baseline import parse, written
from everyhop.errors import SettingsError
from everyhop.model.baseline import Baseline, Known

ONE = "A_URL = 'postgresql://a@db.internal/x'\n"
TWO = "B_URL = 'postgresql://a@other.internal/x'\n"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["scan", str(folder), "--format", "json", "--quiet", *words])


def project(folder: Path, text: str) -> Path:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "config.py").write_text(text, encoding="utf-8")
    return folder / "app"


def test_only_what_is_new_counts(tmp_path: Path) -> None:
    """Lines may move; a new finding fails the build, and a grade is what it is."""
    known = str(tmp_path / "known.json")
    first = run(project(tmp_path, ONE), "--write-baseline", known)
    assert (first.exit_code, json.loads(first.stdout)["findings"]) == (0, [])
    moved = run(project(tmp_path, f"import os\n\n\n{ONE}"), "--baseline", known)
    told = json.loads(moved.stdout)
    assert (moved.exit_code, told["findings"], len(told["known"]), told["gone"]) == (0, [], 1, [])
    assert told["grade"] == "F"
    more = run(project(tmp_path, ONE + TWO), "--baseline", known)
    told = json.loads(more.stdout)
    assert (more.exit_code, len(told["findings"]), len(told["known"])) == (1, 1, 1)
    text = CliRunner().invoke(main, ["scan", str(tmp_path / "app"), "--baseline", known]).stdout
    assert text.splitlines()[-1].endswith("1 known in the baseline")


def test_what_is_mended_is_told(tmp_path: Path) -> None:
    """So that the baseline can be written anew; a rule that nobody asked has nothing gone."""
    known = str(tmp_path / "known.json")
    run(project(tmp_path, ONE), "--write-baseline", known)
    mended = run(project(tmp_path, "x = 1\n"), "--baseline", known)
    (gone,) = json.loads(mended.stdout)["gone"]
    assert (mended.exit_code, gone["rule"], gone["where"]) == (0, "opportunistic-dial", "config.py")
    other = run(tmp_path / "app", "--baseline", known, "--select", "insecure-cookie")
    assert json.loads(other.stdout)["gone"] == []


def test_a_third_of_a_kind_is_new(tmp_path: Path) -> None:
    """Two equal lines are two known findings, and not any number of them."""
    known = str(tmp_path / "known.json")
    call = "import psycopg2\n" + "psycopg2.connect(host='db.internal')\n" * 2
    run(project(tmp_path, call), "--write-baseline", known)
    third = run(project(tmp_path, call + "psycopg2.connect(host='db.internal')\n"), "--baseline", known)
    told = json.loads(third.stdout)
    assert (len(told["findings"]), len(told["known"])) == (1, 2)


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    """Sorted, a finding in a line, without a secret; the same twice is the same file."""
    path = tmp_path / "known.json"
    run(project(tmp_path, (TWO + ONE).replace("a@", "a:hunter2@")), "--write-baseline", str(path))
    text = path.read_text(encoding="utf-8")
    assert "hunter2" not in text
    rows = [line for line in text.splitlines() if "fingerprint" in line]
    assert rows == sorted(rows)
    assert len(rows) == 4
    run(tmp_path / "app", "--write-baseline", str(path))
    assert path.read_text(encoding="utf-8") == text


@given(st.lists(st.builds(Known, st.text(), st.text(), st.text(min_size=1), st.text()), max_size=5))
def test_what_is_written_is_read(known: list[Known]) -> None:
    """Whatever a path or a message holds; only secrets are lost."""
    once = parse(written(Baseline(tuple(known))), "known.json")
    assert parse(written(once), "known.json") == once
    assert len(once.known) == len(known)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is not JSON"),
        ("[" * 99_999, "this is no baseline"),
        ("[]", 'this is no baseline: "schema" is not'),
        ('{"schema": "everyhop-baseline/2"}', 'this is no baseline: "schema" is not'),
        ('{"schema": "everyhop-baseline/1"}', "a list is expected"),
        ('{"schema": "everyhop-baseline/1", "findings": [{"rule": "x"}]}', "a finding has"),
        ('{"schema": "everyhop-baseline/1", "findings": [7]}', "a finding has"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, message: str) -> None:
    """With its name and what writes one: exit 2, nothing is taken for known."""
    with pytest.raises(SettingsError, match=message) as caught:
        parse(text, "known.json")
    assert caught.value.hint
    path = tmp_path / "known.json"
    path.write_text(text, encoding="utf-8")
    assert run(project(tmp_path, ONE), "--baseline", str(path)).exit_code == 2


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Not there, and not text."""
    path = tmp_path / "known.json"
    assert "known.json" in run(project(tmp_path, ONE), "--baseline", str(path)).stderr
    path.write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text" in run(tmp_path / "app", "--baseline", str(path)).stderr
