"""What one look may cost the listener, and what it did cost.

MySQL and MariaDB count, per host, the connections that end before a login, and at `max_connect_errors` (100 by default)
they block the host, and the application on it. Measured on MariaDB 10.11: a connection closed after the greeting
counts, and so does one closed after a finished TLS handshake; only a login, even a wrong one, does not, and a probe
never logs in. 127.0.0.1 is exempt, so a lab hides it. To other servers an unfinished handshake is a line in a log.
"""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.probe.trouble import TooMuch


@dataclass(slots=True)
class Budget:
    """Counts connections, hellos sent and handshakes finished, and stops a look before it does harm."""

    most_connections: int = 10
    most_unfinished: int = 5
    connections: int = 0
    hellos: int = 0
    handshakes: int = 0

    def connecting(self) -> None:
        """One more connection is about to be opened. Raises `TooMuch`."""
        if self.connections >= self.most_connections:
            raise self._spent()
        self.connections += 1

    def greeting(self) -> None:
        """One more ClientHello is about to be sent. Raises `TooMuch`."""
        if self.hellos - self.handshakes >= self.most_unfinished:
            raise self._spent()
        self.hellos += 1

    def finished(self) -> None:
        """The handshake of the last hello was finished."""
        self.handshakes += 1

    def _spent(self) -> TooMuch:
        return TooMuch(
            f"enough was asked of this listener ({self.connections} connections, {self.hellos} hellos)",
            "a look ends before it can lock an application out; try again later",
        )
