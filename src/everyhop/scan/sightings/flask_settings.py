"""Flask-SQLAlchemy's settings: `SQLALCHEMY_DATABASE_URI`, `SQLALCHEMY_BINDS` and `SQLALCHEMY_ENGINE_OPTIONS`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from everyhop.scan.resolve.references import line_of
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Unknown, Value, choice, options, place
from everyhop.scan.sightings.entries import Configuration, Entry
from everyhop.scan.sightings.use import Use

URI: Final = "SQLALCHEMY_DATABASE_URI"
BINDS: Final = "SQLALCHEMY_BINDS"
ENGINE_OPTIONS: Final = ("SQLALCHEMY_ENGINE_OPTIONS", "engine_options")
"""The setting, and the argument of `SQLAlchemy(…)` that stands for it."""


def uses(configuration: Configuration) -> Iterator[Use]:
    """The default engine of every place that sets one, and every bind."""
    for entry in configuration.entries(URI):
        url = configuration.worth(entry)
        if not (isinstance(url, Known) and url.value is None):
            yield Use(URI, entry.at, url, _connect_args(_engine_options(entry, configuration)), setting=True)
    for entry in configuration.entries(BINDS):
        yield from _binds(entry, configuration)


def _binds(entry: Entry, configuration: Configuration) -> Iterator[Use]:
    """A bind is a URL or a dict of engine options; `SQLALCHEMY_ENGINE_OPTIONS` is for the default engine only."""
    for table in options(configuration.worth(entry)):
        if not isinstance(table, Table):
            if not isinstance(table, Known):
                yield Use(BINDS, entry.at, Unknown(BINDS), setting=True)
            continue
        for value in table.entries.values():
            bind = value if isinstance(value, Table) else Table({"url": value})
            url = bind.entries.get("url")
            if url is not None:
                yield Use(BINDS, place(url) or entry.at, url, _connect_args(bind), setting=True)


def _engine_options(entry: Entry, configuration: Configuration) -> Value:
    """What goes with a URI: its class's, or (set elsewhere) its module's, or the project's, if there is one only."""
    if entry.owner is not None:
        found = [*_of_classes(entry.owner, configuration)]
        if found:
            return choice(found)
    others = [other for key in ENGINE_OPTIONS for other in configuration.entries(key)]
    free = [other for other in others if other.owner is None]
    near = [other for other in free if other.at.path == entry.at.path]
    if near:
        return configuration.worth(near[-1])
    return configuration.worth(free[0]) if len(free) == 1 else Table()


def _of_classes(owner: Scope, configuration: Configuration) -> Iterator[Value]:
    """The options of a class, and of those below it that inherit its URI and set options of their own."""
    evaluator, key = configuration.evaluator, ENGINE_OPTIONS[0]
    own = evaluator.member(owner, key)
    below = [
        other.owner
        for other in configuration.entries(key)
        if other.owner is not None and other.owner is not owner and URI not in other.owner.definitions
        and owner in line_of(configuration.project, other.owner)
    ]  # fmt: skip
    inherited = [value for heir in below if (value := evaluator.member(heir, key)) is not None]
    if own is not None or inherited:
        yield own if own is not None else Table()
        yield from inherited


def _connect_args(engine_options: Value) -> Value:
    found: list[Value] = []
    for option in options(engine_options):
        if isinstance(option, Table):
            missing = Table(complete=option.complete and "creator" not in option.entries)
            found.append(option.entries.get("connect_args", missing))
        else:
            found.append(Table(complete=isinstance(option, Known)))
    return choice(found)
