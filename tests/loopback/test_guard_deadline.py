"""The end of a connect is absolute: whatever a hostile listener does, with every driver."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

import everyhop
from everyhop.errors import GuardError
from everyhop.runtime.guard.deadline import AsyncTerm
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.objection import Reason
from everyhop.runtime.guard.settings import GuardSettings
from tests.certificates import good, new_authority
from tests.guarding import WAYS, Way

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DEADLINE = 0.4
MUCH_LATER = 30.0
"""What no driver's own time-out, and no busy machine, is mistaken for."""
_SSL_REQUEST = (80877103).to_bytes(4, "big")


def silent(leg: socket.socket) -> None:
    """Accept, and say nothing."""
    leg.recv(1 << 16)
    time.sleep(MUCH_LATER)


def trickling(leg: socket.socket) -> None:
    """MySQL's greeting, one byte at a time: each of them in time for a time-out of one read."""
    leg.sendall(b"\xff\xff\x00\x00\x0a")
    while True:
        leg.sendall(b"8")
        time.sleep(0.02)


def flooding(leg: socket.socket) -> None:
    """A greeting of MySQL's that never ends, as fast as it is taken."""
    number, piece = 0, b"8" * 65_535
    while True:
        leg.sendall(b"\xff\xff\xff" + bytes([number % 256]))
        for _ in range(256):
            leg.sendall(piece)
        leg.sendall(piece[:255])  # 0xffffff bytes in all
        number += 1


def stalling(leg: socket.socket) -> None:
    """PostgreSQL's yes to TLS, and then no handshake."""
    while _SSL_REQUEST not in leg.recv(8):
        leg.sendall(b"N")
    leg.sendall(b"S")
    time.sleep(MUCH_LATER)


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    legs: list[socket.socket] = []

    def behaved(leg: socket.socket) -> None:
        with suppress(OSError):
            behave(leg)

    def accept() -> None:
        with suppress(OSError):
            while True:
                leg, _ = listener.accept()
                legs.append(leg)
                threading.Thread(target=behaved, args=(leg,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    for leg in legs:
        leg.close()


@pytest.fixture
def anchors(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_text(good(new_authority(), "localhost").anchors_pem)
    return str(path)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("everyhop.guard").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("everyhop.guard").setLevel(logging.NOTSET)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")


def dialled(way: Way, port: int, anchors: str) -> BaseException | None:
    """What comes of a connect, if anything does."""
    query, address = way.query.replace("CA", anchors), "127.0.0.1"
    url = f"{way.scheme}://app:word@{address}:{port}/app{f'?{query}' if query else ''}"
    engine = way._made(url, connect_args=way.safe(anchors))
    everyhop.guard(engine, local=[], deadline=DEADLINE)
    raised: list[BaseException] = []

    def connect() -> None:
        try:
            if way.asynchronous:
                import asyncio  # noqa: PLC0415

                asyncio.run(_entered(engine))
            else:
                engine.connect()
        except BaseException as error:  # noqa: BLE001 - looked at in the test's own thread
            raised.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(MUCH_LATER / 2)
    return raised[0] if raised else None


async def _entered(engine: Any) -> None:
    async with engine.connect():
        pass


@pytest.mark.parametrize("name", WAYS)
def test_a_listener_that_says_nothing(name: str, anchors: str) -> None:
    with listening(silent) as port:
        error = dialled(WAYS[name], port, anchors)
    assert isinstance(error, GuardError), error
    assert "took longer than 0.4 s" in str(error)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.scheme.startswith("postgresql")])
def test_a_handshake_that_does_not_begin(name: str, anchors: str) -> None:
    with listening(stalling) as port:
        assert isinstance(dialled(WAYS[name], port, anchors), GuardError)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if not way.scheme.startswith("postgresql")])
def test_a_greeting_that_does_not_end(name: str, anchors: str) -> None:
    with listening(trickling) as port:
        assert isinstance(dialled(WAYS[name], port, anchors), GuardError)


@pytest.mark.parametrize("name", ["pymysql", "asyncmy", "aiomysql"])
def test_a_greeting_without_end_as_fast_as_it_is_taken(name: str, anchors: str) -> None:
    """Those that would take it all; the others end it by themselves."""
    with listening(flooding) as port:
        assert isinstance(dialled(WAYS[name], port, anchors), GuardError)


def test_no_other_connection_is_cut(anchors: str) -> None:
    """Beside one that is: to the same listener, waited for by another thread."""
    ended: list[bytes] = []

    def wait() -> None:
        with suppress(TimeoutError):
            ended.append(bystander.recv(1))

    with listening(silent) as port, socket.create_connection(("127.0.0.1", port)) as bystander:
        bystander.settimeout(3 * DEADLINE)
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert isinstance(dialled(WAYS["pymysql"], port, anchors), GuardError)
        waiting.join()
    assert ended == []


def test_report_bounds_nothing(anchors: str) -> None:
    """The listener goes after the deadline, and that is what the driver tells."""

    def leaving(leg: socket.socket) -> None:
        time.sleep(4 * DEADLINE)
        leg.close()

    watching = Guard(GuardSettings.parse({"EVERYHOP_MODE": "report", "EVERYHOP_CONNECT_DEADLINE": DEADLINE}))
    with listening(leaving) as port:
        context = ssl.create_default_context(cafile=anchors)
        engine = create_engine(f"mysql+pymysql://app:word@127.0.0.1:{port}/app", connect_args={"ssl": context})
        watching.watch(engine)
        with pytest.raises(DBAPIError):
            engine.connect()
    assert watching.counters.total(Reason.DEADLINE) == 0


def test_a_forked_child_watches_for_itself(anchors: str) -> None:
    """No thread goes on in a child: the deadline has to."""
    with listening(silent) as port:
        assert isinstance(dialled(WAYS["pymysql"], port, anchors), GuardError)
        child = os.fork()
        if not child:
            found = dialled(WAYS["pymysql"], port, anchors)
            os._exit(0 if isinstance(found, GuardError) else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_task_whose_driver_has_swallowed_the_cancelling_is_not_left_cancelled() -> None:
    """A driver may make an error of its own of it; a time-out around the task would take it for its own otherwise."""

    async def connected() -> tuple[bool, int]:
        term = AsyncTerm(0.01)
        error: BaseException | None = None
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            error = OSError(cancelled)
        task = asyncio.current_task()
        assert task
        return term.end(error), task.cancelling()

    assert asyncio.run(connected()) == (True, 0)
