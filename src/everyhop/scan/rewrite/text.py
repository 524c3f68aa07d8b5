"""One place of a text replaced, and everything else left as it is."""

from __future__ import annotations

import ast

from everyhop.errors import SourceError
from everyhop.scan.syntax.span import Lines, Span


def rewrite(text: str, span: Span, replacement: str) -> str:
    """The text with what stands in `span` replaced."""
    lines = Lines(text)
    start, end = lines.offset(span.line, span.column), lines.offset(span.end_line, span.end_column)
    return text[:start] + replacement + text[end:]


def set_literal(text: str, span: Span, value: str) -> str:
    """Python source with the string literal in `span` worth `value`, in the quotes that it has.

    Raises `SourceError` where there is no plain literal: an f-string or a sum says more than its value.
    """
    lines = Lines(text)
    old = text[lines.offset(span.line, span.column) : lines.offset(span.end_line, span.end_column)]
    try:
        plain = isinstance(ast.literal_eval(f"({old})"), str)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        plain = False
    if not plain:
        raise SourceError(
            "there is no plain string literal to rewrite", line=span.line, hint="change the expression by hand"
        )
    return rewrite(text, span, _quoted(value, '"' if old.lstrip("rRuU")[:1] == '"' else "'"))


def _quoted(value: str, quote: str) -> str:
    written = repr(value)
    if written[0] == quote or quote in value:
        return written
    return f"{quote}{written[1:-1]}{quote}"
