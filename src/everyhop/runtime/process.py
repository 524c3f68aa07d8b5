"""A child process that is bounded from outside: one absolute deadline, capped output, nothing left behind.

Drivers' own time-outs do not hold against a hostile server, and an application may do anything while it is imported.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from everyhop.errors import SampleError

LARGEST_REPLY: Final = 4 << 20
"""Bytes. A thousand engines fit in."""
LARGEST_OUTPUT: Final = 16 << 10
"""Bytes of what the application prints that are kept: the last ones."""
_LOOK: Final = 0.1
"""Seconds between two looks at whether the process has ended, for the case that somebody else keeps its pipes open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The lines that came, what was printed, and how it ended: `code` is the exit code, None at the deadline."""

    lines: tuple[Mapping[str, Any], ...]
    output: str
    code: int | None


def converse(
    command: list[str],
    request: Mapping[str, Any],
    environment: Mapping[str, str],
    directory: str,
    seconds: float,
) -> Outcome:
    """Start `command REQUEST REPLY`, hand it the request, collect lines until `end`, `told`, its end or the deadline.

    Raises `SampleError` where it cannot be started at all.
    """
    deadline = time.monotonic() + seconds
    request_read, request_write = os.pipe()
    reply_read, reply_write = os.pipe()
    try:
        os.write(request_write, json.dumps(request).encode())  # a few hundred bytes: a pipe holds 4,096 at the least
        process = _start(
            [*command, str(request_read), str(reply_write)], environment, directory, (request_read, reply_write)
        )
    except BaseException:
        os.close(reply_read)
        raise
    finally:
        for descriptor in (request_read, request_write, reply_write):
            os.close(descriptor)
    try:
        return _listen(process, reply_read, deadline)
    finally:
        _end(process)
        os.close(reply_read)


def _start(
    command: list[str], environment: Mapping[str, str], directory: str, descriptors: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            start_new_session=True,
        )
    except OSError as error:
        raise SampleError(
            f"{command[0]} cannot be started: {error.strerror}", hint="name the app's interpreter with --python PATH"
        ) from error


def _listen(process: subprocess.Popen[bytes], reply: int, deadline: float) -> Outcome:
    output, received = process.stdout.fileno() if process.stdout else -1, set[int]()
    kept: dict[int, bytearray] = {reply: bytearray(), output: bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in kept:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while not _complete(kept[reply]) and (left := deadline - time.monotonic()) > 0:
            code = process.poll()
            received = {key.fd for key, _ in selector.select(0 if code is not None else min(left, _LOOK))}
            for descriptor in received:
                _take(descriptor, kept[descriptor], selector)
            del kept[output][:-LARGEST_OUTPUT]
            if len(kept[reply]) > LARGEST_REPLY or (code is not None and not received):
                break
    lines = tuple(_read(line) for line in kept[reply].split(b"\n")[:-1])
    return Outcome(lines, kept[output].decode(errors="replace"), process.poll())


def _take(descriptor: int, kept: bytearray, selector: selectors.BaseSelector) -> None:
    data = os.read(descriptor, 1 << 16)
    kept += data
    if not data:
        selector.unregister(descriptor)


def _read(line: bytes | bytearray) -> Mapping[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and isinstance(told.get("kind"), str):
        return told
    raise SampleError(
        "what came from the app's process is not what everyhop asks there",
        hint="does the app write to file descriptors that it has not opened?",
    )


def _complete(reply: bytearray) -> bool:
    """Whether the last line is one after which nothing comes. The child writes its lines whole."""
    last = bytes(reply).rstrip(b"\n").rpartition(b"\n")[2]
    return reply.endswith(b"\n") and last.startswith((b'{"kind": "end"', b'{"kind": "told"'))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with everything that it has started and that has stayed in its session."""
    with suppress(ProcessLookupError):  # already gone, and nobody was with it
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
