"""Files in other people's places: configuration and what it names, read and written whole, through no link.

The last component of a path is never a link, and all that follows goes through the directory's descriptor (`walk`).
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from everyhop.disk.refusal import told
from everyhop.disk.walk import link_target, parent, sync
from everyhop.errors import DiskError

LARGEST: Final = 8 * 1024 * 1024
"""Bytes. A configuration file is never near it; it bounds what is read into memory and into the journal."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A regular file at one moment. The content never shows in a repr."""

    content: bytes
    mode: int
    uid: int
    gid: int

    def __repr__(self) -> str:
        return f"Snapshot({len(self.content)} bytes, {self.mode:04o}, {self.uid}:{self.gid})"


def read(path: str) -> Snapshot | None:
    """The regular file at this path, None if there is nothing. Raises `DiskError` for anything else that is there."""
    with told(path, "cannot be read"):
        try:
            with parent(path) as (directory, name):
                # Non-blocking, or a planted FIFO would hold us for ever.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                return _content(os.open(name, flags, dir_fd=directory), path)
        except FileNotFoundError:
            return None


def write(path: str, new: Snapshot, temporary: str) -> None:
    """Put a file in place at once: whole or not at all, with its mode and owner before its first byte.

    `temporary` is a name in the same directory that nothing else uses; it is gone when this returns.
    """
    with told(path, "cannot be written"), parent(path) as (directory, name):
        _refuse_link(directory, name, path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchown(file.fileno(), new.uid, new.gid)
                os.fchmod(file.fileno(), new.mode)  # not by O_CREAT: the umask would have its say
                file.write(new.content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=directory)
            raise
        sync(directory)


def remove(path: str) -> None:
    """Take a file (or a link that stands in its place) away, if it is there."""
    with told(path, "cannot be removed"), suppress(FileNotFoundError), parent(path) as (directory, name):
        os.unlink(name, dir_fd=directory)
        sync(directory)


def link(path: str) -> str | None:
    """Where the link at this path leads, as it stands in it; None where there is no link.

    Raises `DiskError` for a link that neither root nor the caller has made.
    """
    with told(path, "cannot be read"):
        try:
            with parent(path) as (directory, name):
                return link_target(directory, name, path)
        except (FileNotFoundError, NotADirectoryError):
            return None


def is_directory(path: str) -> bool:
    """Whether there is a directory; raises `DiskError` where something else has its name."""
    with told(path, "cannot be looked at"):
        try:
            with parent(path) as (directory, name):
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
    if not stat.S_ISDIR(status.st_mode):
        raise DiskError("is not a directory", path=path, hint="move it out of the way")
    return True


def make_directory(path: str, mode: int, uid: int, gid: int) -> None:
    """Make a directory, closed to others until it has its owner and mode."""
    with told(path, "cannot be made"), parent(path) as (directory, name):
        os.mkdir(name, 0o700, dir_fd=directory)
        made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.fchown(made, uid, gid)
            os.fchmod(made, mode)
            os.fsync(made)
        finally:
            os.close(made)
        sync(directory)


def remove_directory(path: str) -> bool:
    """Take a directory away; False where it is kept because somebody else put something into it."""
    with told(path, "cannot be removed"):
        try:
            with parent(path) as (directory, name):
                os.rmdir(name, dir_fd=directory)
                sync(directory)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                return False
            raise
    return True


def _content(descriptor: int, path: str) -> Snapshot:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise DiskError("is not a regular file", path=path, hint="name the file itself")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DiskError(f"is larger than {LARGEST} bytes", path=path, hint="that is no configuration file")
    return Snapshot(content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _refuse_link(directory: int, name: str, path: str) -> None:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise DiskError("is a symbolic link", path=path, hint="name the file that it leads to, or remove the link")
    if not stat.S_ISREG(status.st_mode):
        raise DiskError("is not a regular file", path=path, hint="name the file itself")
