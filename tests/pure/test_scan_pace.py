"""How a scan is done changes nothing of what it says; and its work grows with the tree, not with its square."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from everyhop.cli import main, progress
from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.finding import Certainty
from everyhop.scan import crew
from everyhop.scan.pace import Pace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROJECT = Path(__file__).parents[1] / "cases" / "project"


@pytest.mark.parametrize("jobs", [2, 3, 9])
def test_processes_say_what_one_says(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "broken.py").write_text("from flask import Flask\napp.run(\n")
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)\n")
    for tree in (PROJECT, tmp_path):
        assert scan([tree], Settings(), NOW, pace=Pace(jobs)) == scan([tree], Settings(), NOW, pace=Pace(1))


def test_a_task_whose_process_dies_is_done_here() -> None:
    here = os.getpid()

    def task() -> str:
        if os.getpid() != here:
            os._exit(9)
        return "done"

    assert [result() for result in crew.begun([task, task, task], 2)] == ["done"] * 3


def test_what_fails_in_a_process_fails_here() -> None:
    def task() -> str:
        raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        crew.begun([task], 1)[0]()


def test_jobs_is_a_number_from_one_on() -> None:
    assert CliRunner().invoke(main, ["scan", str(PROJECT), "--jobs", "0"]).exit_code == 2


def test_small_trees_get_one_process_and_large_ones_more() -> None:
    assert crew.processes(None, 1_000) == 1
    assert crew.processes(7, 1_000) == 7
    assert crew.processes(None, 10**8) in (1, 2)


def test_nothing_is_shown_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(wanted=True) as tell:
        tell("reading")
    assert capsys.readouterr().err == ""


class Terminal:
    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_a_terminal_is_shown_what_takes_long_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, times = Terminal(), iter([0.0, 0.5, 1.5, 1.51, 3.0])
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("everyhop.cli.progress.time.monotonic", lambda: next(times))
    with progress.shown(wanted=True) as tell:
        for number in range(4):
            tell(f"{number} files read")
    assert [part for part in terminal.text.split("\r\x1b[K") if part] == ["1 files read … 2 s", "3 files read … 3 s"]
    assert terminal.text.endswith("\r\x1b[K")


def test_who_wants_no_progress_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.shown(wanted=False) as tell:
        tell("reading")
    assert terminal.text == ""


def work(tree: Path) -> int:
    """How many lines of everyhop's and its libraries' functions a scan enters: the same on every machine."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        scan([tree], Settings(), NOW, pace=Pace(1))
    finally:
        sys.setprofile(before)
    return calls


def engines(tree: Path, count: int) -> None:
    lines = [f'engine_{n} = create_engine("postgresql://app:pw@db{n}.internal/x")\n' for n in range(count)]
    (tree / "app.py").write_text("from sqlalchemy import create_engine\n" + "".join(lines))


def modules(tree: Path, count: int) -> None:
    for number in range(count):
        (tree / f"app{number}.py").write_text(
            f'from sqlalchemy import create_engine\nengine = create_engine("postgresql://app:pw@db{number}.internal/x")\n'
        )


def sites(tree: Path, count: int) -> None:
    text = "".join(f"server {{ listen 80; server_name s{n}.example.org; }}\n" for n in range(count))
    (tree / "nginx.conf").write_text(f"http {{\n{text}}}\n")


def services(tree: Path, count: int) -> None:
    text = "".join(f"  db{n}:\n    image: postgres:16\n    command: -c ssl=on\n" for n in range(count))
    (tree / "compose.yaml").write_text(f"services:\n{text}")


def variables(tree: Path, count: int) -> None:
    text = "".join(f"DATABASE_URL_{n}=postgresql://app:pw@db{n}.internal/x\n" for n in range(count))
    (tree / ".env").write_text(text)


@pytest.mark.parametrize("write", [engines, modules, sites, services, variables])
def test_twice_the_tree_is_twice_the_work(tmp_path: Path, write: Callable[[Path, int], None]) -> None:
    calls = []
    for count in (10, 100, 200):  # the first loads what is loaded once
        tree = tmp_path / str(count)
        tree.mkdir()
        write(tree, count)
        calls.append(work(tree))
    assert calls[2] < 2.3 * calls[1]


def test_variables_that_name_each_other_end(tmp_path: Path) -> None:
    """A hundred at each of eight levels would be a number with seventeen digits; what is left open is possible."""
    levels = "".join(f"A{level}={f'${{A{level + 1}}}' * 90}\n" for level in range(9))
    (tmp_path / ".env").write_text(f"{levels}A9=x\nDATABASE_URL=postgresql://app@db.internal/${{A0}}\n")
    report = scan([tmp_path], Settings(), NOW)
    assert {finding.certainty for finding in report.findings} == {Certainty.POSSIBLE}
