"""A line of source with the place underlined, as it stands on a terminal."""

from __future__ import annotations

from typing import Final

from everyhop.model.evidence import Quote
from everyhop.render.columns import clipped, columns, first, last
from everyhop.render.printable import printable

_TAB: Final = "    "


def underlined(quote: Quote, width: int | None) -> tuple[str, str]:
    """The line without its indentation, and the carets below it; clipped to `width` columns around the place.

    `width` None clips nothing.
    """
    before = _drawn(quote.text[: quote.start].lstrip())
    inside = _drawn(quote.text[quote.start : quote.end])
    after = _drawn(quote.text[quote.end :].rstrip())
    if width is not None and columns(before + inside + after) > width:
        before, inside, after = _clipped(before, inside, after, width)
    return before + inside + after, " " * columns(before) + "^" * max(columns(inside), 1)


def _drawn(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _clipped(before: str, inside: str, after: str, width: int) -> tuple[str, str, str]:
    """What stands before the place keeps at most a third, the place loses its middle, and then what follows goes."""
    keep = max(width // 3, width - columns(inside) - columns(after))
    if columns(before) > keep:
        before = f"…{last(before, keep - 1)}"
    inside = clipped(inside, width - columns(before))
    room = width - columns(before) - columns(inside)
    if columns(after) > room:
        after = f"{first(after, room - 1)}…" if room else ""
    return before, inside, after
