"""The only file of `probe` that opens sockets: one absolute deadline, a cap on every byte that comes in.

A peer that trickles bytes renews no time-out, and one that never stops fills no memory.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.probe.deadline import Deadline
from everyhop.probe.trouble import CutOff, Silent, Unreachable
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send, too_much

T = TypeVar("T")

PLAINTEXT_CAP: Final = 65_536
"""Bytes from a listener before TLS; the longest honest answer there is a web server's head, and far shorter."""
TLS_CAP: Final = 262_144
"""Bytes from a listener inside TLS, handshake included; a chain of ten large certificates has 20 kB."""
_CHUNK: Final = 16_384


class Connection:
    """An open connection whose every act ends by the deadline."""

    def __init__(self, opened: socket.socket, deadline: Deadline) -> None:
        self._socket = opened
        self._deadline = deadline

    def run(self, dialogue: Dialogue[T], cap: int) -> T:
        """Carry out a dialogue and give its result; at most `cap` bytes are taken from the listener."""
        taken = 0
        try:
            wish = next(dialogue)
            while True:
                match wish:
                    case Send(data):
                        self._send(data)
                        wish = dialogue.send(b"")
                    case Receive(at_most):
                        if taken >= cap:
                            raise too_much("an answer", cap)
                        data = self._receive(min(at_most, cap - taken, _CHUNK))
                        taken += len(data)
                        wish = dialogue.send(data)
        except StopIteration as end:
            result: T = end.value
            return result

    def overhear(self, seconds: float, at_most: int) -> bytes:
        """What the listener says by itself within so many seconds, left in place to be received; b"" for nothing."""
        try:
            self._socket.settimeout(max(0.001, self._deadline.within(seconds).left()))
            return self._socket.recv(at_most, socket.MSG_PEEK)
        except OSError:
            return b""

    def _send(self, data: bytes) -> None:
        try:
            self._arm()
            self._socket.sendall(data)
        except TimeoutError as error:
            raise silent("takes no bytes") from error
        except OSError:
            pass  # it has closed: whatever it said before that is still to be read, and tells more

    def _receive(self, at_most: int) -> bytes:
        try:
            self._arm()
            return self._socket.recv(at_most)
        except TimeoutError as error:
            raise silent("did not answer") from error
        except OSError as error:
            raise CutOff(
                f"the listener cut the connection off ({_reason(error)})",
                "its own log says why; a firewall does this as well",
            ) from error

    def _arm(self) -> None:
        left = self._deadline.left()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def silent(what: str) -> Silent:
    """The time was up."""
    return Silent(
        f"the listener {what} in time", "is it overloaded, or does a firewall swallow it? --timeout S waits longer"
    )


@contextmanager
def connect(endpoint: Endpoint, deadline: Deadline) -> Iterator[Connection]:
    """Open a connection, and close it whatever happens. Raises `Unreachable` or `Silent`."""
    opened = _open(endpoint, deadline)
    try:
        yield Connection(opened, deadline)
    finally:
        opened.close()


def _open(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    if isinstance(endpoint, UnixEndpoint):
        addresses: list[tuple[int, Any]] = [(socket.AF_UNIX, endpoint.path)]
    else:
        addresses = _resolve(endpoint, deadline)
    failure: OSError | None = None
    for position, (family, address) in enumerate(addresses):
        try:
            # An address that nobody answers on must not use up the time of those after it.
            return _dial(family, address, deadline.within(max(0.0, deadline.left()) / (len(addresses) - position)))
        except OSError as error:
            failure = error
    raise _unreachable(endpoint, failure) from failure


def _dial(family: int, address: Any, deadline: Deadline) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        left = deadline.left()
        if left <= 0:
            raise TimeoutError
        opened.settimeout(left)
        opened.connect(address)
        if family != socket.AF_UNIX:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        opened.close()
        raise
    return opened


def _unreachable(endpoint: Endpoint, failure: OSError | None) -> Unreachable | Silent:
    if isinstance(failure, ConnectionRefusedError | FileNotFoundError):
        return Unreachable(
            f"nobody listens at {endpoint} ({_reason(failure)})", "is the server running, and is this its port?"
        )
    if failure is None or isinstance(failure, TimeoutError):
        return Silent(f"no connection to {endpoint} in time", "is the host up, and does a firewall let this through?")
    return Unreachable(
        f"no connection to {endpoint} ({_reason(failure)})", "is this the right host, and is there a route to it?"
    )


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _resolve(endpoint: TcpEndpoint, deadline: Deadline) -> list[tuple[int, Any]]:
    """The addresses of a host. The system's resolver knows no deadline, so a thread asks it that may be left behind."""
    answers: queue.SimpleQueue[list[tuple[int, Any]] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
            answers.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="everyhop-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.001, deadline.left()))
    except queue.Empty:
        raise Silent(f"the name {endpoint.host} was not resolved in time", "does the DNS server answer?") from None
    if isinstance(answer, list):
        return answer
    raise Unreachable(
        f"the name {endpoint.host} cannot be resolved", "is it spelled right, and known on this machine?"
    ) from answer
