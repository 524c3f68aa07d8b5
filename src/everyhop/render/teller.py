"""Tells a story on a terminal, step by step, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.render.columns import clipped
from everyhop.render.hop_map import hop_map
from everyhop.render.ink import Ink, Role
from everyhop.render.printable import printable
from everyhop.render.story import Outcome, Step

_WIDTH: Final = 110
_LINES: Final = 24
"""Lines of a step that are shown; what is left out is counted."""
_MARKS: Final = {
    Outcome.HELD: ("✓", Role.GOOD),
    Outcome.FAILED: ("✗", Role.BAD),
    Outcome.NEUTRAL: ("·", Role.STRONG),
}


class Teller:
    """Writes a line at a time through `write`; at most `most` lines of a step, None: all."""

    def __init__(self, write: Callable[[str], None], ink: Ink, *, most: int | None = _LINES) -> None:
        self._write = write
        self._ink = ink
        self._most = most
        self._movement = ""
        self._began = time.monotonic()

    def begin(self, movement: str, title: str) -> None:
        """A step is under way."""
        if movement != self._movement:
            self._movement = movement
            self._write("\n" + self._ink(Role.STRONG, movement.upper()))
        self._began = time.monotonic()
        self._write(f"  … {title}")

    def remark(self, text: str) -> None:
        """Something that happens within a step."""
        self._write(f"      {self._clean(text)}")

    def tell(self, step: Step) -> None:
        """What came of it."""
        mark, role = _MARKS[step.outcome]
        seconds = time.monotonic() - self._began
        self._write(f"  {self._ink(role, mark)} {self._ink(Role.STRONG, step.text)}  ({seconds:.1f} s)")
        shown = step.lines if self._most is None else step.lines[: self._most]
        for line in shown:
            self._write(f"      {self._clean(line)}")
        if len(shown) < len(step.lines):
            self._write(f"      … and {len(step.lines) - len(shown)} more lines (--verbose shows them)")

    def maps(self, before: Report, after: Report) -> None:
        """The hops, before and after."""
        for name, report in (("BEFORE", before), ("AFTER", after)):
            self._write("\n" + self._ink(Role.STRONG, name))
            for line in hop_map(report, self._ink):
                self._write(f"  {line}")

    def say(self, text: str) -> None:
        """A sentence of its own."""
        self._write(text)

    def _clean(self, text: str) -> str:
        return clipped(printable(masked(text)), _WIDTH)
