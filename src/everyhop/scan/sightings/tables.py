"""Dicts that by their shape are the settings of connections: Django's `DATABASES`, Tortoise's `connections`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import django
from everyhop.dialects.settings import UNRESOLVED
from everyhop.errors import SettingsError
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Unknown, Value, options, place, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.libraries import MYSQL, OPENERS, POSTGRESQL, TORTOISE
from everyhop.scan.sightings.opener import Drivers
from everyhop.scan.sightings.use import Use

# The drivers that may stand behind the one that Django's backend is written for.
_INSTEAD: Final[Mapping[str, Drivers]] = {"psycopg": POSTGRESQL, "mysqlclient": MYSQL}
_CONNECTED: Final = frozenset({"HOST", "PORT", "USER", "PASSWORD"})
_CLIENT_SIDE: Final = frozenset({"init_command"})  # of MySQL's drivers: says nothing of the connection
# tortoise/backends/<name>/client.py
_TORTOISE_BACKENDS: Final[tuple[tuple[str, Drivers], ...]] = (
    ("tortoise.backends.asyncpg", ("asyncpg",)),
    ("tortoise.backends.psycopg", ("psycopg",)),
    ("tortoise.backends.mysql", ("asyncmy", "aiomysql")),
)


def uses(module: Module, configuration: Configuration) -> Iterator[Use]:
    """Every dict of a module that names an engine of Django's, Tortoise's or Peewee's, or Tortoise's URLs."""
    for node, scope in module.names.dicts:
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        if "ENGINE" in keys:
            yield from _django(node, scope, configuration)
        elif "engine" in keys and "credentials" in keys:
            yield from _tortoise(node, scope, configuration)
        elif {"engine", "name"} <= keys and "peewee" in configuration.project.texts[module.path]:
            yield from _peewee(node, scope, configuration)
        elif "connections" in keys and "tortoise" in configuration.project.texts[module.path].lower():
            yield from _connections(node, scope, configuration)


def _django(node: ast.Dict, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    table = configuration.evaluator.value(node, scope)
    if not isinstance(table, Table):
        return
    at = configuration.evaluator.span(node, scope)
    for engine in _engines(table.entries["ENGINE"]) if "ENGINE" in table.entries else ():
        if engine is None and _CONNECTED & table.entries.keys():
            yield Use("DATABASES", at, Unknown("ENGINE"), setting=True)
            return
        entry = _entry(engine, table) if engine is not None else None
        if entry is not None:
            kept = {key: _placed(value, table) for key, value in entry.keywords.items() if key not in _CLIENT_SIDE}
            own = table.entries.get("OPTIONS", Table())
            complete = table.complete and all(isinstance(one, Table) and one.complete for one in options(own))
            drivers = _INSTEAD.get(entry.driver, (entry.driver,))
            yield Use("DATABASES", at, None, Table(kept, complete, at), drivers, setting=True, notes=entry.notes)
            return


def _engines(engine: Value) -> Iterator[str | None]:
    """The engines that an entry may have, None for one that only the run tells; a server before anything else."""
    known = list(filter(None, (text(option) for option in _settled(engine))))
    yield from sorted(known, key=lambda name: "sqlite" in name or "spatialite" in name)
    if any(not isinstance(option, Known) or "{" in str(option.value) for option in options(engine)):
        yield None


def _entry(engine: str, table: Table) -> django.Entry | None:
    """What Django hands to the driver, by the dialect that knows; None for a file, or a backend that nobody knows.

    The dialect looks into host and port only; whatever else there is goes through it with its place.
    """
    given: dict[str, object] = {key: value for key, value in table.entries.items() if not _is_blank(value)}
    for key, unknown in (("HOST", given.get("HOST")), ("PORT", UNRESOLVED)):
        worth = table.entries.get(key)
        if key in given:
            given[key] = worth.value if isinstance(worth, Known) else unknown
    further = Table().merged(table.entries["OPTIONS"]) if "OPTIONS" in table.entries else Table()
    try:
        return django.read({**given, "ENGINE": engine, "OPTIONS": further.entries})
    except SettingsError:
        return None


def _placed(given: object, table: Table) -> Value:
    """A keyword with its place again."""
    if isinstance(given, Value):
        return given
    return table.entries["HOST" if isinstance(given, str) and not given.isdecimal() else "PORT"]


def _peewee(node: ast.Dict, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    """Flask-Peewee's `DATABASE`: the class that makes the connection, by name, and what it is given."""
    table = configuration.evaluator.value(node, scope)
    entries = table.entries if isinstance(table, Table) else {}
    opener = OPENERS.get(text(entries["engine"]) or "") if "engine" in entries else None
    if opener is not None and opener.drivers:
        given = {key: value for key, value in entries.items() if key not in ("engine", *(opener.own or ()))}
        given = {"database" if key == "name" else key: value for key, value in given.items()}
        at = configuration.evaluator.span(node, scope)
        yield Use("DATABASE", at, None, Table(given, at=at), opener.drivers, setting=True)


def _tortoise(node: ast.Dict, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    table = configuration.evaluator.value(node, scope)
    entries = table.entries if isinstance(table, Table) else {}
    drivers = _backend(entries["engine"], _TORTOISE_BACKENDS) if "engine" in entries else ()
    for credentials in options(entries["credentials"]) if drivers else ():
        if isinstance(credentials, Table):
            at = place(credentials) or configuration.evaluator.span(node, scope)
            own = {
                key: value for key, value in credentials.entries.items() if key not in ("minsize", "maxsize", "schema")
            }
            yield Use("connections", at, None, replace(credentials, entries=own), drivers, setting=True)


def _connections(node: ast.Dict, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    table = configuration.evaluator.value(node, scope)
    connections = table.entries.get("connections") if isinstance(table, Table) else None
    for option in options(connections) if connections is not None else ():
        for url in option.entries.values() if isinstance(option, Table) else ():
            if not isinstance(url, Table):
                at = place(url) or configuration.evaluator.span(node, scope)
                yield Use("connections", at, url, None, TORTOISE, setting=True)


def _backend(engine: Value, backends: tuple[tuple[str, Drivers], ...]) -> Drivers:
    """The drivers of the first alternative that names a known backend by a part of its path."""
    for option in _settled(engine):
        path = text(option) or ""
        for name, drivers in backends:
            if name in path and ("." in path):
                return drivers
    return ()


def _settled(value: Value) -> Iterator[Value]:
    for option in options(value):
        fallback = getattr(option, "fallback", None)
        yield from options(fallback) if fallback is not None else (option,)


def _is_blank(value: Value) -> bool:
    return isinstance(value, Known) and value.value in ("", None)
