"""Dotenv files, as python-dotenv reads them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dotenv.parser import Binding, parse_stream

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines, Span
from everyhop.scan.syntax.variable import Variable

# What stands before a value, as in python-dotenv's parser (dotenv/parser.py: export, key, equal sign).
_HEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")

# The same file's two patterns: a backslash takes the character after it along.
_QUOTED = {"'": re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL), '"': re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)}


@dataclass(frozen=True, slots=True)
class Placed:
    """A variable's decoded value with the offsets of its text in the file, quotes included, and the quote (or "").

    `line_start` and `line_end` are where its line begins and where the next one does.
    """

    name: str
    value: str
    start: int
    end: int
    quote: str
    line_start: int
    line_end: int


@dataclass(frozen=True, slots=True)
class Dotenv:
    """The variables of a file in order, and the lines that are none."""

    variables: tuple[Variable, ...]
    refused: tuple[int, ...]


def parse(text: str) -> Dotenv:
    """Read a dotenv file. A line that is no binding is passed over, as python-dotenv does, and named in `refused`."""
    lines = Lines(text)
    variables = tuple(Variable(p.name, split(p.value, Grammar.DOTENV), _inside(p, lines)) for p in placed(text))
    refused = tuple(_refused(text))
    return Dotenv(variables, refused)


@lru_cache(maxsize=4)  # a file with a thousand variables is asked about each of them
def placed(text: str) -> tuple[Placed, ...]:
    """Every variable with the exact place of its value."""
    return tuple(first_placed(text))


def first_placed(text: str) -> Iterator[Placed]:
    """The same, read no further than somebody asks."""
    for binding, start in _bindings(text):
        raw = binding.original.string
        head = _HEAD.match(raw)
        if binding.error or binding.key is None or binding.value is None or head is None:
            continue
        begin = head.end()
        quote = raw[begin] if raw[begin : begin + 1] in ("'", '"') else ""
        end = _closing(raw, begin, quote) if quote else begin + len(binding.value)
        blank = len(raw) - len(raw.lstrip())
        line = (start + blank, start + len(raw))
        yield Placed(binding.key, binding.value, start + begin, start + end, quote, *line)


def _bindings(text: str) -> Iterator[tuple[Binding, int]]:
    start = 0
    # newline="": no translation, so that the originals add up to the text
    for binding in parse_stream(io.StringIO(text, newline="")):
        yield binding, start
        start += len(binding.original.string)


def _closing(raw: str, begin: int, quote: str) -> int:
    match = _QUOTED[quote].match(raw, begin)
    return match.end() if match else len(raw)


def _inside(variable: Placed, lines: Lines) -> Span:
    margin = len(variable.quote)
    return lines.span(variable.start + margin, variable.end - margin)


@lru_cache(maxsize=4)
def is_whole(text: str) -> bool:
    """Whether every line is a binding or nothing: then each begins and ends by itself, whatever the others say."""
    return next(_refused(text), None) is None


def _refused(text: str) -> Iterator[int]:
    lines = Lines(text)
    for binding, start in _bindings(text):
        if binding.error:
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            yield lines.span(start + blank, start + blank).line
