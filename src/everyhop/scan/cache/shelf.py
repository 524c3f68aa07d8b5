"""Where records lie: a folder of the user's own, never one of the project that is scanned.

A project could ship a folder of its own with records that call it clean. Whatever is not ours alone is passed over, as
is whatever the file system refuses: without a cache a scan takes longer, and that is all.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LARGEST: Final = 8_000_000
"""Bytes of one record. That of superset, with 120 readings, has 10,000."""
_MOST: Final = 64
"""Records: a person's projects, each asked in a few ways."""
_SUFFIX: Final = ".sealed"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def folder(environment: Mapping[str, str]) -> Path | None:
    """The user's cache folder for everyhop, by the XDG Base Directory Specification; None where there is no home."""
    named = environment.get("XDG_CACHE_HOME", "")
    if not named.startswith("/"):  # "all paths must be absolute", and others are to be ignored
        home = environment.get("HOME", "")
        if not home.startswith("/"):
            return None
        named = f"{home}/.cache"
    return Path(named) / "everyhop"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The records in a folder. Nothing here raises for what is on disk."""

    folder: Path

    def fetch(self, name: str) -> bytes | None:
        """A record; None if there is none, or none that is this user's alone."""
        path = self.folder / f"{name}{_SUFFIX}"
        try:
            if not _is_ours(self.folder.lstat(), stat.S_IFDIR):
                return None
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
                state = os.fstat(descriptor)
                if not _is_ours(state, stat.S_IFREG) or state.st_size > _LARGEST:
                    return None
                data = file.read(_LARGEST)
            os.utime(path)  # the oldest go first, and this one is in use
        except OSError:
            return None
        return data

    def keep(self, name: str, data: bytes) -> None:
        """Write a record whole or not at all, and take away the oldest above the bound."""
        if len(data) > _LARGEST:
            return
        with suppress(OSError):
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
            if not _is_ours(self.folder.lstat(), stat.S_IFDIR):
                return
            self._write(self.folder / f"{name}{_SUFFIX}", data)
            self._tidy()

    def _write(self, path: Path, data: bytes) -> None:
        beside = path.with_name(f"{secrets.token_hex(16)}.part")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(data)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise

    def _tidy(self) -> None:
        """Records above the bound go, and so does what a scan that was killed has left half-written."""
        mine = [entry for entry in os.scandir(self.folder) if entry.name.endswith((_SUFFIX, ".part"))]
        for entry in sorted(mine, key=lambda entry: -entry.stat(follow_symlinks=False).st_mtime_ns)[_MOST:]:
            with suppress(OSError):
                os.unlink(entry.path)  # noqa: PTH108 - an entry of scandir


def _is_ours(state: os.stat_result, kind: int) -> bool:
    """Whether this is of the kind, belongs to this user, and nobody else may read or write it."""
    return stat.S_IFMT(state.st_mode) == kind and state.st_uid == os.geteuid() and not state.st_mode & _OTHERS
