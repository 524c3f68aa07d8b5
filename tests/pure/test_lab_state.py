"""State files: who is listed, what is tidied up, and what is never touched."""

from __future__ import annotations

import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from everyhop.errors import ToolError
from everyhop.lab import state
from everyhop.lab.keeper import DIRECTORY_PREFIX, started_at


@pytest.fixture(autouse=True)
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return state.state_directory()


def lab_directory(tmp_path: Path) -> Path:
    directory = tmp_path / f"{DIRECTORY_PREFIX}abcdefgh"
    (directory / "mariadb").mkdir(parents=True)
    return directory


def told(directory: Path, **changed: object) -> str:
    me = {"pid": os.getpid(), "started": started_at(os.getpid()), "purpose": "lab", "directory": str(directory)}
    return json.dumps(me | changed)


def test_a_lab_whose_keeper_lives_is_listed(states: Path, tmp_path: Path) -> None:
    """With what it noted; nothing is touched."""
    directory = lab_directory(tmp_path)
    (states / "lab-1.json").write_text(told(directory, servers=[{"product": "mariadb"}]))
    (lab,) = state.running()
    assert (lab.name, lab.purpose, lab.pid) == ("lab-1", "lab", os.getpid())
    assert lab.servers == ({"product": "mariadb"},)
    assert directory.exists()


def test_a_lab_whose_keeper_was_killed_is_removed(states: Path, tmp_path: Path) -> None:
    """Also when another process has its number by now: that one started at another time."""
    directory = lab_directory(tmp_path)
    (states / "lab-1.json").write_text(told(directory, started="1"))
    assert state.running() == ()
    assert not directory.exists()
    assert not states.exists()


@pytest.mark.parametrize("where", ["precious", f"{DIRECTORY_PREFIX}link", ".", ""])
def test_nothing_but_a_labs_directory_is_ever_removed(states: Path, tmp_path: Path, where: str) -> None:
    """Whatever a state file says: no other directory, and not through a link."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    (tmp_path / f"{DIRECTORY_PREFIX}link").symlink_to(precious)
    (states / "lab-1.json").write_text(told(tmp_path / where, started="1"))
    assert state.running() == ()
    assert (precious / "file").read_text() == "kept"
    assert not (states / "lab-1.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "{}", '{"pid": "x"}', '{"pid": -1, "started": null}', "\udcff"])
def test_a_state_file_that_cannot_be_read_is_removed(states: Path, text: str) -> None:
    """A crash in the middle of a write, or a hand that slipped."""
    (states / "lab-1.json").write_bytes(text.encode(errors="surrogateescape"))
    assert state.running() == ()
    assert not states.exists()


def test_a_name_that_was_just_taken_is_left_alone_for_a_while(states: Path) -> None:
    """Its keeper is being started; one that is still empty later never will be."""
    path = state.reserve()
    assert path.name == "lab-1.json"
    assert state.running() == ()
    assert path.exists()
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    assert state.running() == ()
    assert not states.exists()


def test_two_labs_never_take_the_same_name() -> None:
    """Many at once."""
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: state.reserve().name, range(16)))
    assert sorted(names) == sorted(f"lab-{number}.json" for number in range(1, 17))


def test_a_state_directory_that_others_may_write_to_is_refused(states: Path) -> None:
    """They could name directories to be removed."""
    states.chmod(0o777)
    with pytest.raises(ToolError, match="others may write to it"):
        state.running()


def test_a_link_in_place_of_the_state_directory_is_refused(states: Path, tmp_path: Path) -> None:
    """As is whatever else is no directory of one's own."""
    states.rmdir()
    (tmp_path / "elsewhere").mkdir()
    states.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolError):
        state.state_directory()


@pytest.mark.parametrize("runtime", ["", "/nonexistent", "/dev/null"])
def test_without_a_runtime_directory_the_temporary_one_serves(
    runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a login session there is no XDG_RUNTIME_DIR, and `sudo` may keep another user's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert state.state_directory() == tmp_path / f"everyhop-{os.geteuid()}"


def test_a_process_is_named_by_its_number_and_its_start() -> None:
    """Stable while it lives, nothing when there is none."""
    assert started_at(os.getpid()) == started_at(os.getpid()) is not None
    assert started_at(2**22 + 1) is None
