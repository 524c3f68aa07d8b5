"""How much room a text takes on a terminal: wide characters take two columns, combining marks none."""

from __future__ import annotations

import unicodedata


def columns(text: str) -> int:
    """The columns that a text needs (Unicode annex 11: wide and fullwidth take two)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, up to a width."""
    return text + " " * (width - columns(text))


def first(text: str, width: int) -> str:
    """As many of the first characters as fit."""
    taken = 0
    for position, character in enumerate(text):
        taken += _columns(character)
        if taken > width:
            return text[:position]
    return text


def last(text: str, width: int) -> str:
    """As many of the last characters as fit."""
    return first(text[::-1], width)[::-1]


def clipped(text: str, width: int) -> str:
    """At most `width` columns, the middle left out: both ends of a URL tell more than its beginning."""
    if columns(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{first(text, head)}…{last(text, width - 1 - head)}"


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
