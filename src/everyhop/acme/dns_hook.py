"""DNS-01 answered through a program that can change the zone: run for each record, and again to take it back.

It gets what it needs in its environment, never in its arguments, which others can see, and no shell is in between:

    EVERYHOP_ACTION   set | clear
    EVERYHOP_RECORD   _acme-challenge.example.org
    EVERYHOP_VALUE    what the TXT record has to hold
    EVERYHOP_NAME     example.org
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from everyhop.acme.challenge import Answer, Kind
from everyhop.errors import IssueError, SettingsError
from everyhop.model.secret import masked
from everyhop.probe.deadline import Deadline
from everyhop.x509.parse import printable

_SHOWN: Final = 500  # bytes of what a hook said last


@dataclass(frozen=True, slots=True)
class DnsHook:
    """`program` with its arguments, and how many seconds it may take each time.

    `set` ends with exit code 0 once the authority can see the record: whoever changes the zone knows how long that
    takes. Several values may be asked for under one record at the same time (`example.org` and `*.example.org`).
    """

    program: tuple[str, ...]
    patience: float = 120.0

    def __post_init__(self) -> None:
        if not self.program or not self.program[0]:
            raise SettingsError("a hook for DNS-01 is a program")

    @property
    def kind(self) -> Kind:
        """DNS-01."""
        return Kind.DNS_01

    @contextmanager
    def answering(self, answers: Sequence[Answer], deadline: Deadline) -> Iterator[None]:
        """The records are there meanwhile. What was begun is taken back, also where that failed or something else did.

        Raises `IssueError` where a record cannot be set; one that cannot be cleared does no harm.
        """
        with ExitStack() as stack:
            for answer in answers:
                stack.callback(self._clear, answer)
                self._run("set", answer, min(self.patience, max(deadline.left(), 0)))
            yield

    def _clear(self, answer: Answer) -> None:
        with suppress(IssueError):
            self._run("clear", answer, self.patience)  # even where the deadline is over

    def _run(self, action: str, answer: Answer, patience: float) -> None:
        told = {
            "EVERYHOP_ACTION": action,
            "EVERYHOP_RECORD": answer.record,
            "EVERYHOP_VALUE": answer.value,
            "EVERYHOP_NAME": answer.name,
        }
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    self.program,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **told},
                    start_new_session=True,  # so that what it started can be stopped with it
                )
            except OSError as error:
                raise IssueError(
                    f"the hook for DNS-01 cannot be run: {(error.strerror or str(error)).lower()}", path=self.program[0]
                ) from error
            code = _wait(process, patience)
            if code != 0:
                end = f"was stopped after {patience:.3g} s" if code is None else f"ended with code {code}"
                raise IssueError(
                    f"the hook for DNS-01 {end} ({action} {answer.record})",
                    path=self.program[0],
                    hint=_last_words(output.fileno()),
                )


def _wait(process: subprocess.Popen[bytes], patience: float) -> int | None:
    """Its exit code; None where it took too long. Whatever it started is gone then, and when we are interrupted."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last_words(output: int) -> str | None:
    size = os.fstat(output).st_size
    text = os.pread(output, _SHOWN, max(0, size - _SHOWN)).decode("utf-8", "replace").strip()
    return f"it said: {printable(masked(' '.join(text.split())))}" if text else None
