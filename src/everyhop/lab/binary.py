"""Where a server's program is, and which package brings it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.errors import LabError, ToolError

# Debian keeps servers out of a user's PATH, and PostgreSQL's out of everybody's.
_SBIN: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_POSTGRESQL: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Binary:
    """A program by name, and the Debian package to install where it is missing."""

    name: str
    package: str

    def find(self, directories: Iterable[Path] | None = None) -> Path:
        """The first that can be run in `directories`, or in the usual ones. Raises `ToolError` with the package."""
        searched = None if directories is None else tuple(directories)
        for directory in usual_directories() if searched is None else searched:
            path = directory / self.name
            if path.is_file() and os.access(path, os.X_OK):
                return path
        raise self.missing(searched)

    def missing(self, searched: Iterable[Path] | None = None) -> ToolError:
        """The error that tells where it was looked for (None: the usual directories), and what to install."""
        looked = "on PATH, in /usr/sbin and in /usr/lib/postgresql"
        if searched is not None:
            looked = f"in {', '.join(map(str, searched))}"
        return ToolError(f"{self.name} is not installed (looked {looked})", hint=f"apt install {self.package}")


def usual_directories() -> list[Path]:
    """PATH, the directories for servers, then PostgreSQL's, the newest first."""
    path = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    majors = sorted(_POSTGRESQL.glob("*/bin"), key=lambda entry: _number(entry.parent.name), reverse=True)
    return [*path, *map(Path, _SBIN), *majors]


def version_of(program: Path, argument: str = "--version") -> str:
    """The version that a program tells of itself, as `15.18` or `10.11.19`. Raises `LabError` where it tells none."""
    return version_in(words_of(program, argument), program)


def words_of(program: Path, argument: str = "--version") -> str:
    """What a program prints when it is asked for its version. Raises `LabError` where it cannot be run."""
    try:
        return subprocess.run(
            [program, argument],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=10,
            text=True,
            errors="replace",
            env={"LC_ALL": "C"},
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{program} cannot be run: {error}") from error


def version_in(words: str, program: Path) -> str:
    """The version in what a program printed: what its own path may contain, as MySQL's does, is no version."""
    found = re.search(r"\d+(?:\.\d+)*", words.replace(str(program), ""))
    if found is None:
        raise LabError(f"{program} told no version: {words[:200]!r}")
    return found[0]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
