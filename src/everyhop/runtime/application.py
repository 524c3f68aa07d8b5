"""Loads the application as gunicorn and `flask` do: `MODULE:ATTR`, `MODULE:factory()`, or `MODULE` alone."""

from __future__ import annotations

import ast
import importlib
import inspect
from types import ModuleType
from typing import Any

from everyhop.runtime.failure import Failure

# flask looks for these (its documentation, "Application Discovery"), gunicorn for the second.
_USUAL = ("app", "application", "create_app", "make_app")


def load(name: str) -> Any:
    """Import the module and take, or call, what is named; the module itself where nothing in it has a usual name.

    Whatever the application raises comes through.
    """
    module_name, _, attribute = name.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").removeprefix("./").replace("/", ".")
        return Failure(f"{module_name} is a file, and a module is wanted", f"write {dotted}:{attribute or 'app'}")
    module = importlib.import_module(module_name)
    attribute = attribute or next((usual for usual in _USUAL if hasattr(module, usual)), "")
    if not attribute:
        return module
    call = _parsed(attribute)
    if call is None:
        return Failure(
            f"{attribute!r} is no name to be found in {module_name}",
            "write MODULE:ATTR, as in wsgi:app, or MODULE:factory() with literal arguments",
        )
    path, arguments, keywords = call
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            return _no_attribute(module, f"there is no {path!r} in the module {module_name}")
        found = getattr(found, part)
    called = attribute.endswith(")")
    return found(*arguments, **keywords) if called or _is_factory(found) else found


def _parsed(attribute: str) -> tuple[str, list[Any], dict[str, Any]] | None:
    try:
        node = ast.parse(attribute, mode="eval").body
        if isinstance(node, ast.Call):
            arguments = [ast.literal_eval(argument) for argument in node.args]
            keywords = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg}
            return ast.unparse(node.func), arguments, keywords
    except (SyntaxError, ValueError):
        return None
    return (attribute, [], {}) if isinstance(node, ast.Name | ast.Attribute) else None


def _is_factory(found: Any) -> bool:
    """Whether this is a function that can be called without arguments (a WSGI function wants two)."""
    if not inspect.isfunction(found) and not inspect.ismethod(found):
        return False
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(found).parameters.values()
    return all(p.default is not p.empty or p.kind in optional for p in parameters)


def _no_attribute(module: ModuleType, message: str) -> Failure:
    likely = [name for name, value in vars(module).items() if _looks_like_application(name, value)]
    there = f"there: {', '.join(likely[:5])}" if likely else "nothing there looks like an application"
    return Failure(message, f"{there}; write MODULE:ATTR, as gunicorn does")


def _looks_like_application(name: str, value: Any) -> bool:
    if name.startswith("_") or inspect.ismodule(value) or inspect.isclass(value):
        return False
    return hasattr(value, "wsgi_app") or (_is_factory(value) and ("app" in name.lower() or "create" in name.lower()))
