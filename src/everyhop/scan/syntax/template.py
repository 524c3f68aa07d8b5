"""Settings files that Jinja fills in, as the settings they will be: what is filled in is a variable of that file."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|\{#[^#]*#\}")


def plain(text: str) -> str:
    """The text without Jinja's marks, every other character in its place: `{{ name }}` becomes `$_________`."""
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    return _MARKS.sub(lambda mark: _blank(mark[0]), text)


def _blank(mark: str) -> str:
    if mark.startswith("{{"):
        return "$" + "_" * (len(mark) - 1)
    return "".join("\n" if character == "\n" else " " for character in mark)
