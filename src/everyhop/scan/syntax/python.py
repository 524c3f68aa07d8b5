"""Python source → its syntax tree, with places in characters (the tree itself counts UTF-8 bytes)."""

from __future__ import annotations

import ast
import warnings
from typing import Final

from everyhop.scan.syntax import older
from everyhop.scan.syntax.span import Lines, Span, Unparsed

_MOST: Final = 4_000_000
"""Characters that are parsed anew for one text of another version: it is read up to each line that has to be mended."""


def read(text: str) -> tuple[ast.Module, Unparsed | None]:
    """The tree of a module, as far as it can be made out, and why it is not certain, if it is for another Python.

    Raises `Unparsed` where nothing can be made of it.
    """
    try:
        return parse(text), None
    except Unparsed as refusal:
        tree = _mended(text, refusal)
        if tree is None:
            raise
        return tree, Unparsed(f"{refusal.reason}; it was read as far as it could be made out", refusal.line)


def _mended(text: str, refusal: Unparsed) -> ast.Module | None:
    before, mended, left = text, older.statements(text), _MOST
    while refusal.line is not None and left > 0:
        if mended == before:
            mended = older.in_line(before, refusal.line)
        if mended == before:
            return None
        before = mended
        left -= len(text)
        try:
            return parse(mended)
        except Unparsed as next_refusal:
            refusal = next_refusal
    return None


def parse(text: str) -> ast.Module:
    """The tree of a module. Raises `Unparsed` for whatever Python's own parser refuses, however deeply it is nested."""
    try:
        with warnings.catch_warnings():  # "\d" in somebody's source is no concern of ours
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise Unparsed(f"not Python that this Python reads: {error.msg}", error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsed(f"Python's parser gave up: {type(error).__name__}") from None


def span_of(node: ast.expr | ast.stmt | ast.keyword, lines: Lines) -> Span:
    """Where a node stands."""
    end_line = node.end_lineno or node.lineno
    end = node.end_col_offset if node.end_col_offset is not None else node.col_offset
    return Span(
        node.lineno,
        _characters(lines.line(node.lineno), node.col_offset) + 1,
        end_line,
        _characters(lines.line(end_line), end) + 1,
    )


def _characters(line: str, count: int) -> int:
    """How many characters the first `count` bytes of a line are."""
    return count if line.isascii() else len(line.encode()[:count].decode(errors="ignore"))
