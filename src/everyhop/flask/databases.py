"""Gives an application's databases to the guard: what its configuration names, its engines, and those nobody named."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from flask import Flask, appcontext_pushed

from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.settings import GuardSettings


def watch(app: Flask) -> Guard:
    """Read what the configuration names, and judge every connection from now on.

    Flask-SQLAlchemy's engines are taken by the name of their bind, now or when they are there. Raises `SettingsError`
    for keys that cannot be meant, and for a database URL that promises less than is demanded.
    """
    guard = Guard(GuardSettings.parse(app.config))
    if find_spec("sqlalchemy") is None:
        return guard
    made = hasattr(type(app.extensions.get("sqlalchemy")), "engines")
    if not made:  # engines know more than the configuration does: `SQLAlchemy(engine_options=…)`
        for name, url, connect_args in _configured(app.config):
            guard.read(name, url, connect_args)
    guard.watch_everything()
    if made:
        with app.app_context():
            _take(app, guard)
    elif "sqlalchemy" not in app.extensions:
        _take_later(app, guard)
    return guard


def _configured(config: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Each bind of Flask-SQLAlchemy's keys (its documentation, "Configuration Keys"): name, URL, connect_args.

    Not those with a `creator`: their URL says nothing of where and how they connect.
    """
    options = config.get("SQLALCHEMY_ENGINE_OPTIONS") or {}
    url = config.get("SQLALCHEMY_DATABASE_URI") or options.get("url")
    if url and not options.get("creator"):
        yield "default", url, options.get("connect_args") or {}
    for key, bind in (config.get("SQLALCHEMY_BINDS") or {}).items():
        own = bind if isinstance(bind, Mapping) else {"url": bind}
        if own.get("url") and not own.get("creator"):
            yield key or "default", own["url"], own.get("connect_args") or {}


def _take(app: Flask, guard: Guard) -> None:
    """Watch Flask-SQLAlchemy's engines; an application context is pushed."""
    engines = getattr(app.extensions["sqlalchemy"], "engines", {})  # before 3.0 it had none: their URLs have been read
    for key, engine in engines.items():
        guard.watch(engine, key or "default")


def _take_later(app: Flask, guard: Guard) -> None:
    """The same with the first application context: `db.init_app` may come after Everyhop."""

    def pushed(sender: Flask, **_: Any) -> None:
        if "sqlalchemy" in sender.extensions:
            _take(sender, guard)
        elif "flask_sqlalchemy" in sys.modules:
            return  # it may still come
        appcontext_pushed.disconnect(pushed, sender)

    appcontext_pushed.connect(pushed, app, weak=False)
