"""The only part of `scan` that reads files: paths in, named texts out. Nothing is executed or imported.

`.gitignore` is not asked: the `.env` that it hides is the file that matters most. Left out are version control, caches,
installed packages and what builds leave behind. Linked folders are not entered: inside the root they would be
seen twice, outside they are not the project, and a link may lead into itself.
"""

from __future__ import annotations

import io
import os
import stat
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from everyhop.errors import SourceError
from everyhop.model.sighting import Gap

LARGEST: Final = 5_000_000
"""Bytes. The largest hand-written settings or source file in airflow and superset has 0.6 MB; above are dumps."""

SKIPPED: Final = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", ".eggs", "site-packages", "node_modules"),
        *("bower_components", "__pycache__", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
        *(".hypothesis", ".idea", ".vscode", ".terraform"),
    }
)
"""Folders that hold no source of the project."""


class Kind(Enum):
    """How a file is to be read."""

    PYTHON = "python"
    DOTENV = "dotenv"
    COMPOSE = "compose"
    PINS = "pins"


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its path relative to the scanned root, with `/`, and its text without a byte order mark."""

    path: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """All that is there to look at, in the order of the paths, and what could not be read."""

    sources: tuple[Source, ...]
    gaps: tuple[Gap, ...]


def kind_of(path: Path) -> Kind | None:
    """What a file is by its name and folder; None for one that `scan` does not read."""
    name, folder = path.name, path.parent.name
    suffix = path.suffix.lower()
    stem = name.lower().removesuffix(suffix)
    if suffix in (".py", ".pyw"):
        return Kind.PYTHON
    if suffix in (".yml", ".yaml"):
        return Kind.COMPOSE if "compose" in stem else None
    if name in ("uv.lock", "poetry.lock", "pyproject.toml"):
        return Kind.PINS
    if suffix == ".txt" and any(word in stem or word == folder for word in ("requirements", "constraints")):
        return Kind.PINS
    if suffix == ".env" or stem == ".env" or name == ".flaskenv" or stem.startswith(".env."):
        return Kind.DOTENV if suffix not in (".js", ".ts", ".json") else None
    return None


def read(paths: Sequence[Path], exclude: Sequence[str] = ()) -> Workspace:
    """Read every file below `paths` that `scan` knows. `exclude` are globs over relative paths and names.

    Raises `SourceError` for a path that does not exist: that is a typo, while whatever else cannot be read is a `Gap`.
    """
    for path in paths:
        if not path.exists():
            raise SourceError(
                "there is no such file or folder", path=str(path), hint="name what is to be scanned, or nothing for ."
            )
    root = root_of(paths)
    sources: list[Source] = []
    gaps: list[Gap] = []
    for found in _files(paths, root, exclude):
        match found if isinstance(found, Gap) else _source(*found):
            case Gap() as gap:
                gaps.append(gap)
            case source:
                sources.append(source)
    return Workspace(tuple(sources), tuple(gaps))


def root_of(paths: Sequence[Path]) -> Path:
    """What reported paths are relative to: the one folder given, else the current one, else the common one."""
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0].resolve()
    here = Path.cwd().resolve()
    resolved = [path.resolve() for path in paths]
    if all(path.is_relative_to(here) for path in resolved):
        return here
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in resolved]))


def _files(paths: Iterable[Path], root: Path, exclude: Sequence[str]) -> Iterator[tuple[Path, str, Kind] | Gap]:
    seen: set[Path] = set()
    for given in paths:
        start = given.resolve()
        listed = _walk(start, root, exclude) if start.is_dir() else [start]
        for path in listed:
            if isinstance(path, Gap):
                yield path
                continue
            name, kind = _relative(path, root), kind_of(path)
            if kind is not None and path not in seen:
                seen.add(path)
                yield path, name, kind
            elif kind is None and path == start:
                yield Gap(name, "this kind of file is not read", "scan reads Python, dotenv, compose and lock files")


def _walk(folder: Path, root: Path, exclude: Sequence[str]) -> Iterator[Path | Gap]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            yield _unreadable(_relative(here, root), error)
            continue
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue  # a virtual environment under any name: other people's code
        folders = []
        for entry in entries:
            path = here / entry.name
            if _excluded(_relative(path, root), exclude):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    folders.append(path)
            elif kind_of(path) and not path.is_dir():
                yield path
        pending += reversed(folders)


def _excluded(path: str, globs: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path, glob.rstrip("/")) or fnmatchcase(name, glob.rstrip("/")) for glob in globs)


def _source(path: Path, name: str, kind: Kind) -> Source | Gap:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            return Gap(name, "not a regular file", "sockets, pipes and devices are not read")
        if state.st_size > LARGEST:
            size = f"{state.st_size / 1e6:.0f} MB"
            return Gap(
                name, f"{size} is more than the {LARGEST // 1_000_000} MB that are read", "--exclude leaves it out"
            )
        data = path.read_bytes()
    except OSError as error:
        return _unreadable(name, error)
    try:
        return Source(name, kind, _decoded(data, kind))
    except (UnicodeDecodeError, LookupError, SyntaxError):
        return Gap(name, "not text in its encoding", "save it as UTF-8")


def _decoded(data: bytes, kind: Kind) -> str:
    encoding = "utf-8-sig"
    if kind is Kind.PYTHON and not data.isascii():
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).removeprefix("\ufeff")


def _unreadable(name: str, error: OSError) -> Gap:
    return Gap(name, f"cannot be read: {error.strerror or 'unknown reason'}", "grant read permission, or --exclude it")


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
