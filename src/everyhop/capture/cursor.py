"""Reads a byte string from front to back, and says when it is cut short. Captures are cut short: that is no error."""

from __future__ import annotations


class CutShort(Exception):  # noqa: N818 - an event in a capture, not an error to show
    """The bytes end before what was announced."""


class Cursor:
    """A position in bytes."""

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def __bool__(self) -> bool:
        return self.position < len(self._data)

    def peek(self, count: int) -> bytes:
        """Up to `count` bytes ahead, without moving."""
        return self._data[self.position : self.position + count]

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes; raises `CutShort` where there are fewer or `count` makes no sense."""
        end = self.position + count
        if count < 0 or end > len(self._data):
            raise CutShort
        piece = self._data[self.position : end]
        self.position = end
        return piece

    def until(self, mark: bytes) -> bytes:
        """Everything before `mark`, and skip the mark; raises `CutShort` where it does not come."""
        end = self._data.find(mark, self.position)
        if end < 0:
            raise CutShort
        piece = self._data[self.position : end]
        self.position = end + len(mark)
        return piece

    def number(self, size: int, order: str) -> int:
        """An unsigned integer of `size` bytes, `order` "big" or "little"."""
        return int.from_bytes(self.take(size), "big" if order == "big" else "little")
