"""Flask-SQLAlchemy's settings: `SQLALCHEMY_DATABASE_URI`, `SQLALCHEMY_BINDS` and `SQLALCHEMY_ENGINE_OPTIONS`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from everyhop.scan.resolve.references import found, line_of, qualified
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Unknown, Value, choice, options, place
from everyhop.scan.sightings.entries import Configuration, Entry
from everyhop.scan.sightings.places import is_for_development, is_for_tests
from everyhop.scan.sightings.use import Use

URI: Final = "SQLALCHEMY_DATABASE_URI"
BINDS: Final = "SQLALCHEMY_BINDS"
ENGINE_OPTIONS: Final = "SQLALCHEMY_ENGINE_OPTIONS"
"""For the default engine only. What `SQLAlchemy(engine_options=…)` is given are the defaults of every engine, binds
included; an engine's own `connect_args` replace theirs as a whole (flask_sqlalchemy/extension.py, init_app)."""

_PACKAGE: Final = re.compile(r"flask_sqlalchemy(?:_lite)?\s+import|flask_appbuilder\s+import|import\s+flask_sqlalchemy")
_EXTENSIONS: Final = frozenset({"SQLAlchemy", "SQLA"})  # Flask-SQLAlchemy's class, and Flask-AppBuilder's below it


def uses(configuration: Configuration) -> Iterator[Use]:
    """The default engine of every place that sets one, and every bind."""
    extensions = tuple(_extensions(configuration))
    yield from _replaceable(configuration)
    for entry in configuration.entries(URI):
        if _is_shown(entry.value):
            continue
        url = configuration.worth(entry)
        if isinstance(url, Known) and url.value is None:
            if entry.owner is not None and not is_for_tests(entry.at.path) and configuration.loads_elsewhere():
                yield Use(URI, entry.at, Unknown(URI), setting=True)  # what the app refuses to start without
        else:
            own = _engine_options(entry, configuration)
            yield Use(URI, entry.at, url, _connect_args(own, _defaults(entry, extensions)), setting=True)
    for entry in configuration.entries(BINDS):
        yield from _binds(entry, configuration, _defaults(entry, extensions))


def _is_shown(value: ast.expr) -> bool:
    """Whether a setting is handed to something under its own name: `dict(URI=hidden(self.URI))` sets nothing."""
    given = value.args if isinstance(value, ast.Call) else []
    return any(isinstance(one, ast.Attribute) and one.attr == URI for one in given)


def _replaceable(configuration: Configuration) -> Iterator[Use]:
    """A file of SQLite's that the app keeps to only where the settings that it loads name no other database."""
    worth = configuration.value(URI)
    replaceable = isinstance(worth, Unknown) and worth.name == URI and worth.fallback is not None
    if replaceable and any(_PACKAGE.search(text) for text in configuration.project.texts.values()):
        places = [entry for entry in configuration.entries(URI) if not is_for_tests(entry.at.path)]
        for entry in [one for one in places if not is_for_development(one.at.path)][:1]:
            yield Use(URI, entry.at, Unknown(f"{URI}, by default a file of SQLite's"), setting=True)


def unset(configuration: Configuration) -> Iterator[Use]:
    """The first `SQLAlchemy(…)` of an app whose URI no file of the project sets: the settings that it loads do."""
    if configuration.value(URI) is not None or not configuration.loads_elsewhere():
        return
    texts = configuration.project.texts
    holders = [path for path, text in texts.items() if _PACKAGE.search(text) and not is_for_tests(path)]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            if _makes_extension(call, scope, configuration):
                yield Use(URI, configuration.evaluator.span(call, scope), Unknown(URI), setting=True)
                return


def _extensions(configuration: Configuration) -> Iterator[tuple[str, Value]]:
    """The engine options of every `SQLAlchemy(…)`, each with its file."""
    evaluator, texts = configuration.evaluator, configuration.project.texts
    holders = [path for path, text in texts.items() if "engine_options" in text and not is_for_tests(path)]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            if _makes_extension(call, scope, configuration):
                _, keywords = evaluator.arguments(call, scope)
                yield module.path, keywords.entries.get("engine_options", Table(complete=keywords.complete))


def _makes_extension(call: ast.Call, scope: Scope, configuration: Configuration) -> bool:
    """Whether this is `SQLAlchemy(…)`, or a class of the project's own that inherits from it."""
    project, names = configuration.project, [(call.func, scope)]
    own = found(project, call.func, scope)
    if isinstance(own, Scope) and isinstance(own.node, ast.ClassDef):
        line = [(here.node, here.parent or here) for here in line_of(project, own)]
        names = [(base, around) for node, around in line if isinstance(node, ast.ClassDef) for base in node.bases]
    return any((qualified(project, node, around) or "").rpartition(".")[2] in _EXTENSIONS for node, around in names)


def _defaults(entry: Entry, extensions: Sequence[tuple[str, Value]]) -> Value:
    """What every engine starts from: the options of the extension in the same file, else of any there is."""
    near = [worth for path, worth in extensions if path == entry.at.path]
    return choice(near or [worth for _, worth in extensions] or [Table()])


def _binds(entry: Entry, configuration: Configuration, defaults: Value) -> Iterator[Use]:
    """A bind is a URL or a dict of engine options."""
    for table in options(configuration.worth(entry)):
        if not isinstance(table, Table):
            if not isinstance(table, Known):
                yield Use(BINDS, entry.at, Unknown(BINDS), setting=True)
            continue
        for value in table.entries.values():
            bind = value if isinstance(value, Table) else Table({"url": value})
            url = bind.entries.get("url")
            if url is not None:
                yield Use(BINDS, place(url) or entry.at, url, _connect_args(bind, defaults), setting=True)


def _engine_options(entry: Entry, configuration: Configuration) -> Value:
    """What goes with a URI: its class's, or (set elsewhere) its module's, or the project's, if there is one only."""
    if entry.owner is not None:
        inherited = [*_of_classes(entry.owner, configuration)]
        if inherited:
            return choice(inherited)
    free = [other for other in configuration.entries(ENGINE_OPTIONS) if other.owner is None]
    near = [other for other in free if other.at.path == entry.at.path]
    if near:
        return configuration.worth(near[-1])
    return configuration.worth(free[0]) if len(free) == 1 else Table()


def _of_classes(owner: Scope, configuration: Configuration) -> Iterator[Value]:
    """The options of a class, and of those below it that inherit its URI and set options of their own."""
    evaluator, key = configuration.evaluator, ENGINE_OPTIONS
    own = evaluator.member(owner, key)
    below = [
        other.owner
        for other in configuration.entries(key)
        if other.owner is not None and other.owner != owner and URI not in other.owner.definitions
        and owner in line_of(configuration.project, other.owner)
    ]  # fmt: skip
    inherited = [value for heir in below if (value := evaluator.member(heir, key)) is not None]
    if own is not None or inherited:
        yield own if own is not None else Table()
        yield from inherited


def _connect_args(own: Value, defaults: Value | None = None) -> Value:
    """The `connect_args` of an engine's own options, or those of the defaults. With a `creator` nobody knows."""
    args: list[Value] = []
    for option in options(own):
        entries = option.entries if isinstance(option, Table) else {}
        settled = option.complete if isinstance(option, Table) else isinstance(option, Known)
        if "connect_args" in entries and "creator" not in entries:
            args.append(entries["connect_args"])
        elif not settled or "creator" in entries:
            args.append(Table(complete=False))
        else:
            args.append(_connect_args(defaults) if defaults is not None else Table())
    return choice(args)
