"""What happens when a driver tries to connect in a case."""

from __future__ import annotations

import gc
import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from everyhop.drill.relay import Relay
from everyhop.model.endpoint import TcpEndpoint
from tests.agreement.cases import ASKING, Case
from tests.agreement.driver import SECRET, Dial, Driver
from tests.agreement.ground import Ground
from tests.agreement.prediction import Cell
from tests.agreement.spelled import Spelled

_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an attempt. `hung`: the driver had to be stopped from outside."""

    connects: bool
    readable: bool
    given: bool
    error: str | None = None
    hung: bool = False

    @property
    def word(self) -> str:
        """The word for the page."""
        if self.given:
            return "PASSWORD"
        return "READ" if self.readable else "TLS" if self.connects else "–"

    def agrees(self, promised: Cell) -> bool:
        """Whether it is what was predicted, as far as anything was."""
        pairs = ((promised.connects, self.connects), (promised.readable, self.readable), (promised.given, self.given))
        return all(told is None or told is real for told, real in pairs)


def observe(ground: Ground, driver: Driver, spelled: Spelled, case: Case) -> Seen:
    """Let the driver try; what it raises besides its refusals is the test's own fault."""
    host = driver.address if case is Case.IP_SAN else driver.host
    login = ground.server(case).login
    assert login
    tried = []
    for behaviour in ground.behaviours(case, host):
        with Relay(TcpEndpoint(host, 0), ground.listener(case, host), behaviour) as relay:
            tried.append(_tried(relay, driver, Dial(relay.endpoint, login, spelled), case))
    # Several ways to ask for one thing: what any of them got counts.
    return next((seen for seen in tried if seen.given), tried[0])


def _tried(relay: Relay, driver: Driver, dial: Dial, case: Case) -> Seen:
    """One attempt, in a thread and for so long."""
    answers: list[object] = []
    errors: list[BaseException] = []

    def attempted() -> None:
        try:
            answers.append(driver.ways[dial.spelled.door](dial))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
            # Without its frames, which hold the socket.
            errors.append(error.with_traceback(None))
            error.__cause__ = error.__context__ = None

    thread = threading.Thread(target=attempted, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if hung := thread.is_alive():
        relay.close()
        thread.join(5)
    _wait_until_idle(relay)
    # An answer that the driver has had went onto the tape before: there is nothing to wait for.
    heard = b"".join(tape.from_dialer + tape.from_listener for tape in relay.tapes)
    for error in errors:
        if not isinstance(error, driver.refusals):
            raise error
    told = f"{type(errors[0]).__name__}: {errors[0]}" if errors else None
    given = case in ASKING and dial.login.password.reveal().encode() in heard
    return Seen(answers == [SECRET], SECRET.encode() in heard, given, told, hung)


@contextmanager
def surroundings(environment: Mapping[str, str], home: str) -> Iterator[None]:
    """Nothing of what PostgreSQL's drivers would read of the caller's, and these variables in its place.

    Drivers leave what is left of a refused connection to the garbage collector, which warns of it: here, if it must.
    Otherwise it would be in somebody else's test.
    """
    with pytest.MonkeyPatch.context() as around, warnings.catch_warnings():
        for name in [name for name in os.environ if name.startswith("PG")]:
            around.delenv(name)
        for name, value in {"HOME": home, **environment}.items():
            around.setenv(name, value)
        warnings.simplefilter("ignore")
        gc.freeze()  # what was there before need not be looked through each time
        yield
        gc.collect()
        gc.unfreeze()


def _wait_until_idle(relay: Relay) -> None:
    """A relay that is cut in the middle of a beginning would leave a leg to the garbage collector, which warns."""
    deadline = time.monotonic() + 0.5
    while relay._open and time.monotonic() < deadline:
        time.sleep(0.002)
