"""A directory that nobody else can look into: what holds keys, and what decides over them.

It is held open, and everything in it is reached through its descriptor, by a name without a slash and through no link.
So what was found private when it was opened is what is written to, whatever happens to its path meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from types import TracebackType
from typing import Final, Self

from everyhop.disk import entries
from everyhop.disk.entries import DIRECTORY_MODE, FILE_MODE, OPENED
from everyhop.disk.lock import held
from everyhop.disk.refusal import told
from everyhop.disk.walk import parent, sync, walk
from everyhop.errors import DiskError

LOCK: Final = "lock"
"""The name of the file that is locked; it stays."""

_UNFINISHED: Final = ".part"  # the end of the name of what was being made, or taken away, when a run was killed


class PrivateDirectory:
    """A directory of mode 0700 that belongs to who runs this, held open until the `with` ends.

    Every method raises `DiskError` for what the file system refuses, and then nothing has changed. Who writes holds
    the lock (`locked`): names of unfinished things are the same for all.
    """

    __slots__ = ("_descriptor", "path")

    def __init__(self, descriptor: int, path: str) -> None:
        """Takes the descriptor over. Raises `DiskError` where others can look in, and closes it then."""
        self._descriptor = descriptor
        self.path = path
        try:
            _refuse_others(os.fstat(descriptor), path)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def make(cls, path: str) -> Self:
        """The directory at this absolute path; made, with the directories above it, where it is not there."""
        with told(path, "cannot be made"):
            found = cls.open(path)
            if found is None:
                _make(PurePosixPath(path))
                found = cls.open(path)
        if found is None:
            raise DiskError("was taken away again", path=path)
        return found

    @classmethod
    def open(cls, path: str) -> Self | None:
        """The directory at this absolute path; None where there is nothing."""
        with told(path, "cannot be opened"):
            try:
                way = walk(PurePosixPath(path))
            except FileNotFoundError:
                return None
            try:
                return cls(os.open(".", OPENED, dir_fd=way), path)
            finally:
                os.close(way)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def inside(self, name: str) -> PrivateDirectory | None:
        """The directory of this name in it; None where there is nothing. A link is refused."""
        with self._told(name, "cannot be opened"):
            try:
                return PrivateDirectory(os.open(name, OPENED, dir_fd=self._descriptor), self._at(name))
            except FileNotFoundError:
                return None

    def make_inside(self, name: str) -> PrivateDirectory:
        """The directory of this name in it, made where it is not there."""
        with self._told(name, "cannot be made"):
            with suppress(FileExistsError):
                os.mkdir(name, DIRECTORY_MODE, dir_fd=self._descriptor)
                os.fsync(self._descriptor)
            return PrivateDirectory(os.open(name, OPENED, dir_fd=self._descriptor), self._at(name))

    def names(self) -> tuple[str, ...]:
        """What is in it, in alphabetical order, without the lock and what killed runs have left."""
        with self._told(".", "cannot be read"):
            present = entries.names(self._descriptor)
        return tuple(sorted(name for name in present if name != LOCK and not _left(name)))

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is nothing. Anything but a regular file is refused."""
        with self._told(name, "cannot be read"):
            return entries.read(self._descriptor, name)

    def create(self, files: Mapping[str, bytes]) -> None:
        """New files by name, durable when this returns; none of them, where one is there already."""
        with self._told(next(iter(files)), "cannot be made"):
            entries.create(self._descriptor, files)
            os.fsync(self._descriptor)

    def replace(self, name: str, content: bytes) -> None:
        """Put a file in place at once and durably: whole or not at all, whatever was there."""
        with self._told(name, "cannot be written"):
            entries.create(self._descriptor, {_unfinished(name): content})
            self._take_place(name)

    def append(self, name: str, content: bytes) -> None:
        """Put content at a file's end, durably; a crash may leave a part of it there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._told(name, "cannot be written"):
            with os.fdopen(os.open(name, flags, FILE_MODE, dir_fd=self._descriptor), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.fsync(self._descriptor)

    def file_in(self, name: str) -> str:
        """The path of a regular file in it, made empty where it is not there: for a library that opens by path."""
        with self._told(name, "cannot be made"):
            entries.ensure(self._descriptor, name)
        return self._at(name)

    def remove(self, name: str) -> None:
        """Take a file or link away, durably, if it is there."""
        with self._told(name, "cannot be removed"), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)
            os.fsync(self._descriptor)

    def fill(self, name: str, files: Mapping[str, bytes]) -> None:
        """A new directory appears under its name with all these files in it, durably, or not at all."""
        with self._told(name, "cannot be made"):
            if name in entries.names(self._descriptor):
                raise DiskError("is there already", path=self._at(name))
            entries.create_directory(self._descriptor, _unfinished(name), files)
            self._take_place(name)

    def remove_inside(self, name: str) -> None:
        """Take a directory away with all that is in it: under its name nobody sees it half-empty."""
        with self._told(name, "cannot be removed"), suppress(FileNotFoundError):
            os.rename(name, _unfinished(name), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            entries.take_apart(self._descriptor, _unfinished(name))

    def point(self, name: str, target: str) -> None:
        """Make `name` a link to a name in this directory, durably; meanwhile it is the old one or the new one."""
        with self._told(name, "cannot be switched"):
            os.symlink(target, _unfinished(name), dir_fd=self._descriptor)
            self._take_place(name)

    def pointed(self, name: str) -> str | None:
        """The name in this directory to which the link `name` points; None where there is nothing."""
        with self._told(name, "cannot be read as a link"):
            try:
                target = os.readlink(name, dir_fd=self._descriptor)
            except FileNotFoundError:
                return None
        if "/" in target or target in {".", ".."}:
            hint = "everyhop did not make it: remove it"
            raise DiskError(f"leads out of its directory ({target})", path=self._at(name), hint=hint)
        return target

    @contextmanager
    def locked(self, doing: str, patience: float = 10.0) -> Iterator[None]:
        """Hold this directory's lock, and first sweep what killed runs have left in it.

        `doing` (`everyhop renew`) is what others are told who wait. Raises `DiskError` that names who holds it after
        `patience` seconds.
        """
        with held(self._descriptor, LOCK, self._at(LOCK), doing, patience):
            with self._told(".", "cannot be swept"):
                for name in filter(_left, entries.names(self._descriptor)):
                    entries.take_apart(self._descriptor, name)
            yield

    def _take_place(self, name: str) -> None:
        """What is finished gets its name; where it cannot, it goes."""
        try:
            os.rename(_unfinished(name), name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            with suppress(OSError):
                entries.take_apart(self._descriptor, _unfinished(name))
            raise
        os.fsync(self._descriptor)

    @contextmanager
    def _told(self, name: str, failure: str) -> Iterator[None]:
        if "/" in name or name in {"", ".."}:
            raise ValueError(f"{name!r} is no name in a directory")
        with told(self._at(name), failure):
            yield

    def _at(self, name: str) -> str:
        return self.path if name == "." else f"{self.path.rstrip('/')}/{name}"


def _unfinished(name: str) -> str:
    return f".{name}{_UNFINISHED}"


def _left(name: str) -> bool:
    return name.startswith(".") and name.endswith(_UNFINISHED)


def _make(path: PurePosixPath) -> None:
    """Make a directory, and those above it that are missing: private ones, too."""
    try:
        _make_one(path)
    except FileNotFoundError:
        if path.parent == path:
            raise
        _make(path.parent)
        _make_one(path)  # some file systems (/proc) say the same of what cannot be made in them


def _make_one(path: PurePosixPath) -> None:
    with parent(str(path)) as (directory, name), suppress(FileExistsError):
        os.mkdir(name, DIRECTORY_MODE, dir_fd=directory)
        sync(directory)


def _refuse_others(status: os.stat_result, path: str) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        hint = "run it as that account, or name a directory of your own"
        raise DiskError(f"belongs to another account (number {status.st_uid})", path=path, hint=hint)
    if mode & 0o077:
        raise DiskError(f"others can look into it (mode {mode:04o})", path=path, hint=f"chmod 700 {path}")
