"""A relay on the loopback between a dialer and a listener: passes bytes on, keeps what it reads, attacks if told.

It binds and dials the loopback only, and no option changes that.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from everyhop.drill.behaviour import Behaviour
from everyhop.drill.leg import Legs, Socket
from everyhop.drill.tape import Tape
from everyhop.errors import DrillError
from everyhop.model.endpoint import Locality, TcpEndpoint

IDLE_SECONDS: Final = 30.0
"""A peer that says nothing for so long at the start of a connection is given up."""
_CONNECTIONS = 64
_PIECE = 65536


class Relay:
    """Listens at `listen` and dials `dial`; `switch` changes its behaviour for the connections that come after.

    Raises `DrillError` for an endpoint that is not on the loopback, or a port that is taken.
    """

    def __init__(self, listen: TcpEndpoint, dial: TcpEndpoint, behaviour: Behaviour) -> None:
        for endpoint in (listen, dial):
            if endpoint.locality is not Locality.LOOPBACK:
                raise DrillError(f"a relay stays on the loopback, and {endpoint} is not on it")
        self._dial = dial
        self._behaviour = behaviour
        self._tapes: list[Tape] = []
        self._open: set[Socket] = set()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        try:
            self._listener = socket.create_server((listen.host, listen.port))
        except OSError as error:
            raise DrillError(f"cannot listen at {listen}: {error.strerror}") from error
        self.endpoint: Final = TcpEndpoint(listen.host, self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name=f"relay {self.endpoint}", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and cut what is open."""
        # shutdown wakes the thread that waits in accept(); close alone leaves it there
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection that is open, so that a pool behind it has to dial again."""
        with self._lock:
            legs = list(self._open)
        for leg in legs:
            try:
                # the plain socket's shutdown: an SSLSocket's would drop its TLS state under the thread that reads it
                socket.socket.shutdown(leg, socket.SHUT_RDWR)
            except OSError:
                continue  # already gone

    def switch(self, behaviour: Behaviour) -> None:
        """Behave like this from now on; cut what was begun otherwise, and forget what was kept."""
        self._behaviour = behaviour
        self.cut()
        with self._lock:
            self._tapes = []

    @property
    def tapes(self) -> tuple[Tape, ...]:
        """What could be read of each connection since the last `switch`, in order of arrival."""
        with self._lock:
            return tuple(self._tapes)

    def _accept(self) -> None:
        while True:
            try:
                dialer, _ = self._listener.accept()
            except OSError:
                return  # closed
            if not self._slots.acquire(blocking=False):
                dialer.close()
                continue
            tape = Tape()
            with self._lock:
                self._tapes.append(tape)
            threading.Thread(target=self._serve, args=(dialer, self._behaviour, tape), daemon=True).start()

    def _serve(self, dialer: Socket, behaviour: Behaviour, tape: Tape) -> None:
        mine: list[Socket] = []

        def opened(leg: Socket) -> Socket:
            mine.append(leg)
            with self._lock:
                self._open.add(leg)
            return leg

        def dial() -> Socket:
            return socket.create_connection((self._dial.host, self._dial.port), IDLE_SECONDS)

        try:
            dialer.settimeout(IDLE_SECONDS)
            _pass_on(*behaviour.begin(Legs(dialer, dial, opened), tape), tape)
        except (OSError, ValueError, IndexError):
            # An end of the connection is how a refusal looks from here: the dialer's own error tells it.
            pass
        finally:
            with self._lock:
                self._open.difference_update(mine)
            for leg in mine:
                leg.close()
            self._slots.release()


def _pass_on(dialer: Socket, listener: Socket, tape: Tape) -> None:
    """Carry bytes both ways in one thread (a TLS socket must not be read and written in two) until either side ends."""
    ways = {dialer: (listener, tape.dialer_sent), listener: (dialer, tape.listener_sent)}
    while True:
        ready = [leg for leg in ways if isinstance(leg, ssl.SSLSocket) and leg.pending()]
        for leg in ready or select.select(list(ways), [], [])[0]:
            other, keep = ways[leg]
            leg.settimeout(0)  # what has come may be half a TLS record, or a session ticket: no data to wait for
            try:
                data = leg.recv(_PIECE)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            if not data:
                return
            keep(data)
            other.settimeout(IDLE_SECONDS)
            other.sendall(data)


def settled(relay: Relay, seconds: float = 2.0) -> tuple[Tape, ...]:
    """The tapes once nothing has been added to them for a moment: bytes on their way are part of what was read."""
    deadline = time.monotonic() + seconds
    seen = -1
    while time.monotonic() < deadline:
        size = sum(len(tape.from_dialer) + len(tape.from_listener) for tape in relay.tapes)
        if size == seen:
            break
        seen = size
        time.sleep(0.1)
    return relay.tapes
