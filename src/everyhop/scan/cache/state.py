"""What a tree looks like from outside: the state of every file that a scan would read, without reading any.

A file counts as unchanged if its name, size, mode, inode and both its times are what they were. The time of the last
change of its state (ctime) is the system's own, so that an old modification time put back onto new text is seen.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.model.sighting import Gap
from everyhop.scan import tracked
from everyhop.scan.workspace import Kind, found, root_of

SETTLED: Final = 2_000_000_000
"""Nanoseconds after which a second change to a file cannot bear the time of the first: FAT counts in two seconds."""


@dataclass(frozen=True, slots=True)
class State:
    """A digest of everything that was seen, and the time of the newest change, in nanoseconds since 1970."""

    digest: bytes
    newest: int

    def is_settled(self, now: int) -> bool:
        """Whether all that changes from `now` on (in the same nanoseconds) will show."""
        return now - self.newest > SETTLED


def state_of(paths: Sequence[Path], exclude: Sequence[str]) -> State:
    """The state of what `workspace.read` would read of the same arguments."""
    root, digest, newest = root_of(paths), hashlib.sha256(), 0
    tops: set[Path | None] = set()
    for seen in found(paths, root, exclude):
        if isinstance(seen, Gap):
            digest.update(_line("gap", seen.where, seen.reason))
            continue
        path, name, kind = seen
        newest = max(newest, _note(digest, path, name))
        if kind is Kind.KEY:
            tops.add(tracked.top_of(path))
    for index in sorted(_indexes(tops)):
        newest = max(newest, _note(digest, index, str(index)))
    return State(digest.digest(), newest)


def _indexes(tops: set[Path | None]) -> Iterator[Path]:
    """Where version control writes down what it has; that a work tree has come or gone shows as well."""
    for top in tops:
        if top is not None:
            yield top / ".git"
            with suppress(OSError, UnicodeDecodeError):
                yield tracked.index_of(top)


def _note(digest: hashlib._Hash, path: Path, name: str) -> int:
    try:
        state = os.stat(path)  # noqa: PTH116 - ten thousand times, and a Path makes it twice as slow
    except OSError as error:
        digest.update(_line("error", name, error.errno))
        return 0
    facts = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_dev, state.st_mode)
    digest.update(_line("file", name, *facts))
    return max(state.st_mtime_ns, state.st_ctime_ns)


def _line(*facts: object) -> bytes:
    return ("\0".join(map(str, facts)) + "\n").encode("utf-8", "surrogateescape")
