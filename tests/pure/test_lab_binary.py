"""Where a server's program is looked for, and what is said when it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from everyhop.errors import LabError, ToolError
from everyhop.lab import binary, mysql, postgresql
from everyhop.lab.binary import Binary, usual_directories, version_of


def program(directory: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "postgres"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_missing_program_names_its_package() -> None:
    """What happened, and what to type."""
    with pytest.raises(ToolError, match="mariadbd is not installed") as told:
        Binary("mariadbd", "mariadb-server-core").find([])
    assert told.value.hint == "apt install mariadb-server-core"
    assert told.value.exit_code == 4


def test_what_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    """A directory, or a file without the bit."""
    program(tmp_path / "a", mode=0o644)
    (tmp_path / "b" / "postgres").mkdir(parents=True)
    right = program(tmp_path / "c")
    assert Binary("postgres", "postgresql").find([tmp_path / name for name in "abc"]) == right


def test_the_newest_postgresql_is_taken_and_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number: 9.6 < 15 < 17, whatever their letters say."""
    for major in ("9.6", "15", "17", "odd"):
        program(tmp_path / "lib" / major / "bin")
    monkeypatch.setattr(binary, "_POSTGRESQL", tmp_path / "lib")
    monkeypatch.setattr(binary, "_SBIN", ())
    monkeypatch.setenv("PATH", "")
    assert Binary("postgres", "postgresql").find() == tmp_path / "lib" / "17" / "bin" / "postgres"
    monkeypatch.setenv("PATH", str(tmp_path / "lib" / "15" / "bin"))
    assert Binary("postgres", "postgresql").find().parts[-3] == "15"
    assert [entry.parent.name for entry in usual_directories()] == ["15", "17", "15", "9.6", "odd"]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"),
        ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", "10.11.19"),
        ("nginx version: nginx/1.22.1", "1.22.1"),
        ("postgres (PostgreSQL) 18beta1", "18"),
    ],
)
def test_the_version_is_what_the_program_tells(said: str, version: str, tmp_path: Path) -> None:
    """On either stream, since nginx uses the other one."""
    assert version_of(program(tmp_path, f"#!/bin/sh\necho '{said}' >&2\n")) == version


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "#!/nonexistent/interpreter\n"])
def test_a_program_that_tells_no_version_is_told(text: str, tmp_path: Path) -> None:
    """It is not what its name says, or it does not run at all."""
    with pytest.raises(LabError):
        version_of(program(tmp_path, text))


def test_a_program_that_is_not_where_it_should_be_names_the_place(tmp_path: Path) -> None:
    """The twin of the usual directories."""
    with pytest.raises(ToolError, match=f"looked in {tmp_path}"):
        Binary("initdb", "postgresql").find([tmp_path])


def told(directory: Path, words: str) -> Path:
    """A directory with a server that says so."""
    program(directory, f"#!/bin/sh\necho '{words}'\n")
    return directory


def test_installations_come_in_the_order_of_their_places(tmp_path: Path) -> None:
    """Each once, by the file itself; what cannot be run is passed over."""
    old = told(tmp_path / "old", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    new = told(tmp_path / "new" / "bin", "postgres (PostgreSQL) 17.11")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "postgres").symlink_to(old / "postgres")
    broken = program(tmp_path / "broken", "#!/nonexistent/interpreter\n").parent
    listed = list(postgresql.installations([new, broken, tmp_path / "empty", linked, old]))
    assert [(one.version, one.directories[0]) for one in listed] == [("17.11", new), ("15.18", old)]
    assert listed[0].release > listed[1].release
    assert tmp_path / "new" / "sbin" in listed[0].directories


def test_mariadb_is_not_taken_for_mysql(tmp_path: Path) -> None:
    """It answers to the name of MySQL's server."""
    words = {
        "a": "mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu",
        "b": "mysqld  Ver 9.7.4 for Linux",
    }
    for place, said in words.items():
        told(tmp_path / place, said)
        (tmp_path / place / "postgres").rename(tmp_path / place / "mysqld")
    (only,) = mysql.installations([tmp_path / "a", tmp_path / "b"])
    assert (only.product, only.version, only.directories[0]) == ("mysql", "9.7.4", tmp_path / "b")


def test_the_version_in_a_programs_own_path_is_none(tmp_path: Path) -> None:
    """MySQL begins its words with the path it was started by."""
    path = program(tmp_path / "mysql-8.4", '#!/bin/sh\necho "$0  Ver 9.7.4 for Linux"\n')
    assert version_of(path) == "9.7.4"
