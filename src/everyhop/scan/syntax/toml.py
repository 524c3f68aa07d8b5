"""TOML's strings with their keys and places. Nothing is validated: a setting counts even where another is broken."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Reach, Variable

_STRING: Final = r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
_TOKEN: Final = re.compile(
    rf'(?P<comment>#[^\n]*)|(?P<long>"""(?:[^"\\]|\\.|""?(?!"))*"""|\'\'\'(?:[^\']|\'\'?(?!\'))*\'\'\')'
    rf"|(?P<key>(?:[\w.-]+|{_STRING})(?=\s*=))|(?P<string>{_STRING})",
    re.DOTALL,
)


def parse(text: str) -> tuple[Variable, ...]:
    """Every string of one line, under the last key before it."""
    return tuple(_variables(text))


def _variables(text: str) -> Iterator[Variable]:
    lines, key = Lines(text), "value"
    for match in _TOKEN.finditer(text):
        if match["key"]:
            key = match["key"].strip("\"'")
        elif match["string"]:
            span = lines.span(match.start() + 1, match.end() - 1)
            yield Variable(key, split(_decoded(match["string"]), Grammar.TEMPLATE), span, Reach.READER)


def _decoded(token: str) -> str:
    if "\\" not in token or token[0] == "'":
        return token[1:-1]
    try:
        return str(tomllib.loads(f"x={token}")["x"])
    except ValueError:
        return token[1:-1]
