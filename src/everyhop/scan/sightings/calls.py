"""Calls that open connections: SQLAlchemy's engines, the drivers themselves, and the libraries above them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.texts import replaced
from everyhop.scan.resolve.values import Known, Made, Table, Unknown, Value, choice, options, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.libraries import CONFIGURED, ENGINES, OPENERS
from everyhop.scan.sightings.opener import Drivers, Opener
from everyhop.scan.sightings.use import Use

_ALEMBIC: Final = {"set_main_option": 0, "set_section_option": 1}
"""Methods of Alembic's `Config` (alembic/config.py), and which argument names what they set."""

_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in (*ENGINES, *OPENERS, *CONFIGURED))
_PREFIX: Final = "sqlalchemy."
_VARIABLE: Final = "DATABASE_URL"
"""What dj-database-url and django-environ read where no other name is given."""


def uses(module: Module, configuration: Configuration) -> Iterator[Use]:
    """Every call in a module that opens a connection or makes an engine."""
    evaluator = configuration.evaluator
    migrations = tuple(_migrations(module, configuration))
    for call, scope in module.names.calls:
        name = evaluator.qualified(call.func, scope) if may_name(call.func, scope, _LAST_NAMES) else None
        if name is None:
            continue
        if name in ENGINES:
            yield _engine(call, scope, name, configuration)
        elif name in CONFIGURED:
            yield from _configured(call, scope, name, configuration, migrations)
        elif name in OPENERS:
            yield from _opened(call, scope, name, configuration)
    if not any(_is_environment(call, scope, configuration) for call, scope in module.names.calls):
        yield from migrations


def _is_environment(call: ast.Call, scope: Scope, configuration: Configuration) -> bool:
    """Whether this is done in Alembic's env.py, which sets a URL for the engine that it makes itself, if it does."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "configure"
    return named and configuration.evaluator.qualified(call.func, scope) == "alembic.context.configure"


def _migrations(module: Module, configuration: Configuration) -> Iterator[Use]:
    """The URLs that are handed to Alembic: whoever runs the migrations dials them."""
    for call, scope in module.names.calls:
        first = _ALEMBIC.get(call.func.attr) if isinstance(call.func, ast.Attribute) else None
        if first is None:
            continue
        arguments, _ = configuration.evaluator.arguments(call, scope)
        if len(arguments) == first + 2 and text(arguments[first]) == f"{_PREFIX}url":
            # ConfigParser reads `%%` as one percent sign.
            url = replaced(arguments[first + 1], (Known("%%"), Known("%")))
            yield Use(f"{_PREFIX}url", configuration.evaluator.span(call, scope), url)


def _engine(call: ast.Call, scope: Scope, name: str, configuration: Configuration) -> Use:
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    url = arguments[0] if arguments else keywords.entries.get(ENGINES[name])
    wrapped = keywords.entries.get("engine_kwargs") or keywords.entries.get("engine_options")
    if isinstance(wrapped, Table):
        keywords = keywords.merged(wrapped)
    given: Value | None = keywords.entries.get("connect_args")
    if (given is None and not keywords.complete) or "creator" in keywords.entries:
        given = Table(complete=False)
    at = configuration.evaluator.span(call, scope)
    return Use(name.rpartition(".")[2], at, url, given)


def _configured(
    call: ast.Call, scope: Scope, name: str, configuration: Configuration, migrations: Sequence[Use]
) -> Iterator[Use]:
    """`engine_from_config(table, prefix, **options)`, whose options go before those of the table.

    Of a table that is not all known the URL is what the module gives Alembic, else it is known only at run time.
    """
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    given = dict(zip(("configuration", "prefix"), arguments, strict=False)) | dict(keywords.entries)
    prefix = text(given["prefix"]) if "prefix" in given else _PREFIX
    at = configuration.evaluator.span(call, scope)
    symbol = name.rpartition(".")[2]
    for option in options(given.get("configuration", Unknown("configuration"))):
        table = option if isinstance(option, Table) else Table(complete=False)
        connect_args = keywords.entries.get("connect_args") or table.entries.get(f"{prefix}connect_args")
        if connect_args is None and not keywords.complete:
            connect_args = Table(complete=False)
        url = keywords.entries.get("url") or table.entries.get(f"{prefix}url")
        if url is not None:
            yield Use(symbol, at, url, connect_args)
        elif not table.complete:
            handed = [use.url for use in migrations if use.url is not None]
            yield Use(symbol, at, choice(handed) if handed else Unknown(f"{prefix}url"), connect_args)


def _opened(call: ast.Call, scope: Scope, name: str, configuration: Configuration) -> Iterator[Use]:
    opener = OPENERS[name]
    arguments, keywords = configuration.evaluator.arguments(call, scope)
    given = replace(keywords, entries={**dict(zip(opener.positional, arguments, strict=False)), **keywords.entries})
    at = configuration.evaluator.span(call, scope)
    drivers = _drivers(opener, given)
    url = _url(opener, given, scope, configuration)
    nothing = url is None and opener.own is None and opener.inner is None
    if drivers and not nothing:
        yield Use(name, at, url, _passed(opener, given), drivers)


def _drivers(opener: Opener, given: Table) -> Drivers:
    """Those that it always goes through, or those that its selector names; none for a product that is not known."""
    if opener.selector is None:
        return opener.drivers
    for option in options(given.entries.get(opener.selector, Unknown(""))):
        named = _name(option)
        if named in opener.named:
            return opener.named[named]
    return ()


def _name(value: Value) -> str:
    """A text, or the module of a function that is handed over: `pymysql`, `pymysql.connect`."""
    match value:
        case Known(value=str() as known):
            return known
        case Unknown(name=name) | Made(callee=name):
            return name.removesuffix(".connect")
        case _:
            return ""


def _url(opener: Opener, given: Table, scope: Scope, configuration: Configuration) -> Value | None:
    url = given.entries.get(opener.dsn) if opener.dsn else None
    if opener.variable is None:
        return url
    name = given.entries.get(opener.variable, Known(_VARIABLE))
    variable = text(name)
    if variable is None:
        return Unknown("the URL", url)
    return configuration.project.environment.value(variable, scope.path, url)


def _passed(opener: Opener, given: Table) -> Table:
    """What goes on to the driver, under its present names."""
    entries = given.entries
    inner = entries.get(opener.inner) if opener.inner else None
    if opener.inner:
        table = Table().merged(inner) if inner is not None else Table()
    elif opener.own is None:
        table = Table()
    else:
        kept = {key: value for key, value in entries.items() if key not in opener.own and key != opener.dsn}
        table = replace(given, entries=kept)
    required = entries.get(opener.requiring) if opener.requiring else None
    if isinstance(required, Known) and required.value is True:
        table = table.with_entry("sslmode", Known("require", required.at))
    return replace(table, entries=_aliased(table.entries))


def _aliased(entries: Mapping[str, Value]) -> dict[str, Value]:
    """The MySQL drivers take `passwd` and `db` for what they now call `password` and `database`."""
    old = {"passwd": "password", "db": "database"}
    return {old.get(key, key): value for key, value in entries.items()}
