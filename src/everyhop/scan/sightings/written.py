"""Settings files that a program writes: the lines in its texts that set the URL of a database."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Unknown, Value, joined
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.naming import is_url_name
from everyhop.scan.sightings.schemes import is_database_url
from everyhop.scan.sightings.use import Use

# A line that sets something. What follows the sign is a text, or what is put in for one.
_LINE: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.]{0,80})[ \t]*[=:][ \t]*(?P<value>[^\n]*)", re.MULTILINE
)
# What a module with such a line has in it: found ten times as fast as the lines are.
_SETTING: Final = re.compile(r"(?:database|db|sql|postgres|pg|mysql|mariadb)[\w.]*[ \t]*[=:]", re.IGNORECASE)
_PUT_IN: Final = re.compile(r"\$?\{\{?[^{}\n]*\}\}?|%\(\w+\)[sr]|%[sr]")
_QUOTES: Final = re.compile(r"\A[rbuf]?(?:\\?['\"])|\\?['\"],?\s*\Z|,\s*\Z")
_MARK: Final = PLACEHOLDER
# Who is given such a text writes it somewhere; what is printed or logged is for people.
_WRITING: Final = frozenset({"write", "write_text", "writelines", "append", "extend", "format", "dedent", "Template"})


def uses(module: Module, configuration: Configuration) -> Iterator[Use]:
    """Every line in a text of a module, or put together by it, that sets a database's URL for another program."""
    if not _SETTING.search(configuration.project.texts[module.path]):
        return
    seen: set[tuple[int, int]] = set()
    for node, scope in _texts(module):
        if (node.lineno, node.col_offset) not in seen:
            seen.add((node.lineno, node.col_offset))
            yield from _lines(node, scope, configuration)


def _texts(module: Module) -> Iterator[tuple[ast.Constant | ast.JoinedStr, Scope]]:
    for _, value, scope in module.names.assignments:
        if isinstance(value, ast.Constant | ast.JoinedStr | ast.List | ast.Tuple | ast.BinOp):
            yield from ((node, scope) for node in _within(value))
    for call, scope in module.names.calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in _WRITING:
            owner = [call.func.value] if isinstance(call.func, ast.Attribute) and name == "format" else []
            for argument in (*owner, *call.args):
                yield from ((node, scope) for node in _within(argument))


def _within(value: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr]:
    pending: list[ast.AST] = [value]
    while pending:
        match pending.pop():
            case ast.JoinedStr() as node:
                yield node
            case ast.Constant(value=str() as text) as node if "\n" in text:
                yield node
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                pending += parts
            case ast.BinOp(left=left):
                pending.append(left)
            case _:
                pass


def _lines(node: ast.Constant | ast.JoinedStr, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else _MARK for part in parts)
    for match in _LINE.finditer(text):
        if not is_url_name(match["name"]):
            continue
        put_in = [part for part in parts if not isinstance(part, ast.Constant)]
        later = put_in[text.count(_MARK, 0, match.start("value")) :]
        holes = (configuration.evaluator.value(part, scope) for part in later)
        value = _value(_QUOTES.sub("", match["value"].strip()), holes)
        if value is not None:
            yield Use(match["name"], _at(node, match["name"], scope, configuration), value, setting=True, guessed=True)


def _value(written: str, holes: Iterator[Value]) -> Value | None:
    """What is set: a URL, as far as it is known, or one that is put in as a whole; None for anything else."""
    whole = _PUT_IN.sub(_MARK, written)
    if whole == _MARK:
        return Unknown("what is put in") if written != _MARK else next(holes)
    if not is_database_url(whole):
        return None
    parts: list[Value] = []
    for number, piece in enumerate(whole.split(_MARK)):
        parts += [Unknown("what is put in")] if number else []
        parts += [Known(piece)] if piece else []
    return joined(parts, None)


def _at(node: ast.expr, name: str, scope: Scope, configuration: Configuration) -> SourceSpan:
    """The line of the text that holds the name; the whole text where it is written in one."""
    span = configuration.evaluator.span(node, scope)
    lines = configuration.project.lines(scope.path)
    for number in range(span.line, span.end_line + 1):
        written = lines.line(number).rstrip("\r\n")
        if written.lstrip(" \t\"'").startswith(name) and span.line != span.end_line:
            return SourceSpan(span.path, number, len(written) - len(written.lstrip()) + 1, number, len(written) + 1)
    return span
