"""An absolute end for the act of connecting, which no server can put off by answering slowly or without end.

Drivers' own time-outs are for one read, or for one address. So a blocking connect is bounded from outside: a watching
thread, one for the whole process, looks what the connecting thread waits for and shuts that socket down; the
driver sees its peer go, and gives up. The kernel says which socket it is (proc(5), `/proc/PID/task/TID/syscall`).
An asynchronous connect is cancelled by its own event loop.

Where the kernel does not tell (not Linux, a sandbox without /proc) a blocking connect has the driver's time-outs only,
and so has one on a greenlet of gevent's, of which many share a thread.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

_EVERY: Final = 0.1
"""Seconds between two looks: as much later than its deadline may a connect end."""
_QUIET: Final = 50
"""Looks with nobody to watch before the thread rests; waking it costs more than a look."""
_BOTH: Final = 2  # SHUT_RDWR, sys/socket.h

# poll and ppoll by number (Linux's asm/unistd.h): their descriptors are in memory, not among the arguments.
_POLLS: Final = {"x86_64": {7, 271}, "aarch64": {73}}.get(platform.machine(), set())
# The first argument is the descriptor: read, write, connect, sendto, recvfrom, sendmsg, recvmsg, and epoll's two.
_READS: Final = {
    "x86_64": {0, 1, 42, 44, 45, 46, 47, 232, 281},
    "aarch64": {63, 64, 203, 206, 207, 211, 212, 22},
}.get(platform.machine(), set())
_POLLFD: Final = struct.Struct("ihh")  # poll.h
_MOST: Final = 16  # descriptors of one poll; a driver waits for one or two
_WATCHED = re.compile(r"^tfd:\s+(\d+)", re.MULTILINE)  # proc(5), fdinfo of an epoll instance


class Ending(Protocol):
    """One connect that is under way."""

    def end(self, error: BaseException | None) -> bool:
        """The end of it, by this error if any; whether its deadline is why."""


Bounding = Callable[[float], Ending]
"""Begins to bound what the caller does from now on, in seconds."""


@dataclass(slots=True)
class _Entry:
    """A thread, and when its connect ends (`time.monotonic`). `expired` is whether it was cut."""

    thread: int
    ends: float
    expired: bool = False


class Watch:
    """The terms of the connects that are under way, by a thread that starts with the first."""

    def __init__(self) -> None:
        self._terms: dict[int, _Entry] = {}
        self._wake = threading.Event()
        self._resting = True
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float) -> _Entry:
        """Watch over the calling thread from now on."""
        term = _Entry(threading.get_native_id(), time.monotonic() + seconds)
        self._terms[id(term)] = term
        if self._resting:
            self._rouse()
        return term

    def end(self, term: _Entry) -> None:
        """It has connected, or given up."""
        self._terms.pop(id(term), None)

    def _rouse(self) -> None:
        with self._lock:
            self._resting = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="everyhop deadlines", daemon=True)
                self._thread.start()
        self._wake.set()

    def _look(self) -> None:
        quiet = 0
        while True:
            time.sleep(_EVERY)
            quiet = 0 if self._terms else quiet + 1
            now = time.monotonic()
            for term in list(self._terms.values()):
                if now >= term.ends:
                    term.expired = True
                    cut(term.thread)
            if quiet > _QUIET:
                self._rest()
                quiet = 0

    def _rest(self) -> None:
        self._wake.clear()
        self._resting = True
        if not self._terms:  # or one came in between, and saw nobody resting
            self._wake.wait()
        self._resting = False


class _Process:
    """The watch of this process; a forked child, in which no thread goes on, gets its own."""

    def __init__(self) -> None:
        self.watch = Watch()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.watch = Watch()


_PROCESS: Final = _Process()


class Term:
    """A blocking connect by the calling thread: cut at its deadline, where that can be done."""

    __slots__ = ("_entry",)

    def __init__(self, seconds: float) -> None:
        self._entry = _PROCESS.watch.begin(seconds) if _READS and not _on_greenlets() else None

    def end(self, error: BaseException | None) -> bool:  # noqa: ARG002 - whatever the driver makes of its peer's going
        """The end of it; whether it was cut."""
        if self._entry is None:
            return False
        _PROCESS.watch.end(self._entry)
        return self._entry.expired


def cut(thread: int) -> None:
    """Shut down the socket that a thread of this process waits for, if it waits for one."""
    with suppress(OSError, ValueError):
        descriptors = [number for number in _waited_for(thread) if _is_socket(number)]
        if len(descriptors) == 1:
            ctypes.CDLL(None).shutdown(descriptors[0], _BOTH)


def _waited_for(thread: int) -> Iterator[int]:
    words = Path(f"/proc/self/task/{thread}/syscall").read_text(encoding="ascii").split()
    if len(words) < 3 or words[0] == "-1":  # "running", or blocked in no system call
        return
    number, first, second = int(words[0]), int(words[1], 16), int(words[2], 16)
    if number in _POLLS and second <= _MOST:
        descriptor = os.open("/proc/self/mem", os.O_RDONLY)
        try:
            for entry in _POLLFD.iter_unpack(os.pread(descriptor, second * _POLLFD.size, first)):
                yield entry[0]
        finally:
            os.close(descriptor)
    elif number in _READS:
        yield from _below(first)


def _below(descriptor: int) -> Iterator[int]:
    """The descriptor, or those that an epoll instance of this number watches over."""
    if "eventpoll" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
        text = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
        yield from (int(found) for found in _WATCHED.findall(text))
    else:
        yield descriptor


def _is_socket(descriptor: int) -> bool:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("socket:")


def _on_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket"))


class AsyncTerm:
    """The same for a task of asyncio's: cancelled at its deadline, by the loop that it runs on."""

    __slots__ = ("_handle", "_task", "expired")

    def __init__(self, seconds: float) -> None:
        # An asynchronous engine is in use, so it is loaded; only transports open sockets, so it is not imported here.
        asyncio: Any = sys.modules["asyncio"]
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self._handle = loop.call_later(seconds, self._expire)
        self.expired = False

    def end(self, error: BaseException | None) -> bool:  # noqa: ARG002 - a driver may turn it into another
        """The end of it; whether it was cancelled. The task goes on."""
        self._handle.cancel()
        if self.expired:  # a time-out of the application's around it counts what is still to be cancelled
            self._task.uncancel()
        return self.expired

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()
