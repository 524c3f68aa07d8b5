"""What only `everyhop scan` takes: a text that is not saved yet, and where its paths begin."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main

EXPOSED = "DATABASE_URL = 'postgresql://app@db.internal/x'\n"


def run(*words: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["scan", *words], input=text)


def found(result: Result) -> list[tuple[str, int]]:
    return [(finding["path"], finding["line"]) for finding in json.loads(result.stdout)["findings"]]


def test_stdin_is_read_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an editor hands it over; nothing else is read, and the file need not exist."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.py").write_text(EXPOSED, encoding="utf-8")
    for words in (["-"], []):
        result = run(*words, "--stdin-filename", "app/config.py", "--format", "json", text=EXPOSED)
        assert (result.exit_code, found(result)) == (1, [("app/config.py", 1)])


def test_stdin_takes_the_place_of_a_file_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a path beside it the rest of the project is read as well."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.py").write_text(EXPOSED, encoding="utf-8")
    result = run(".", "-", "--stdin-filename", "config.py", "--format", "json", text="x = 1\n")
    assert (result.exit_code, found(result)) == (0, [])


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (["-"], "", "--stdin-filename"),
        (["--stdin-filename", "picture.png"], "", "scan reads no file of this name"),
        (["--stdin-filename", "a.py"], b"\xff\xfe\xff", "not UTF-8"),
    ],
)
def test_stdin_that_cannot_be_read_is_exit_2(words: list[str], text: str | bytes, told: str) -> None:
    """With what to do."""
    result = run(*words, text=text)
    assert (result.exit_code, told in result.stderr) == (2, True)


def test_a_build_server_gets_paths_from_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person reads them as scan found them, relative to the folder that was named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "config.py").write_text(EXPOSED, encoding="utf-8")
    assert "file=app/config.py," in run("app", "--format", "github").stdout
    assert "file=app/config.py," in run(".", "--format", "github").stdout
    assert "\n  config.py:1  " in run("app").stdout


def test_the_source_line_is_shown_with_the_place(tmp_path: Path) -> None:
    """Underlined, without the password."""
    (tmp_path / "config.py").write_text(EXPOSED.replace("app@", "app:hunter2@"), encoding="utf-8")
    text = run(str(tmp_path)).stdout
    assert "    DATABASE_URL = 'postgresql://app:***@db.internal/x'\n" in text
    assert f"    {' ' * 15}{'^' * 36}\n" in text
    assert "hunter2" not in text


def test_what_is_not_told_still_counts_for_the_grade(tmp_path: Path) -> None:
    """A choice of rules is a choice of what to read about, and calls no hop good."""
    (tmp_path / "config.py").write_text(EXPOSED, encoding="utf-8")
    for choice in (("--select", "insecure-cookie"), ("--ignore", "opportunistic-dial")):
        result = run(str(tmp_path), *choice, "--format", "json")
        assert (result.exit_code, found(result), json.loads(result.stdout)["grade"]) == (0, [], "F")
