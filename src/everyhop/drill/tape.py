"""What a relay could read of one connection."""

from __future__ import annotations

from typing import Final

CAP: Final = 4 << 20
"""Bytes kept per direction; what comes after is carried and not kept."""


class Tape:
    """Two directions of one connection, as far as the relay could read them: under TLS that is ciphertext."""

    __slots__ = ("_from_dialer", "_from_listener")

    def __init__(self) -> None:
        self._from_dialer = bytearray()
        self._from_listener = bytearray()

    @property
    def from_dialer(self) -> bytes:
        """What the dialer sent."""
        return bytes(self._from_dialer)

    @property
    def from_listener(self) -> bytes:
        """What the listener sent."""
        return bytes(self._from_listener)

    def dialer_sent(self, data: bytes) -> None:
        """Keep bytes of the dialer."""
        self._from_dialer += data[: CAP - len(self._from_dialer)]

    def listener_sent(self, data: bytes) -> None:
        """Keep bytes of the listener."""
        self._from_listener += data[: CAP - len(self._from_listener)]
