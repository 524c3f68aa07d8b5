"""Which labs there are: a small file for each, so that others find them, and a crash leaves no trash."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from everyhop.errors import LabError, ToolError
from everyhop.lab.keeper import DIRECTORY_PREFIX, started_at
from everyhop.lab.keeping import LONGEST_END

_YOUNG: Final = 30.0  # seconds in which a state file may still be without a keeper


@dataclass(frozen=True, slots=True)
class Known:
    """A lab that runs: its name, what it is for, its keeper and what it noted of its servers."""

    name: str
    purpose: str
    pid: int
    directory: Path
    servers: tuple[dict[str, str], ...] = field(default=())


def state_directory() -> Path:
    """Where this user's state files are; made if need be, mode 0700.

    Raises `ToolError` where it is somebody else's, or others may write to it.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and _is_mine(Path(runtime)):
        directory = Path(runtime) / "everyhop"
    else:
        directory = Path(tempfile.gettempdir()) / f"everyhop-{os.geteuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    if not _is_mine(directory):
        raise ToolError(
            f"{directory} belongs to somebody else, or others may write to it",
            hint="remove it, or set XDG_RUNTIME_DIR to a directory of your own",
        )
    return directory


def reserve(prefix: str = "lab") -> Path:
    """An empty state file of a name that no other lab has: `lab-1.json`, `lab-2.json`, and so on."""
    number = 1
    while True:
        path = state_directory() / f"{prefix}-{number}.json"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            number += 1
        except FileNotFoundError:  # the last lab has just ended and taken the empty directory with it
            continue
        else:
            return path


def running() -> tuple[Known, ...]:
    """The labs that run, by name. What a killed keeper could not remove is removed now."""
    labs = []
    directory = state_directory()
    for path in sorted(directory.glob("*.json")):
        told = _read(path)
        if told is None:
            continue
        if _is_alive(told):
            labs.append(
                Known(
                    path.stem,
                    str(told["purpose"]),
                    int(told["pid"]),
                    Path(told["directory"]),
                    tuple(told.get("servers", ())),
                )
            )
        else:
            _bury(path, told)
    with contextlib.suppress(OSError):  # unless it is empty
        directory.rmdir()
    return tuple(labs)


def end(lab: Known) -> None:
    """End a lab and wait until nothing of it is left. Raises `LabError` where it does not end."""
    path = state_directory() / f"{lab.name}.json"
    told = _read(path)
    if told is None or not _is_alive(told):
        return
    os.kill(lab.pid, signal.SIGTERM)
    deadline = time.monotonic() + LONGEST_END
    while _is_alive(told):
        if time.monotonic() > deadline:
            raise LabError(f"{lab.name} did not end within {LONGEST_END:.0f} seconds", hint=f"kill -9 {lab.pid}")
        time.sleep(0.02)


def _read(path: Path) -> dict[str, Any] | None:
    """What a state file tells; None where it is gone, or still empty because its lab is just starting."""
    try:
        age = time.time() - path.stat().st_mtime
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    if not text and age < _YOUNG:
        return None
    try:
        told = json.loads(text or "{}")
    except ValueError:
        told = {}
    return told if isinstance(told, dict) else {}


def _is_alive(told: dict[str, Any]) -> bool:
    """Whether the keeper runs; a process that got its number later started at another time."""
    pid, started = told.get("pid"), told.get("started")
    return isinstance(pid, int) and started is not None and started_at(pid) == started


def _bury(path: Path, told: dict[str, Any]) -> None:
    directory = Path(told.get("directory", ""))
    # The name is looked at although the file is our own: a mistake here would remove something else.
    if directory.is_absolute() and directory.name.startswith(DIRECTORY_PREFIX) and not directory.is_symlink():
        shutil.rmtree(directory, ignore_errors=True)
    path.unlink(missing_ok=True)


def _is_mine(directory: Path) -> bool:
    try:
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
