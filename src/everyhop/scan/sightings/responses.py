"""Calls that set a cookie of an app's own: `response.set_cookie(…)`, which every framework lets go without `Secure`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from everyhop.model.secret import masked
from everyhop.model.sighting import Cookie, Origin, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import called
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Value, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_SETTING: Final = "set_cookie"
_SETTINGS: Final = (_SETTING, "set_secure_cookie", "set_signed_cookie")  # the latter two are Tornado's: signed, no more
_NAMES: Final = ("key", "name")  # Werkzeug, Django and Starlette say `key`; aiohttp, Tornado, Falcon and Pyramid `name`
_FRAMEWORK: Final = re.compile(
    r"^\s*(?:from|import)\s+(?P<name>flask|django|starlette|fastapi|aiohttp|tornado|pyramid|falcon|bottle|sanic)\b",
    re.MULTILINE,
)
_JAR: Final = re.compile(r"(?:.*_)?(?:cj|jar|cookies?_?jar|cookies)", re.IGNORECASE)
"""What a program that visits others calls the cookies that it was given: they are sent back, not set."""
_SHOWN: Final = 80  # characters of a call


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each cookie that is set with a value; one that is set to nothing is being removed."""
    texts = configuration.project.texts
    holders = [path for path, held in texts.items() if _may_set(held) and place_of(path) is Place.DEPLOYED]
    for module in configuration.project.parsed(holders):
        match = _FRAMEWORK.search(texts[module.path])
        yield from _of_module(module, match["name"] if match else "http", configuration)


def _may_set(held: str) -> bool:
    return any(f".{name}(" in held for name in _SETTINGS)


def _of_module(module: Module, product: str, configuration: Configuration) -> Iterator[Reading]:
    for call, scope in module.names.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _SETTINGS and not _is_jar(call.func.value):
            arguments, keywords = configuration.evaluator.arguments(call, scope)
            if _sets(call, arguments, keywords):
                yield _reading(call, scope, product, configuration)


def _is_jar(holder: ast.expr) -> bool:
    name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return _JAR.fullmatch(name) is not None


def _sets(call: ast.Call, arguments: Sequence[Value], keywords: Table) -> bool:
    """Whether a name and a value are given. A jar of requests' or urllib's is handed one finished cookie.

    What is computed is no value that stands for nothing, though it may come to be empty: `",".join(chosen)`.
    """
    given = keywords.entries
    named = bool(arguments) or any(name in given for name in _NAMES)
    value = arguments[1] if len(arguments) > 1 else given.get("value")
    computed = len(call.args) > 1 and isinstance(call.args[1], ast.Call)
    removed = (isinstance(value, Known) and not value.value and not computed) or any(
        isinstance(ends := given.get(name), Known) and ends.value == 0 for name in ("max_age", "expires")
    )
    return named and value is not None and not removed


def _reading(call: ast.Call, scope: Scope, product: str, configuration: Configuration) -> Reading:
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    named = arguments[0] if arguments else next(keywords.entries[key] for key in _NAMES if key in keywords.entries)
    node = call.args[0] if call.args else next(one.value for one in call.keywords if one.arg in _NAMES)
    name = text(named) or called(node)
    cookie = Cookie(product, name, _flag("secure", keywords), http_only=_flag("httponly", keywords) is True)
    at = configuration.evaluator.span(call, scope)
    place = replace(at, snippet=masked(f"{_SETTING}({name}, …)"[:_SHOWN]), symbol=_SETTING)
    return Reading(cookie, Origin.DECLARED, None, None, (place,))


def _flag(name: str, keywords: Table) -> bool | None:
    """An attribute that is off unless it is given; None where that is known only at run time."""
    worth = keywords.entries.get(name)
    if worth is None:
        return False if keywords.complete else None
    return bool(worth.value) if isinstance(worth, Known) else None
