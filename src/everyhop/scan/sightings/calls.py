"""Calls that open connections: SQLAlchemy's engines, and the drivers themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Table, Value
from everyhop.scan.sightings.drivers import ENGINES, OPENERS, Opener
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.use import Use

_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in (*ENGINES, *OPENERS))


def uses(module: Module, configuration: Configuration) -> Iterator[Use]:
    """Every call in a module that opens a connection or makes an engine."""
    evaluator = configuration.evaluator
    for call, scope in module.names.calls:
        name = evaluator.qualified(call.func, scope) if may_name(call.func, scope, _LAST_NAMES) else None
        if name in ENGINES:
            yield _engine(call, scope, name, configuration)
        elif name in OPENERS:
            yield _opened(call, scope, name, configuration)


def _engine(call: ast.Call, scope: Scope, name: str, configuration: Configuration) -> Use:
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    url = arguments[0] if arguments else keywords.entries.get("url")
    given: Value | None = keywords.entries.get("connect_args")
    if (given is None and not keywords.complete) or "creator" in keywords.entries:
        given = Table(complete=False)
    at = configuration.evaluator.span(call, scope)
    return Use(name.rpartition(".")[2], at, url, given)


def _opened(call: ast.Call, scope: Scope, name: str, configuration: Configuration) -> Use:
    opener = OPENERS[name]
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    entries = {**dict(zip(opener.positional, arguments, strict=False)), **keywords.entries}
    table = replace(keywords, entries=_aliased(entries))
    inner = entries.pop(opener.inner, None) if opener.inner else None
    if inner is not None:
        table = replace(table, entries={k: v for k, v in table.entries.items() if k != opener.inner}).merged(inner)
    url = _taken(table, opener)
    if opener.dsn:
        table = replace(table, entries={k: v for k, v in table.entries.items() if k != opener.dsn})
    return Use(name, configuration.evaluator.span(call, scope), url, table, opener.driver)


def _taken(table: Table, opener: Opener) -> Value | None:
    return table.entries.get(opener.dsn) if opener.dsn else None


def _aliased(entries: dict[str, Value]) -> dict[str, Value]:
    """The MySQL drivers take `passwd` and `db` for what they now call `password` and `database`."""
    old = {"passwd": "password", "db": "database"}
    return {old.get(key, key): value for key, value in entries.items()}
