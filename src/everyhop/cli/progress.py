"""A line on stderr while a scan takes long: on a terminal only, gone when it is done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_LONG: Final = 1.0  # seconds after which a person begins to wonder
_OFTEN: Final = 0.1  # seconds between two lines: more of them nobody reads
_CLEAR: Final = "\r\x1b[K"


@contextmanager
def shown(*, wanted: bool) -> Iterator[Callable[[str], None]]:
    """A function to call often with what is being done; it writes nothing where nobody looks, or wants to."""
    if not wanted or not sys.stderr.isatty():
        yield lambda doing: None  # noqa: ARG005 - nobody is told
        return
    line = _Line(time.monotonic)
    try:
        yield line.tell
    finally:
        line.end()


class _Line:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = self._last = clock()
        self._written = False
        self._process = os.getpid()

    def tell(self, doing: str) -> None:
        now = self._clock()
        if os.getpid() != self._process:
            return  # one that works beside this one: two would write over each other
        if now - self._begun < _LONG or now - self._last < _OFTEN:
            return
        self._last, self._written = now, True
        sys.stderr.write(f"{_CLEAR}{doing} … {now - self._begun:.0f} s")
        sys.stderr.flush()

    def end(self) -> None:
        if self._written:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
