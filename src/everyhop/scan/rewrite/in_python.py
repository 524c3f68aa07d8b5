"""Settings set anew in Python source: in the URL's literal, in the call that opens a connection, in a dict."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from everyhop.dialects.dsn import Dsn
from everyhop.dialects.settings import DialerSettings
from everyhop.errors import SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.scan.rewrite import query
from everyhop.scan.rewrite.arguments import with_arguments
from everyhop.scan.rewrite.python_text import whole, written
from everyhop.scan.rewrite.text import Edit
from everyhop.scan.syntax.python import parse, span_of
from everyhop.scan.syntax.span import Lines, Span, Unparsed

_ENGINES: Final = frozenset({"create_engine", "create_async_engine"})


def edits(
    text: str, at: SourceSpan, settings: DialerSettings, url: Dsn | None, arguments: Mapping[str, object]
) -> tuple[Edit, ...]:
    """The edits that put a new URL and changed arguments (None: taken out) where the old ones stand.

    Raises `SourceError` where the source has another form than those that are known here.
    """
    statements, lines = _parsed(text)
    expressions, parents = _around(statements, at.line)
    node = _node(expressions, at, lines)
    if settings.dsn is None or url is None:
        return _in_display(text, node, arguments)
    found: tuple[Edit, ...] = ()
    if url != settings.dsn:
        found = _in_url(text, whole(node, parents), settings.dsn, url, lines)
    if arguments:
        found += _beside(text, whole(node, parents), parents, settings, arguments)
    return found


@lru_cache(maxsize=1)  # the places of a file come one after the other
def _parsed(text: str) -> tuple[Mapping[int, list[ast.stmt]], Lines]:
    """The statements of a module by each line that they lie in, and the lines."""
    try:
        body = parse(text).body
    except Unparsed as refusal:
        raise SourceError(refusal.reason) from None
    statements: dict[int, list[ast.stmt]] = {}
    for statement in body:
        for line in range(_first(statement), (statement.end_lineno or statement.lineno) + 1):
            statements.setdefault(line, []).append(statement)
    return statements, Lines(text)


def _around(
    statements: Mapping[int, list[ast.stmt]], line: int
) -> tuple[Mapping[int, list[ast.expr]], Mapping[ast.AST, ast.AST]]:
    """Of the statements that a line lies in, the expressions by the line that they begin in, and what each stands in.

    The other statements of a file are not looked into: a file with a thousand places would be gone through as often.
    """
    expressions: dict[int, list[ast.expr]] = {}
    parents: dict[ast.AST, ast.AST] = {}
    pending: deque[ast.AST] = deque(statements.get(line, ()))
    while pending:
        node = pending.popleft()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and not _first(child) <= line <= (child.end_lineno or line):
                continue
            if isinstance(child, ast.expr):
                expressions.setdefault(child.lineno, []).append(child)
            parents[child] = node
            pending.append(child)
    return expressions, parents


def _first(statement: ast.stmt) -> int:
    """The line in which a statement begins, its decorators counted."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _node(expressions: Mapping[int, list[ast.expr]], at: SourceSpan, lines: Lines) -> ast.expr:
    """The outermost expression at a place."""
    wanted = Span(at.line, at.column, at.end_line, at.end_column)
    for node in expressions.get(at.line, ()):
        if node.end_lineno == at.end_line and span_of(node, lines) == wanted:
            return node
    raise SourceError("it is put together from parts")


def _in_url(text: str, node: ast.expr, old: Dsn, new: Dsn, lines: Lines) -> tuple[Edit, ...]:
    if isinstance(node, ast.Call) and _name(node.func) in ("create", "URL"):
        return _in_parts(text, node, query.differing(old, new))
    literal = written(text, node, lines)
    edit = query.respelled(literal.text, old, new)
    return (literal.located(edit),) if edit else ()


def _in_parts(text: str, call: ast.Call, changes: Mapping[str, object]) -> tuple[Edit, ...]:
    """`URL.create(…, query={…})`."""
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "query"), None)
    if given is not None and (display := _display(given)):
        return with_arguments(text, display, changes)
    if given is not None or len(call.args) > 1:
        raise SourceError("its query is set by an expression")
    return with_arguments(text, call, {"query": changes})


def _in_display(text: str, node: ast.expr, arguments: Mapping[str, object]) -> tuple[Edit, ...]:
    """A driver's call, or a dict of settings; Django's has what goes on to the driver in a dict of its own."""
    if not isinstance(node, ast.Call | ast.Dict):
        raise SourceError("its settings stand in several places")
    if isinstance(node, ast.Dict) and "ENGINE" in _entries(node):
        further = _entries(node).get("OPTIONS")
        if further is not None and (display := _display(further)):
            return with_arguments(text, display, arguments)
        if further is not None:
            raise SourceError("OPTIONS is set by an expression")
        return with_arguments(text, node, {"OPTIONS": arguments})
    return with_arguments(text, node, arguments)


def _beside(
    text: str,
    node: ast.expr,
    parents: Mapping[ast.AST, ast.AST],
    settings: DialerSettings,
    arguments: Mapping[str, object],
) -> tuple[Edit, ...]:
    """Arguments of the call that a URL is handed to as it stands."""
    outer = parents.get(node)
    call = parents.get(outer) if isinstance(outer, ast.keyword) else outer
    if not isinstance(call, ast.Call) or (settings.sqlalchemy and _name(call.func) not in _ENGINES):
        raise SourceError(f"{settings.driver} takes these settings in connect_args, not in a URL")
    if not settings.sqlalchemy:
        return with_arguments(text, call, arguments)
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "connect_args"), None)
    if given is not None and (display := _display(given)):
        return with_arguments(text, display, arguments)
    return with_arguments(text, call, {"connect_args": arguments})


def _display(node: ast.expr) -> ast.Dict | ast.Call | None:
    """`{…}` or `dict(…)`; None for any other expression."""
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
    return node if isinstance(node, ast.Dict) or (made and isinstance(node, ast.Call)) else None


def _entries(table: ast.Dict) -> dict[object, ast.expr]:
    return {
        key.value: value for key, value in zip(table.keys, table.values, strict=True) if isinstance(key, ast.Constant)
    }


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
