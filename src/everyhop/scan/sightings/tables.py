"""Dicts that by their shape are the settings of connections: Django's `DATABASES`, Tortoise's `connections`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Value, options, place, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.libraries import MYSQL, POSTGRESQL, TORTOISE
from everyhop.scan.sightings.opener import Drivers
from everyhop.scan.sightings.use import Use

# Django's settings under the drivers' names (django/db/backends/{postgresql,mysql}/base.py, get_connection_params).
_DJANGO: Final = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
_DJANGO_OWN: Final = frozenset({"isolation_level", "assume_role", "server_side_binding", "pool", "init_command"})
_DJANGO_BACKENDS: Final[tuple[tuple[str, Drivers], ...]] = (
    ("postgresql", POSTGRESQL),
    ("postgis", POSTGRESQL),
    ("psqlextra", POSTGRESQL),
    ("timescale", POSTGRESQL),
    ("cockroach", POSTGRESQL),
    ("mysql.connector", ("mysql-connector",)),
    ("mysql", MYSQL),
)
# tortoise/backends/<name>/client.py
_TORTOISE_BACKENDS: Final[tuple[tuple[str, Drivers], ...]] = (
    ("tortoise.backends.asyncpg", ("asyncpg",)),
    ("tortoise.backends.psycopg", ("psycopg",)),
    ("tortoise.backends.mysql", ("asyncmy", "aiomysql")),
)


def uses(module: Module, configuration: Configuration) -> Iterator[Use]:
    """Every dict of a module that names an engine of Django's or Tortoise's, or Tortoise's URLs."""
    for node, scope in module.names.dicts:
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        if "ENGINE" in keys:
            yield from _django(node, scope, configuration)
        elif "engine" in keys and "credentials" in keys:
            yield from _tortoise(node, scope, configuration)
        elif "connections" in keys and "tortoise" in configuration.project.texts[module.path].lower():
            yield from _connections(node, scope, configuration)


def _django(node: ast.Dict, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    table = configuration.evaluator.value(node, scope)
    if not isinstance(table, Table):
        return
    drivers = _backend(table.entries["ENGINE"], _DJANGO_BACKENDS) if "ENGINE" in table.entries else ()
    if not drivers:
        return
    given = {_DJANGO[key]: value for key, value in table.entries.items() if key in _DJANGO and not _is_blank(value)}
    host = text(given["host"]) if "host" in given else None
    if drivers == MYSQL and host is not None and host.startswith("/"):
        given["unix_socket"] = given.pop("host")
    name = table.entries.get("NAME")
    if name is not None:
        given["dbname" if drivers == POSTGRESQL else "database"] = name
    keywords = replace(table, entries=given)
    own = table.entries.get("OPTIONS")
    if own is not None:
        keywords = keywords.merged(own)
    kept = {key: value for key, value in keywords.entries.items() if key not in _DJANGO_OWN}
    at = configuration.evaluator.span(node, scope)
    yield Use("DATABASES", at, None, replace(keywords, entries=kept), drivers, setting=True)


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
