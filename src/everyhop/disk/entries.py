"""What is in a directory, made and unmade through its descriptor, through no link."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Final

DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600

OPENED: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a directory is opened that may be listed and made durable."""

_CREATED: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def create(directory: int, files: Mapping[str, bytes]) -> None:
    """New files of mode 0600 whatever the umask, durable but for their names; none of them, where one cannot be made.

    Raises `OSError`.
    """
    made: list[str] = []
    try:
        with ExitStack() as stack:
            opened = []
            for name, content in files.items():
                descriptor = os.open(name, _CREATED, FILE_MODE, dir_fd=directory)
                made.append(name)
                opened.append(stack.enter_context(os.fdopen(descriptor, "wb", buffering=0)))
                left = memoryview(content)
                while left:
                    left = left[opened[-1].write(left) :]
            # All are written before the first is waited for: its fsync carries most of what the others ask for.
            for file in opened:
                os.fsync(file.fileno())
    except BaseException:
        for name in made:
            with suppress(OSError):
                os.unlink(name, dir_fd=directory)
        raise


def create_directory(parent: int, name: str, files: Mapping[str, bytes]) -> None:
    """A new directory of mode 0700 with these files in it, durable but for its own name. Raises `OSError`."""
    os.mkdir(name, DIRECTORY_MODE, dir_fd=parent)
    try:
        directory = os.open(name, OPENED, dir_fd=parent)
        try:
            create(directory, files)
            os.fsync(directory)
        finally:
            os.close(directory)
    except BaseException:
        with suppress(OSError):
            take_apart(parent, name)
        raise


def names(directory: int) -> list[str]:
    """What is in a directory, in no order. Raises `OSError`."""
    with os.scandir(directory) as found:
        return [entry.name for entry in found]


def read(directory: int, name: str) -> bytes | None:
    """The content of a regular file, None where there is nothing. Raises `OSError`, also where something else is."""
    try:
        # Non-blocking, or a FIFO would hold us for ever.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_irregular(descriptor)
        return file.read()


def ensure(directory: int, name: str) -> None:
    """A regular file has this name; an empty one, durable but for its name, where nothing had. Raises `OSError`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, FILE_MODE, dir_fd=directory)
    try:
        _refuse_irregular(descriptor)
    finally:
        os.close(descriptor)


def take_apart(parent: int, name: str) -> None:
    """Unlink a file or link, or a directory with all that is in it. Raises `OSError`."""
    try:
        directory = os.open(name, OPENED, dir_fd=parent)
    except NotADirectoryError:  # a link to a directory, too
        os.unlink(name, dir_fd=parent)
        return
    try:
        for entry in names(directory):
            take_apart(directory, entry)
    finally:
        os.close(directory)
    os.rmdir(name, dir_fd=parent)


def _refuse_irregular(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError("it is not a regular file")
