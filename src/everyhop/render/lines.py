"""Text in lines of the width that every terminal has."""

from __future__ import annotations

import textwrap
from typing import Final

from everyhop.model.secret import masked
from everyhop.render.printable import printable

WIDTH: Final = 80


def wrapped(label: str, text: str) -> list[str]:
    """A labelled sentence, made harmless, and wrapped under itself.

    A word longer than a line stays whole, so that it can be copied.
    """
    return textwrap.wrap(
        printable(masked(" ".join(text.split("\n")))),
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]
