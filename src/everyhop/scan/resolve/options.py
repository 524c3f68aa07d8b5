"""What the options of command lines are by default: click's and Typer's decorators, argparse's `add_argument`."""

from __future__ import annotations

import ast
from typing import Final

from everyhop.scan.resolve.scopes import FunctionNode

_DECLARING: Final = frozenset({"option", "argument", "Option", "Argument", "add_argument", "add_option"})


def declared(call: ast.Call) -> tuple[str, ast.expr] | None:
    """The name of the option that a call declares, as the program sees it, and its default; None for another call."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    default = next((keyword.value for keyword in call.keywords if keyword.arg == "default"), None)
    names = [str(part.value) for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if called not in _DECLARING or default is None or not names:
        return None
    return _name(names), default


def option_default(function: FunctionNode, parameter: str) -> ast.expr | None:
    """The default of the option that click hands to a parameter of a command."""
    for decorator in function.decorator_list:
        option = declared(decorator) if isinstance(decorator, ast.Call) else None
        if option is not None and option[0] == parameter:
            return option[1]
    return None


def _name(names: list[str]) -> str:
    """A name without dashes goes before `--long` options, and those before `-x` (click's and argparse's documents)."""
    plain = [name for name in names if not name.startswith("-")]
    long = [name for name in names if name.startswith("--")]
    return (plain or long or names)[0].partition("/")[0].lstrip("-").replace("-", "_").lower()
