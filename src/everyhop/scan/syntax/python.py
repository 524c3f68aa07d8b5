"""Python source → its syntax tree, with places in characters (the tree itself counts UTF-8 bytes)."""

from __future__ import annotations

import ast
import warnings

from everyhop.scan.syntax.span import Lines, Span, Unparsed


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
