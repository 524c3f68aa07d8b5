"""Colour, put on finished text: it never moves a column, and words carry the meaning without it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cache


class Role(Enum):
    """What a piece of text is; the value is rich's name for how that looks."""

    GOOD = "bold green"
    MIDDLING = "bold yellow"
    BAD = "bold red"
    STRONG = "bold"
    FAINT = "dim"
    PASTE = "cyan"


Ink = Callable[[Role, str], str]
"""Gives a text its look. Takes text of which all columns are already in place."""


def plain(role: Role, text: str) -> str:  # noqa: ARG001 - an Ink
    """As it is: for files, pipes and NO_COLOR."""
    return text


def coloured(role: Role, text: str) -> str:
    """With the escape sequences of the sixteen colours that every terminal has, so that the reader's theme decides."""
    start, end = _around(role)
    return f"{start}{text}{end}" if text.strip() else text


@cache
def _around(role: Role) -> tuple[str, str]:
    from rich.color import ColorSystem  # noqa: PLC0415 - only a terminal needs it, and it takes its time
    from rich.style import Style  # noqa: PLC0415 - as above

    start, _, end = Style.parse(role.value).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    return start, end
