"""What an expression says of a switch: on, off, or on if whoever starts the program wants it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from typing import Final

from everyhop.scan.resolve.evaluate import Evaluator
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Value, options

ON: Final = frozenset({"1", "true", "on", "yes", "t", "y"})
"""Words that turn a switch on, as click, Django and Flask's own `get_debug_flag` read them."""

_OFF: Final = frozenset({"0", "false", "off", "no", "f", "n", "", "none"})
_DEFAULT: Final = "default"
# What gives one of two: a switch may be any of these; a list, a dict or an f-string is something else.
_GIVING: Final = (*(ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Name, ast.Attribute, ast.Subscript),)


_READING: Final = frozenset({"get", "pop", "count", "index"})


class Switch(Enum):
    """A switch as a source sets it."""

    OFF = "off"
    ON = "on"
    OPEN = "off until somebody turns it on at run time"


def switch(node: ast.expr, scope: Scope, evaluator: Evaluator) -> Switch | None:
    """What an expression turns its switch to.

    None where it is none, as the level of a log, and where it is only handed on from elsewhere: `app.debug = debug`.
    """
    if isinstance(node, ast.Constant):
        return switch_of(node)
    if not isinstance(node, _GIVING) or _is_level(node):
        return None
    said = {_said(option) for option in options(evaluator.value(node, scope))}
    if len(said) == 1 and None not in said:
        return Switch.ON if said == {True} else Switch.OFF
    if not any(map(_asks, ast.walk(node))):
        return None
    return Switch.ON if any(map(_turns_on, _defaults(node))) else Switch.OPEN


def switch_of(node: ast.Constant) -> Switch | None:
    """What a constant turns its switch to; None for a text or a number that says neither."""
    if node.value is None or node.value is False or (node.value == 0 and isinstance(node.value, int)):
        return Switch.OFF
    if isinstance(node.value, str):
        written = node.value.strip().lower()
        return Switch.ON if written in ON else Switch.OFF if written in _OFF else None
    return Switch.ON if node.value is True or (node.value == 1 and isinstance(node.value, int)) else None


def _is_level(node: ast.expr) -> bool:
    """`logging.DEBUG`, a number by which a log tells what matters."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id.startswith("log")


def _said(value: Value) -> bool | None:
    """None for what only the run decides, and for texts, which somebody has yet to parse."""
    return bool(value.value) if isinstance(value, Known) and not isinstance(value.value, str) else None


def _asks(node: ast.AST) -> bool:
    """Whether something is asked for by name: `getenv("DEBUG")`, `environ["DEBUG"]`, `"--debug" in sys.argv`."""
    match node:
        case ast.Call(args=[ast.Constant(value=str() as name), *_]) if name.startswith("-"):
            return isinstance(node.func, ast.Attribute) and node.func.attr in _READING  # else it declares an option
        case ast.Call(args=[ast.Constant(value=str()), *_]) | ast.Subscript(slice=ast.Constant(value=str())):
            return True
        case ast.Compare(left=ast.Constant(value=str()), ops=[ast.In() | ast.NotIn()]):
            return True
        case _:
            return False


def _defaults(node: ast.expr) -> Iterator[ast.expr]:
    """What is taken where nothing is set: `get("DEBUG", …)`, `default=…`, `… or True`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            yield from part.args[1:2]
            yield from (keyword.value for keyword in part.keywords if keyword.arg == _DEFAULT)
        elif isinstance(part, ast.BoolOp) and isinstance(part.op, ast.Or):
            yield from part.values[1:]


def _turns_on(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and switch_of(node) is Switch.ON
