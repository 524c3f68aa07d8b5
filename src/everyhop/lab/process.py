"""A process of a lab that is there until it is stopped, and programs that end by themselves."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from everyhop.errors import LabError
from everyhop.lab.keeping import Keeper, Program
from everyhop.model.secret import MASK, Secret

PATIENCE: Final = 30.0
"""Seconds to start or stop; measured on two cores: at most 1.5."""
LOOK_AGAIN: Final = 0.01
"""Seconds between two looks."""
_TAIL: Final = 12  # lines of a log that are shown


class Process:
    """Started by the lab's keeper. Leaving its `with` block stops it; what it wrote goes with the lab.

    `name` is for people. `is_ready` tells of the process with this number whether it answers already.
    """

    def __init__(self, keeper: Keeper, name: str, program: Program, is_ready: Callable[[int], bool]) -> None:
        self._keeper = keeper
        self._name = name
        self._program = program
        self._is_ready = is_ready
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Its number, if it runs."""
        if self._pid is not None and self._keeper.code_of(self._pid) is not None:
            self._pid = None
        return self._pid

    def start(self) -> Self:
        """Start it and return when it answers; nothing if it runs. Raises `LabError` with the end of its log."""
        if self.pid is not None:
            return self
        pid = self._keeper.spawn(self._program)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready(pid):
            code = self._keeper.code_of(pid)
            if code is not None:
                raise LabError(f"{self._name} did not start (exit code {code})", hint=self.tail())
            if time.monotonic() > deadline:
                self._keeper.send(pid, signal.SIGKILL)
                raise LabError(f"{self._name} did not answer within {PATIENCE:.0f} seconds", hint=self.tail())
            time.sleep(LOOK_AGAIN)
        self._pid = pid
        return self

    def stop(self) -> None:
        """Stop it and return when it has ended; nothing if it does not run. Raises `LabError` if that takes a kill."""
        pid, self._pid = self.pid, None
        if pid is None:
            return
        self._keeper.send(pid, self._program.stop)
        deadline = time.monotonic() + PATIENCE
        while self._keeper.code_of(pid) is None:
            if time.monotonic() > deadline:
                self._keeper.send(pid, signal.SIGKILL)
                raise LabError(
                    f"{self._name} did not stop within {PATIENCE:.0f} seconds and was killed", hint=self.tail()
                )
            time.sleep(LOOK_AGAIN)

    def restart(self) -> None:
        """Stop it and start it anew; it reads all of its configuration again."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Take up new settings; for a process that knows no gentler way, by a restart."""
        self.restart()

    def test(self) -> None:
        """Test its settings beforehand, if it has a way to; raises `LabError` with its words."""

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its main process, if it runs."""
        if self.pid is not None:
            self._keeper.send(self.pid, number)

    def tail(self) -> str:
        """The end of its log, without the lab's passwords."""
        return tail(self._program.log, self._secrets())

    def _secrets(self) -> tuple[Secret, ...]:
        return ()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run(keeper: Keeper, program: Program, secrets: tuple[Secret, ...] = ()) -> None:
    """Run a program to its end. Raises `LabError` with the end of its log, without these secrets, where it fails."""
    name = Path(program.argv[0]).name
    pid = keeper.spawn(program)
    deadline = time.monotonic() + PATIENCE
    while (code := keeper.code_of(pid)) is None:
        if time.monotonic() > deadline:
            keeper.send(pid, signal.SIGKILL)
            raise LabError(f"{name} did not end within {PATIENCE:.0f} seconds", hint=tail(program.log, secrets))
        time.sleep(LOOK_AGAIN)
    if code != 0:
        raise LabError(f"{name} failed (exit code {code})", hint=tail(program.log, secrets))


def tail(log: Path, secrets: tuple[Secret, ...]) -> str:
    """The last lines of a log, with these secrets masked."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
    except OSError as error:
        return f"its log cannot be read: {error}"
    text = "\n".join(lines) or "its log is empty"
    for secret in secrets:
        text = text.replace(secret.reveal(), MASK)
    return f"the end of its log:\n{text}"
