"""Which Python runs the application: its own, with its own packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from everyhop.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A path to execute, and why it was chosen."""

    path: str
    reason: str


def choose(given: str | None, environment: Mapping[str, str], directory: Path) -> Interpreter:
    """The one that is given, else the active virtual environment's, else `.venv` in `directory`, else everyhop's own.

    Raises `SettingsError` for one that is given and cannot be executed.
    """
    if given is not None:
        path = Path(directory, given) if "/" in given else _on_path(given, environment)
        if path is None or not path.is_file() or not os.access(path, os.X_OK):
            raise SettingsError(
                f"{given} is no program that can be started",
                hint="--python takes the path of an interpreter",
                key="--python",
            )
        return Interpreter(str(path), "--python")
    active = environment.get("VIRTUAL_ENV")
    candidates = [(Path(active, "bin", "python"), "the active virtual environment")] if active else []
    candidates.append((directory / ".venv" / "bin" / "python", "the .venv of the app"))
    for path, reason in candidates:
        if path.is_file():
            return Interpreter(str(path), reason)
    return Interpreter(sys.executable, "everyhop's own")


def _on_path(name: str, environment: Mapping[str, str]) -> Path | None:
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    return next((Path(folder, name) for folder in folders if Path(folder, name).is_file()), None)
