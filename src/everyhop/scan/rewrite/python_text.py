"""A text that a Python expression makes, with the place in the source of each of its characters.

Literals of every form are taken as they are written: raw, formatted, several in a row, added up, filled in by `%` or
`.format`. What comes from elsewhere is a hole.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.errors import SourceError
from everyhop.scan.rewrite.text import Edit
from everyhop.scan.syntax.python import span_of
from everyhop.scan.syntax.span import Lines

_BETWEEN: Final = re.compile(r"(?:\s|\\\r?\n|#[^\n]*)*")
_LITERAL: Final = re.compile(
    r"[rRuUfF]{0,2}(?:'''(?P<a>(?:\\.|(?!''').)*)'''|\"\"\"(?P<b>(?:\\.|(?!\"\"\").)*)\"\"\""
    r"|'(?P<c>(?:\\.|[^'\\\n])*)'|\"(?P<d>(?:\\.|[^\"\\\n])*)\")",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Written:
    """`text` as it is written, holes as `PLACEHOLDER`; `offsets` are the places of its characters (None: a hole)."""

    text: str
    offsets: tuple[int | None, ...]

    def located(self, edit: Edit) -> Edit:
        """An edit of the text as an edit of the source.

        Raises `SourceError` where it would reach over the end of a literal, or add to something that is none.
        """
        inside = self.offsets[edit.start : edit.end]
        before = self.offsets[edit.start - 1] if edit.start else None
        first = inside[0] if inside else None if before is None else before + 1
        if first is None or inside != tuple(range(first, first + len(inside))):
            raise SourceError("the end of the URL is put together from parts")
        return Edit(first, first + len(inside), edit.new)


def written(text: str, node: ast.expr, lines: Lines) -> Written:
    """What an expression makes. Raises `SourceError` for a literal whose form is not known here."""
    pieces = list(_pieces(text, node, lines))
    whole = "".join(piece for piece, _ in pieces)
    offsets = [None if start is None else start + index for piece, start in pieces for index, _ in enumerate(piece)]
    return Written(whole, tuple(offsets))


def whole(node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> ast.expr:
    """The sum, `%` or `.format` that a literal is the beginning or a part of; itself where there is none."""
    while True:
        match parents.get(node):
            case ast.BinOp(op=ast.Add()) as outer:
                node = outer
            case ast.BinOp(op=ast.Mod(), left=left) as outer if left is node:
                node = outer
            case ast.Attribute(attr="format") as method:
                call = parents.get(method)
                if not isinstance(call, ast.Call) or call.func is not method:
                    return node
                node = call
            case _:
                return node


def _pieces(text: str, node: ast.expr, lines: Lines) -> Iterator[tuple[str, int | None]]:
    """Texts with their offsets, the holes between them; without recursion, since sums may be long."""
    pending: list[ast.expr] = [node]
    while pending:
        match pending.pop():
            case ast.Constant(value=str()) | ast.JoinedStr() as literal:
                span = span_of(literal, lines)
                start, end = lines.offset(span.line, span.column), lines.offset(span.end_line, span.end_column)
                yield from _literals(text, start, end)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                pending += [right, left]
            case ast.BinOp(op=ast.Mod(), left=left):
                pending.append(left)
            case ast.Call(func=ast.Attribute(attr="format", value=template)):
                pending.append(template)
            case _:
                yield PLACEHOLDER, None


def _literals(text: str, start: int, end: int) -> Iterator[tuple[str, int | None]]:
    while start < end:
        match = _LITERAL.match(text, start, end)
        if match is None:
            raise SourceError("this form of a literal is not rewritten")
        part = match.lastgroup or "d"
        yield match[part], match.start(part)
        between = _BETWEEN.match(text, match.end(), end)
        start = between.end() if between else match.end()
