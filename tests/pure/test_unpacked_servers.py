"""What is made of apt's words, and of a program that needs libraries of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import unpacked
from tests.unpacked import (
    SUITES,
    Deadline,
    NotFetchedError,
    complaint_in,
    fetch,
    mirror_in,
    planned,
    worth_unpacking,
    wrap,
)

PLAN = """\
'http://mirror.example/pool/main/g/gcc/libgcc-s1_14.2.0-19_amd64.deb' libgcc-s1_14.2.0-19_amd64.deb 72772 SHA256:ab
'http://mirror.example/debian/pool/main/m/mariadb/mariadb-server-core_11.8.6-0%2bdeb13u1_amd64.deb' \
mariadb-server-core_1%3a11.8.6-0+deb13u1_amd64.deb 7933028 SHA256:cd
'http://mirror.example/debian/pool/main/s/x/libstdc++6_14_amd64.deb' libstdc++6_14_amd64.deb 1 SHA256:ef
"""


def test_a_plan_names_packages() -> None:
    """Names may have a plus, and versions an epoch."""
    assert planned(PLAN) == ("libgcc-s1", "mariadb-server-core", "libstdc++6")
    assert planned("Reading package lists...\n") == ()


def test_libraries_and_what_was_wanted_are_unpacked() -> None:
    """Not what is large and never loaded."""
    names = (
        "libc6",
        "zlib1g",
        "postgresql-18",
        "postgresql-common",
        "perl-base",
        "libperl5.42",
        "libjson-perl",
        "libllvm19",
    )
    assert worth_unpacking(names, ["postgresql-18"]) == ("libc6", "zlib1g", "postgresql-18")


def test_the_mirror_is_debians_own_archive() -> None:
    """Neither its security archive nor anybody else's."""
    lines = (
        "Docker|Docker CE|https://docker.example/linux/debian/\n"
        "Debian|Debian-Security|http://mirror.example/debian-security/\n"
        "Debian|Debian|http://mirror.example/debian/\n"
        "Debian|Debian|http://other.example/debian/\n"
    )
    assert mirror_in(lines) == "http://mirror.example/debian/"


@pytest.mark.parametrize("lines", ["", "\n", "Ubuntu|Ubuntu|http://u.example/ubuntu/\n", "|| \n", "Debian|Debian\n"])
def test_without_a_mirror_there_is_none(lines: str) -> None:
    """The twin."""
    assert mirror_in(lines) is None


def test_the_first_complaint_is_told() -> None:
    """Warnings are none."""
    assert complaint_in("W: old\nE: Unable to locate package mysql\nE: more\n") == "Unable to locate package mysql"
    assert complaint_in("W: old\n") == ""


def test_a_program_that_fails_or_lasts_is_told() -> None:
    """In one line, and in time."""
    with pytest.raises(NotFetchedError, match=r"^gone$"):
        Deadline.within(10).run(["sh", "-c", "echo E: gone >&2; exit 100"])
    with pytest.raises(NotFetchedError, match="too long"):
        Deadline.within(0).run(["sleep", "5"])
    with pytest.raises(NotFetchedError, match="cannot be run"):
        Deadline.within(10).run(["no-such-program"])
    assert Deadline.within(10).run(["echo", "all is well"]) == "all is well\n"


def test_a_wrapped_program_gets_its_loader_its_name_and_its_arguments(tmp_path: Path) -> None:
    """Also after the folder was moved."""
    root = tmp_path / "root"
    loader = root / "usr" / "lib" / "any-linux-gnu" / "ld-linux-any.so.2"
    program = root / "usr" / "lib" / "server" / "18" / "bin" / "server"
    for path, text in ((loader, '#!/bin/sh\nprintf "%s\\n" "$@"\n'), (program, "")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)
    wrap(root, "usr/lib/server/18/bin/server")
    moved = root.rename(tmp_path / "moved here")
    path = moved / "usr" / "lib" / "server" / "18" / "bin" / "server"
    said = subprocess.run([path, "-D", "a b"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[0] == "--library-path"
    assert Path(said[1]).resolve() == moved / "usr" / "lib" / "any-linux-gnu"
    assert said[2:] == ["--argv0", str(path), f"{path}.program", "-D", "a b"]


def test_what_does_not_come_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Debian's keys nothing is asked for."""
    monkeypatch.setattr(unpacked, "FOLDER", tmp_path / "servers")
    monkeypatch.setattr(unpacked, "KEYRING", tmp_path / "no.gpg")
    failed = fetch(SUITES, Deadline.within(10))
    assert set(failed) == {suite.name for suite in SUITES}
    assert all("no.gpg" in why for why in failed.values())
    assert not any(suite.is_there for suite in SUITES)
    assert list((tmp_path / "servers").iterdir()) == []
