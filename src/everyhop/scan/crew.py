"""Work done beside other work, in a process of its own that shares what was loaded before."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Final, Generic, TypeVar

R = TypeVar("R")

_WORTH_IT: Final = 4_000_000
"""Characters of Python from which on a second process is quicker. Superset has 8 million; below 3 the fork, and the
modules that both processes parse, cost what they save."""
_SENSIBLE: Final = 2  # a third process waits for memory and for the first, more than it helps


def processes(jobs: int | None, characters: int) -> int:
    """How many processes to use: as many as wanted, else as many as are sensible for so much text."""
    if jobs is not None:
        return jobs
    return min(_SENSIBLE, len(os.sched_getaffinity(0))) if characters >= _WORTH_IT else 1


def begun(tasks: Sequence[Callable[[], R]], helpers: int) -> list[Callable[[], R]]:
    """For each task a function that gives its result, in the order of the tasks.

    With helpers the tasks are dealt out among that many processes, which begin at once. Without, and where a process
    ends before its time, a task is done when its result is asked for. Results are handed over pickled.
    """
    helpers = min(helpers, len(tasks))
    if helpers < 1:
        return list(tasks)
    # `fork`: what is loaded and read need not be handed over, which would take longer than the work.
    context = multiprocessing.get_context("fork")
    crew = [_Helper(tasks[number::helpers], context) for number in range(helpers)]
    return [partial(crew[number % helpers].result, number // helpers) for number in range(len(tasks))]


class _Helper(Generic[R]):
    """A process with some of the tasks."""

    def __init__(self, tasks: Sequence[Callable[[], R]], context: multiprocessing.context.ForkContext) -> None:
        self._tasks = tasks
        self._results: Sequence[R] | None = None
        self._answer, told = context.Pipe(duplex=False)
        self._process = context.Process(target=_do, args=(tasks, told), daemon=True)
        self._process.start()
        told.close()

    def result(self, number: int) -> R:
        """What the task of this number came to."""
        if self._results is None:
            try:
                results: Sequence[R] = self._answer.recv()
            except (EOFError, OSError):  # it was killed, or it failed: then the same failure shows here
                results = [task() for task in self._tasks]
            self._results = results
            self._answer.close()
            self._process.join()
        return self._results[number]


def _do(tasks: Sequence[Callable[[], object]], told: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches every process of a terminal's job: end in silence
    try:
        told.send([task() for task in tasks])
    except Exception:  # noqa: BLE001 - the first process does it again, and tells what is wrong
        os._exit(1)
