"""The near end of a keeper: who opens a lab holds one of these, and the lab lasts as long as it is held."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from everyhop.errors import LabError
from everyhop.lab import keeper
from everyhop.lab.account import Account

LONGEST_END: Final = 60.0
"""Seconds. The keeper waits 5 for its programs and kills them; what they wrote goes in 7 more on a crowded machine."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is started, and how it is asked to stop.

    `environment` is the whole of it, none is inherited. Output goes to the end of `log`; `input` is a file or nothing.
    """

    argv: tuple[str, ...]
    log: Path
    directory: Path
    account: Account
    stop: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    input: Path | None = None


class Keeper:
    """Starts a keeper for one lab and speaks with it. Raises `LabError` where it is gone.

    `parent` is the directory in which the lab gets its own, `state` the file that tells others of it.
    """

    def __init__(self, parent: Path, state: Path, purpose: str, account: Account) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        arguments = (str(parent), str(state), purpose, str(account.uid), str(account.gid), str(os.getpid()))
        self._process = subprocess.Popen(
            # By its path and without site packages: it starts in 40 ms and depends on nothing that an application has.
            [sys.executable, "-I", "-S", keeper.__file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for whoever holds the lab
            cwd="/",
        )
        try:
            self.directory = Path(self._heard()["directory"])
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The keeper's own process."""
        return self._process.pid

    def spawn(self, program: Program) -> int:
        """Start a program; its process number. Raises `LabError` where that cannot be done."""
        told = self._ask(
            do="spawn",
            argv=program.argv,
            directory=str(program.directory),
            environment=dict(program.environment),
            log=str(program.log),
            input=str(program.input) if program.input else None,
            uid=program.account.uid,
            gid=program.account.gid,
            stop=int(program.stop),
        )
        if "error" in told:
            raise LabError(f"{program.argv[0]} cannot be started as {program.account.name}: {told['error']}")
        return int(told["pid"])

    def code_of(self, pid: int) -> int | None:
        """None while the program runs, else its exit code; negative for the signal that ended it."""
        code = self._ask(do="poll", pid=pid)["code"]
        return None if code is None else int(code)

    def send(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a program; nothing if it has ended."""
        self._ask(do="signal", pid=pid, signal=int(number))

    def note(self, facts: Mapping[str, Any]) -> None:
        """Add to what the state file tells others."""
        self._ask(do="note", facts=dict(facts))

    def watch(self, pids: Iterable[int]) -> int | None:
        """Wait until one of these programs has ended; its number, or None where somebody else ended the lab itself."""
        try:
            return int(self._ask(do="watch", pids=list(pids))["ended"])
        except LabError:
            return None

    def release(self) -> None:
        """Let the lab go on without its holder, until it gets a signal. Nothing can be asked of it afterwards."""
        self._ask(do="release")
        self._hang_up()
        # It outlives this process on purpose, so nobody is to be reminded of waiting for it.
        self._process.returncode = 0

    def close(self) -> None:
        """End the lab and wait until nothing of it is left. Does nothing when it has ended, or in a forked child."""
        if os.getpid() != self._owner or self._process.returncode is not None:
            return
        self._hang_up()
        try:
            self._process.wait(LONGEST_END)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"the lab did not end within {LONGEST_END:.0f} seconds", hint="everyhop lab list") from error

    def _hang_up(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _ask(self, **order: Any) -> dict[str, Any]:
        stream = self._process.stdin
        with self._lock:
            if stream is None or stream.closed:
                raise LabError("this lab has ended")
            try:
                stream.write(json.dumps(order).encode() + b"\n")
                stream.flush()
            except OSError as error:
                raise LabError("the lab's keeper is gone, and its servers with it") from error
            return self._heard()

    def _heard(self) -> dict[str, Any]:
        stream = self._process.stdout
        line = stream.readline() if stream is not None else b""
        if not line:
            raise LabError("the lab's keeper is gone, and its servers with it")
        told: dict[str, Any] = json.loads(line)
        return told
