"""Dockerfiles: the variables that `ENV` and `ARG` set for what is built and run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Variable

# An instruction with the lines that it goes on to: a backslash at the end of a line takes the next one along.
_INSTRUCTION: Final = re.compile(
    r"^[^\S\n]*(?:ENV|ARG)[^\S\n]+(?P<rest>(?:[^\\\n]|\\[^\S\n]*\r?\n(?:[^\S\n]*#[^\n]*\n)*|\\.)*)",
    re.MULTILINE | re.IGNORECASE,
)  # fmt: skip
_PAIR: Final = re.compile(
    r"(?P<name>[A-Za-z_][\w.-]*)=(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>[^']*)'|(?P<bare>(?:[^\s\\'\"]|\\\S)*))",
    re.DOTALL,
)
_OLD: Final = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)[^\S\n]+(?P<bare>\S[^\n]*)")


def parse(text: str) -> tuple[Variable, ...]:
    """The variables in their order; `ENV NAME value` as well as `ENV NAME=value OTHER="value"`."""
    return tuple(_variables(text))


def _variables(text: str) -> Iterator[Variable]:
    lines = Lines(text)
    for instruction in _INSTRUCTION.finditer(text):
        start, end = instruction.span("rest")
        old = _OLD.match(text, start, end)
        for match in [old] if old else _PAIR.finditer(text, start, end):
            part = next(name for name in ("double", "single", "bare") if match.groupdict().get(name) is not None)
            value = match[part].rstrip() if old else match[part]
            span = lines.span(match.start(part), match.start(part) + len(value))
            yield Variable(match["name"], split(value, Grammar.TEMPLATE), span)
