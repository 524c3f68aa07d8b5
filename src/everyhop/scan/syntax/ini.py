"""Settings in lines, `key = value` or `key: value`: alembic.ini, setup.cfg, .properties, Python's `.cfg`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Reach, Variable

_LINE: Final = re.compile(
    r"^[^\S\n]*(?:export[^\S\n]+)?(?P<key>[A-Za-z_][\w.\[\]'\"-]{0,120}?)[^\S\n]*[=:][^\S\n]*"
    r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s'\"][^\n]*))",
    re.MULTILINE,
)
_TRAILING: Final = re.compile(r"\s+[#;].*|\s+\Z")


def parse(text: str) -> tuple[Variable, ...]:
    """The settings in their order. Comments are whole lines, or what follows a blank and `#` or `;`."""
    return tuple(_variables(text))


def _variables(text: str) -> Iterator[Variable]:
    lines = Lines(text)
    for match in _LINE.finditer(text):
        part = next(name for name in ("double", "single", "bare") if match[name] is not None)
        value = _TRAILING.sub("", match[part], count=1) if part == "bare" else match[part]
        span = lines.span(match.start(part), match.start(part) + len(value))
        yield Variable(match["key"], split(value, Grammar.TEMPLATE), span, Reach.READER)
