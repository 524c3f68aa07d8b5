"""HSTS that an app sends itself: the header where source or settings write it, and the extensions that add it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from everyhop.model import hsts
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Origin, Reading, Site
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.values import Known, Table, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_HEADER: Final = "strict-transport-security"
_WRITTEN: Final = re.compile(r"strict-transport-security", re.IGNORECASE)
_AGE: Final = re.compile(r"max-age|[{%]|\$", re.IGNORECASE)
_SETTING_METHODS: Final = frozenset(
    {"set", "add", "setdefault", "append", "set_header", "add_header", "append_header", "__setitem__", "extend"}
)
_DJANGO: Final = "SECURE_HSTS_SECONDS"
_YEAR: Final = 31_536_000
# What adds the header, the argument that says for how long, and the seconds where none does.
_EXTENSIONS: Final = {
    "flask_sslify.SSLify": ("age", _YEAR),  # flask_sslify.py, YEAR_IN_SECS
    "secure.Secure": ("hsts", 63_072_000),  # secure.py, StrictTransportSecurity
    "secure.SecureHeaders": ("hsts", 63_072_000),
    "secure.StrictTransportSecurity": ("max_age", 63_072_000),
    "flask_hsts.HSTS": ("max_age", _YEAR),
}
_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _EXTENSIONS)
_MODULES: Final = tuple(dict.fromkeys(name.rpartition(".")[0] for name in _EXTENSIONS))


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place at which source sets the header, or makes an extension that does."""
    for path, held in configuration.project.texts.items():
        writes = ("ransport-" in held or "RANSPORT-" in held) and _WRITTEN.search(held) is not None
        extends = any(f"import {name}" in held or f"from {name} " in held for name in _MODULES)
        module = configuration.project.module(path) if writes or extends or _DJANGO in held else None
        if module is not None and place_of(path) is Place.DEPLOYED:
            yield from _of_source(module, configuration)
            yield from _of_extensions(module, configuration)
            for entry in configuration.within(module, _DJANGO):
                seconds = configuration.worth(entry)
                yield _reading("django", seconds.value if isinstance(seconds, Known) else None, entry.at)


def in_settings(settings: Iterable[Setting]) -> Iterator[Reading]:
    """A reading for each file that is no Python and names the header with a value."""
    for setting in settings:
        if setting.name.lower() == _HEADER and place_of(setting.file) is Place.DEPLOYED:
            value = "".join(piece for piece in setting.pieces if isinstance(piece, str))
            yield _reading("http", hsts.max_age(value), replace(setting.at, symbol=_HEADER))


def _of_source(module: Module, configuration: Configuration) -> Iterator[Reading]:
    scope = module.names.module
    for node in ast.walk(scope.node):
        value = _value(node)
        if value is not None:
            written = text(configuration.evaluator.value(value, scope))
            at = replace(configuration.evaluator.span(_whole(node, value), scope), symbol=_HEADER)
            yield _reading("flask", hsts.max_age(written) if written is not None else None, at)


def _value(node: ast.AST) -> ast.expr | None:
    """What the header is set to by a statement, a call, an entry of a dict, or a pair."""
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if _is_header(key):
            return value
        case ast.Call(func=ast.Attribute(attr=method), args=[key, value, *_]) if _is_header(key):
            return value if method in _SETTING_METHODS else None
        case ast.Dict(keys=keys, values=values):
            return next((value for key, value in zip(keys, values, strict=True) if _is_header(key)), None)
        case ast.Tuple(elts=[key, value]) | ast.List(elts=[key, value]) if _is_header(key):
            told = isinstance(value, ast.Constant) and isinstance(value.value, str) and not _AGE.search(value.value)
            return None if told else value
        case _:
            return None


def _whole(node: ast.AST, value: ast.expr) -> ast.expr:
    """What a reading stands at: the call or the pair; of a dict only the value."""
    return node if isinstance(node, ast.Call | ast.Tuple | ast.List) else value


def _is_header(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() == _HEADER


def _of_extensions(module: Module, configuration: Configuration) -> Iterator[Reading]:
    for call, scope in module.names.calls:
        name = configuration.evaluator.qualified(call.func, scope) if may_name(call.func, scope, _LAST_NAMES) else None
        if name in _EXTENSIONS:
            argument, usual = _EXTENSIONS[name]
            _, given = configuration.evaluator.arguments(call, scope)
            at = replace(configuration.evaluator.span(call, scope), snippet=f"{ast.unparse(call.func)}(…)", symbol=name)
            yield _reading("flask", _seconds(argument, usual, given), at)


def _seconds(argument: str, usual: int, given: Table) -> int | None:
    worth = given.entries.get(argument)
    if worth is None:
        return usual if given.complete else None
    return worth.value if isinstance(worth, Known) and isinstance(worth.value, int) else None


def _reading(product: str, seconds: object, at: SourceSpan) -> Reading:
    known = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else None
    site = Site(product, https=True, redirects=None, hsts_max_age=known, hsts_applies=True, hsts_unread=known is None)
    return Reading(site, Origin.DECLARED, None, None, (at,))
