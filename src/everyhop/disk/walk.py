"""The way to a directory, walked component by component.

A service's own account may write in the very directories that root has to write in. So a symbolic link on the way is
followed only if root or the caller made it, and all that follows goes through the directory's descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Final

from everyhop.errors import DiskError

MOST_LINKS: Final = 40
"""As many as Linux follows in one path (path_resolution(7))."""

# O_PATH: a directory on the way may be closed to reading and open to passing through.
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def parent(path: str) -> Iterator[tuple[int, str]]:
    """The directory of an absolute `path`, opened, and the last component, at which nothing has been looked."""
    pure = PurePosixPath(path)
    descriptor = walk(pure.parent)
    try:
        yield descriptor, pure.name
    finally:
        os.close(descriptor)


def walk(path: PurePosixPath) -> int:
    """A descriptor (`O_PATH`) of the directory at this absolute path.

    Raises `OSError` where the operating system does, and `DiskError` for a stranger's link on the way.
    """
    if not path.is_absolute():
        raise ValueError(f"{path} is not absolute")
    parts = list(path.parts[1:])
    current, links = os.open("/", _DIRECTORY), 0
    try:
        while parts:
            part = parts.pop(0)
            try:
                following = os.open(part, _DIRECTORY, dir_fd=current)
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                links += 1
                if links > MOST_LINKS:
                    raise
                target = link_target(current, part, str(path))
                parts[:0] = [p for p in PurePosixPath(target).parts if p != "/"]
                following = os.open("/", _DIRECTORY) if target.startswith("/") else os.dup(current)
            os.close(current)
            current = following
    except BaseException:
        os.close(current)
        raise
    return current


def sync(directory: int) -> None:
    """Make durable which names a directory holds: that of a file alone does not (fsync(2)). Any descriptor will do."""
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_target(directory: int, name: str, path: str) -> str:
    """Where the link `name` in a directory leads; `path` is for people.

    Raises `NotADirectoryError` for what is no link, `DiskError` for a link that neither root nor the caller made.
    """
    # Opened once, for its owner and its target have to be those of one link: the directory's owner may exchange it.
    link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        status = os.fstat(link)
        if not stat.S_ISLNK(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if status.st_uid not in {0, os.geteuid()}:
            raise DiskError(
                f"there is a symbolic link on the way ({name}) that neither root nor you have made",
                path=path,
                hint="name the real directory",
            )
        return os.readlink("", dir_fd=link)  # readlinkat(2): the link itself that was opened
    finally:
        os.close(link)
