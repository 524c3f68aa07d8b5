"""Finds the SQLAlchemy engines that an application really has, and describes them without their passwords.

Engines are looked for among the living objects after the application has been loaded. That sees every one, however it
was made, and changes nothing about how the application is imported.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from everyhop.runtime.failure import Failure
from everyhop.runtime.hiding import Hiding, is_secret
from everyhop.runtime.installed import build_of, driver_of, version_of

_NO_ENGINE_HINT = (
    "everyhop sees what exists once the app is loaded: name the factory (MODULE:create_app), or give the URL by "
    "--url-env NAME where the app connects without SQLAlchemy or makes its engine at the first request"
)


@dataclass(frozen=True, slots=True)
class Found:
    """An engine and the name that tells it from others: a bind's key, or the variable that holds it."""

    name: str
    engine: Any


def make(variable: str, hiding: Hiding) -> Found:
    """The engine that `create_engine` makes of the URL in a variable."""
    url = os.environ[variable]
    hiding.learn(url)
    from sqlalchemy import create_engine  # noqa: PLC0415 - the application's own

    return Found(variable, create_engine(url))


def find(application: Any, app: str) -> list[Found] | Failure:
    """Every engine with a hop; a `Failure` where there is none."""
    sqlalchemy = sys.modules.get("sqlalchemy")
    if sqlalchemy is None:
        return Failure(f"{app} does not load SQLAlchemy: there is no engine to ask", _NO_ENGINE_HINT)
    names = dict(_bind_names(application))
    engines = {id(engine.pool): engine for engine in names.values()}
    kind = sqlalchemy.engine.Engine
    for engine in sorted(_living(kind), key=lambda engine: type(engine) is not kind):  # originals before their copies
        engines.setdefault(id(engine.pool), engine)
    if not engines:
        return Failure(f"{app} has no database engine", _NO_ENGINE_HINT)
    keys = {id(engine): key for key, engine in names.items()}
    found = [
        Found(keys.get(id(engine)) or _variable(engine) or f"engine {number}", engine)
        for number, engine in enumerate(engines.values(), 1)
    ]
    dialled = [item for item in found if item.engine.dialect.name not in {"sqlite", "duckdb"}]
    if not dialled:
        return Failure(
            f"every engine of {app} is a file inside the process ({found[0].engine.dialect.name}): there is no hop",
            "many apps fall back to SQLite when a variable is missing: is the one with the database's URL set?",
        )
    return dialled


def _bind_names(application: Any) -> Iterator[tuple[str, Any]]:
    """Flask-SQLAlchemy's engines (3.0 and later) by bind key, of every Flask application that is alive."""
    flask = sys.modules.get("flask")
    if flask is None:
        return
    alive = list(_living(flask.Flask))
    for number, app in enumerate(sorted(alive, key=lambda app: app is not application)):
        extension = app.extensions.get("sqlalchemy")
        if not hasattr(type(extension), "engines"):
            continue
        with app.app_context():
            for key, engine in sorted(extension.engines.items(), key=lambda item: item[0] is not None):
                name = "default" if key is None else str(key)
                yield (f"{app.name} {name}" if number else name), engine


def _living(kind: type) -> Iterator[Any]:
    gc.collect()  # what is only garbage is no engine of the application
    # Not isinstance(): on a proxy it would run the application's code.
    return (thing for thing in gc.get_objects() if issubclass(type(thing), kind))


def _variable(engine: Any) -> str | None:
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is engine:
                return f"{name}.{attribute}"
    return None


def described(item: Found, hiding: Hiding) -> dict[str, Any]:
    """What was declared: URL, driver and versions. The URL's password and secret options are masked."""
    engine = item.engine
    url, dialect = engine.url, engine.dialect
    hiding.learn(url.password)
    for option, value in url.query.items():
        if is_secret(option):
            hiding.learn(value)
    if "@" in (url.host or ""):  # a password with an @ that is not encoded: its end is taken for the host's beginning
        stray = url.host.rpartition("@")[0]
        hiding.learn(stray)
        url = url.set(host=url.host.rpartition("@")[2])
    if url.username is None and "@" in (url.database or ""):  # a slash in the name: host and password ended up there
        stray = url.database.rpartition("@")[0]
        hiding.learn(stray)
        url = url.set(database=url.database.rpartition("@")[2])
    shown = url.update_query_dict({option: "***" for option in url.query if is_secret(option)})
    return {
        "name": item.name,
        "dialect": dialect.name,
        "driver": driver_of(dialect),
        "url": shown.render_as_string(hide_password=True),
        "version": version_of(dialect),
        "build": build_of(dialect),
        "asynchronous": bool(dialect.is_async),
    }
