"""Whether version control has a file: read out of git's own index, without git.

The index names every tracked file by its path from the top of the work tree, ended by a zero byte (gitformat-index(5)).
Version 4 leaves out what a path shares with the one before: then nothing is known.
"""

from __future__ import annotations

import stat
from functools import lru_cache
from pathlib import Path
from typing import Final

_LARGEST: Final = 100_000_000
"""Bytes of an index that are read: a million files."""


def is_tracked(path: Path, root: Path) -> bool | None:
    """Whether git tracks the file at this absolute path below the scanned `root`.

    None where there is no repository, no way to tell, or where the repository around has nothing of this tree.
    """
    top = top_of(path)
    names = _index(top) if top is not None else None
    if top is None or names is None:
        return None
    if root != top and root.is_relative_to(top) and b"\0" + _bytes(root.relative_to(top)) not in names:
        return None
    return b"\0" + _bytes(path.relative_to(top)) + b"\0" in names


def top_of(path: Path) -> Path | None:
    """The top of the work tree around a file; None where there is none."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), None)


def index_of(top: Path) -> Path:
    """Where the index of a work tree lies, whether it is there or not; an `OSError` where nobody may know."""
    return _folder(top / ".git") / "index"


def _bytes(path: Path) -> bytes:
    return path.as_posix().encode("utf-8", "surrogateescape")


def _index(top: Path) -> bytes | None:
    """The index of a work tree with a zero byte before each path; None where it cannot be read."""
    try:
        index = index_of(top)
        if not index.exists():
            return b""
        state = index.stat()
        if not stat.S_ISREG(state.st_mode):
            return None
        return _contents(index, state.st_ino, state.st_size, state.st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4)  # by its state as well, so that one process sees what is added between two scans
def _contents(index: Path, _inode: int, size: int, _modified: int) -> bytes | None:
    data = index.read_bytes() if size <= _LARGEST else b""
    if data[:4] != b"DIRC" or int.from_bytes(data[4:8], "big") not in (2, 3):
        return None
    return _names(data)


def _folder(git: Path) -> Path:
    """The folder behind `.git`, which is a file that names it in a linked work tree."""
    if git.is_dir():
        return git
    if not git.is_file():
        raise OSError(f"{git} is neither a folder nor a file")  # a pipe would be waited for
    named = git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    return git.parent / named


def _names(data: bytes) -> bytes:
    """The paths of all entries: 62 bytes (64 where a flag says so), the path, padding to 8 bytes."""
    names, place = [b""], 12
    for _ in range(int.from_bytes(data[8:12], "big")):
        flags = int.from_bytes(data[place + 60 : place + 62], "big")
        start = place + (64 if flags & 0x4000 else 62)
        end = data.find(b"\0", start)
        if end < 0:
            break
        names.append(data[start:end])
        place += (end - place + 8) // 8 * 8
    return b"\0".join([*names, b""])
