"""Places in a text: lines and columns as people count them, offsets as strings do."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Span:
    """From a place to a place in characters. Lines and columns count from 1; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Unparsed(Exception):  # noqa: N818 - says what the text is, as `Gap` does; it never reaches a person as it is
    """This text is not what its parser reads: why, and in which line as far as that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Lines:
    """A text with its line starts, so that offsets and lines can be turned into each other.

    Lines end where Python and YAML end them (LF, CRLF, CR), not at the further separators of `str.splitlines`.
    """

    __slots__ = ("_known", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: list[int] | None = None

    @property
    def _starts(self) -> list[int]:
        """Where lines start: looked for when somebody asks, since of most modules nobody asks for a place."""
        if self._known is None:
            self._known = [0, *(match.end() for match in _NEWLINE.finditer(self.text))]
        return self._known

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, with its end; empty past the end."""
        if not 0 < number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end]

    def span(self, start: int, end: int) -> Span:
        """The place between two offsets."""
        return Span(*self._position(start), *self._position(end))

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both from 1; a place past the text is its end."""
        if not 0 < line <= len(self._starts):
            return len(self.text)
        return min(self._starts[line - 1] + column - 1, len(self.text))

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
