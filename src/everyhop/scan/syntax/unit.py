"""systemd's units: the variables of `Environment=`, and the URLs of command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax import literals
from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Variable

# systemd.exec(5), Environment=: space-separated assignments, each of which may be quoted as a whole.
_LINE: Final = re.compile(
    r"^[^\S\n]*(?P<key>Environment|Exec\w+)[^\S\n]*=(?P<rest>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE
)
_ASSIGNMENT: Final = re.compile(
    r"\"(?P<n1>\w+)=(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<n2>\w+)=(?P<single>[^']*)'|(?P<n3>\w+)=(?P<bare>[^\s'\"]*)"
)


def parse(text: str) -> tuple[Variable, ...]:
    """What the unit's program gets, and the URLs that it is given as arguments."""
    return tuple(_variables(text))


def _variables(text: str) -> Iterator[Variable]:
    lines = Lines(text)
    for line in _LINE.finditer(text):
        start, end = line.span("rest")
        if line["key"] != "Environment":
            yield from literals.within(text, start, end, lines)
            continue
        for match in _ASSIGNMENT.finditer(text, start, end):
            part = next(name for name in ("double", "single", "bare") if match[name] is not None)
            name = match["n1"] or match["n2"] or match["n3"]
            yield Variable(name, split(match[part], Grammar.TEMPLATE), lines.span(*match.span(part)))
