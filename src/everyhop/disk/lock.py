"""One at a time: a lock between processes that says who holds it, and is let go of by whoever is killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from everyhop.disk.entries import FILE_MODE
from everyhop.disk.refusal import told
from everyhop.errors import DiskError

_PAUSE: Final = 0.05  # seconds between two attempts: a blocking flock(2) could not be given up
_LENGTH: Final = 200  # bytes: who holds it


@contextmanager
def held(directory: int, name: str, path: str, doing: str, patience: float) -> Iterator[None]:
    """Hold the lock file `name` below a directory's descriptor; `path` is where that is, for people.

    Waits up to `patience` seconds; raises `DiskError` that names who holds it then.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with told(path, "cannot be locked"):
        descriptor = os.open(name, flags, FILE_MODE, dir_fd=directory)
    try:
        with told(path, "cannot be locked"):
            _take(descriptor, path, patience)
            # Of one length, so that nobody has to truncate it, which costs more than all the rest.
            os.pwrite(descriptor, f"process {os.getpid()} ({doing})".encode()[:_LENGTH].ljust(_LENGTH), 0)
        try:
            yield
        finally:
            # Closing alone would not do where a child has been forked meanwhile: it holds the same lock (flock(2)).
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: str, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                hint = "wait until it has ended, then try again"
                raise DiskError(f"is held by {_holder(descriptor)}", path=path, hint=hint) from error
            time.sleep(_PAUSE)
        else:
            return


def _holder(descriptor: int) -> str:
    words = os.pread(descriptor, _LENGTH, 0).decode("utf-8", "replace").strip()
    return "".join(character if character.isprintable() else "?" for character in words) or "another process"
