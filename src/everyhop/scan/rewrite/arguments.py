"""Keyword arguments of a call, or entries of a dict, set anew in Python source; each keeps the layout of its list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.errors import SourceError
from everyhop.scan.rewrite.text import Edit
from everyhop.scan.syntax.python import span_of
from everyhop.scan.syntax.span import Lines

_FIRST_ON_LINE: Final = re.compile(r"[ \t]*\Z")
_REST_OF_LINE: Final = re.compile(r"[^\S\r\n]*(?P<comma>,?)[^\S\r\n]*(?:#[^\r\n]*)?(?=[\r\n])")
_PRINTABLE: Final = re.compile(r"[^\x00-\x1f\x7f'\"\\]*")


@dataclass(frozen=True, slots=True)
class _Item:
    """One argument or entry: its name (None: positional), its value, and where it stands."""

    name: str | None
    value: ast.expr
    start: int
    end: int


def with_arguments(text: str, node: ast.Call | ast.Dict, changes: Mapping[str, object]) -> tuple[Edit, ...]:
    """The edits that set these names, or take out those whose value is None.

    A value is a text, a number, a truth value or a dict of such. Raises `SourceError` where a name may be given by
    `**`, where its value is an expression, or where a new value is none that stands in a line.
    """
    lines = Lines(text)
    items = _items(node, lines)
    if isinstance(node, ast.Call) and any(keyword.arg is None for keyword in node.keywords):
        raise SourceError("some arguments are handed over by **")
    if isinstance(node, ast.Dict) and None in node.keys:
        raise SourceError("some entries are put in by **")
    quote = _quote(text[_offsets(node, lines)[0] : _offsets(node, lines)[1]])
    edits: list[Edit] = []
    new: list[str] = []
    going: list[int] = []
    for name, value in changes.items():
        there = [index for index, item in enumerate(items) if item.name == name]
        if there and not _is_plain(items[there[-1]].value):
            raise SourceError(f"{name} is set by an expression")
        if value is None:
            going += there
        elif there:
            edits.append(Edit(*_offsets(items[there[-1]].value, lines), literal(value, quote)))
        else:
            key = name if isinstance(node, ast.Call) else literal(name, quote)
            new.append(f"{key}{'=' if isinstance(node, ast.Call) else ': '}{literal(value, quote)}")
    if items and len(going) == len(items):
        return (_instead(text, items, new),)
    return (*edits, *_removed(text, items, sorted(going)), *_added(text, node, items, new, lines))


def literal(value: object, quote: str = '"') -> str:
    """A value as Python source. Raises `SourceError` for one that is no plain value."""
    match value:
        case bool() | int():
            return repr(value)
        case str() if _PRINTABLE.fullmatch(value):
            return f"{quote}{value}{quote}"
        case Mapping():
            inner = (f"{literal(str(key), quote)}: {literal(item, quote)}" for key, item in value.items())
            return f"{{{', '.join(inner)}}}"
        case _:
            raise SourceError("it takes an ssl.SSLContext or another object that is made by code")


def _items(node: ast.Call | ast.Dict, lines: Lines) -> list[_Item]:
    found: list[_Item] = []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
            start = _offsets(key or value, lines)[0]
            found.append(_Item(name, value, start, _offsets(value, lines)[1]))
        return found
    found += [_Item(None, value, *_offsets(value, lines)) for value in node.args]
    found += [_Item(keyword.arg, keyword.value, *_offsets(keyword, lines)) for keyword in node.keywords]
    return sorted(found, key=lambda item: item.start)


def _added(text: str, node: ast.Call | ast.Dict, items: list[_Item], new: list[str], lines: Lines) -> tuple[Edit, ...]:
    """The new items after the last one: in lines of their own where that has one, its comment left beside it."""
    if not new:
        return ()
    close = _offsets(node, lines)[1] - 1
    if not items:
        return (Edit(close, close, ", ".join(new)),)
    last = items[-1]
    line_start = max(text.rfind("\n", 0, last.start), text.rfind("\r", 0, last.start)) + 1
    margin = text[line_start : last.start]
    if not _FIRST_ON_LINE.match(margin) or _offsets(node, lines)[0] >= line_start:
        return (Edit(last.end, last.end, "".join(f", {item}" for item in new)),)
    end = "\r\n" if text[:line_start].endswith("\r\n") else "\n"
    rest = _REST_OF_LINE.match(text, last.end)
    if rest is None:  # the bracket closes on this line
        return (Edit(last.end, last.end, "".join(f",{end}{margin}{item}" for item in new)),)
    comma = () if rest["comma"] else (Edit(last.end, last.end, ","),)
    return (*comma, Edit(rest.end(), rest.end(), "".join(f"{end}{margin}{item}," for item in new)))


def _instead(text: str, items: list[_Item], new: list[str]) -> Edit:
    """New items in place of all that there are."""
    start, end = items[0].start, items[-1].end
    _refuse_comments(text, start, end, items[0])
    return Edit(start, end, ", ".join(new))


def _removed(text: str, items: list[_Item], going: list[int]) -> Iterator[Edit]:
    """Each run of items that go, with the commas that separate it; something is left before or after it."""
    runs: list[list[int]] = []
    for index in going:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    for run in runs:
        first, last = run[0], run[-1]
        if last + 1 < len(items):
            start, end = items[first].start, items[last + 1].start
        else:
            start, end = items[first - 1].end, items[last].end
        _refuse_comments(text, start, end, items[first])
        yield Edit(start, end, "")


def _refuse_comments(text: str, start: int, end: int, item: _Item) -> None:
    if "#" in text[start:end]:
        raise SourceError(f"{item.name} has to go, and a comment stands beside it")


def _is_plain(value: ast.expr) -> bool:
    """Whether a value is written here and nowhere else."""
    if isinstance(value, ast.Dict):
        return all(key is not None and _is_plain(key) for key in value.keys) and all(map(_is_plain, value.values))
    return isinstance(value, ast.Constant)


def _quote(source: str) -> str:
    return "'" if "'" in source and '"' not in source else '"'


def _offsets(node: ast.expr | ast.keyword, lines: Lines) -> tuple[int, int]:
    span = span_of(node, lines)
    return lines.offset(span.line, span.column), lines.offset(span.end_line, span.end_column)
