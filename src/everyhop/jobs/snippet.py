"""A few lines of Python that open a connection, or set `DATABASES`: read as the scanner reads a file, never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects import registry
from everyhop.dialects.dsn import LONGEST, Dsn, Grammar
from everyhop.errors import SettingsError
from everyhop.jobs.given import Form, Given, of_mapping
from everyhop.model.wire import Wire
from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.values import Value
from everyhop.scan.sightings import calls, flask_settings
from everyhop.scan.sightings.drivers import DRIVERS
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.settings import address, tables
from everyhop.scan.sightings.use import Use

_PATH: Final = "given.py"
_DATABASES: Final = "DATABASES"
# What a person leaves out who pastes a line. One line, so that a place in the text is a line further down.
_IMPORTS: Final = "; ".join(
    (
        f"import os, ssl, {', '.join(sorted({name.rpartition('.')[0] for name in DRIVERS}))}",
        "from os import environ, getenv",
        "from sqlalchemy import URL, create_engine, make_url",
        "from sqlalchemy.ext.asyncio import create_async_engine",
    )
)


def read(text: str, driver: str | None, alias: str | None) -> Given:
    """The one connection that a text opens, that of Flask-SQLAlchemy's settings, or Django's `DATABASES` in it.

    Raises `SettingsError` where it is no Python, opens none, or opens several.
    """
    module, configuration = _parsed(text)
    entries = configuration.entries(_DATABASES)
    if entries:
        return of_mapping(_table(configuration.worth(entries[-1])), driver, alias)
    found = [*calls.uses(module, configuration), *flask_settings.uses(configuration)]
    if len(found) != 1:
        count = f"{len(found)} connections are" if found else "no connection is"
        raise SettingsError(
            f"{count} opened here that everyhop knows",
            hint="give one call, pymysql.connect(…) or create_engine(…); everyhop scan reads whole files",
        )
    return _of_use(found[0], driver)


def mapping(text: str) -> Mapping[str, object]:
    """A dict display. What is no literal is known only at run time."""
    _, configuration = _parsed(f"{_DATABASES} = {text.strip()}")
    return _table(configuration.worth(configuration.entries(_DATABASES)[-1]))


def _parsed(text: str) -> tuple[Module, Configuration]:
    if len(text) > LONGEST:
        raise SettingsError(f"this is longer than {LONGEST} characters", hint="everyhop scan reads whole files")
    project = Project({_PATH: f"{_IMPORTS}\n{text}"}, Environment(()))
    module = project.module(_PATH)
    if module is None:
        refused = project.refused[_PATH]
        line = refused.line and refused.line - 1
        raise SettingsError(
            f"{refused.reason}{f' (line {line})' if line else ''}", hint="paste the whole call, or dict"
        )
    return module, Configuration(project)


def _table(value: Value) -> Mapping[str, object]:
    """The last of the alternatives: what a file says last holds."""
    found = list(tables(value))
    return found[-1] if found else {}


def _of_use(use: Use, driver: str | None) -> Given:
    written = None if use.url is None else address(use.url)
    if use.url is not None and written is None and not use.drivers:
        raise SettingsError(
            "the URL is known only at run time", hint="give the URL itself, or everyhop verify asks the app"
        )
    called = use.drivers[0] if use.drivers else None
    arguments = _table(use.keywords) if use.keywords is not None else {}
    if use.setting and written is not None and not arguments:
        return Given(Form.URL, Dsn.parse(written.written, driver), driver)
    if called is None:
        return Given(Form.ENGINE, Dsn.parse(written.written, driver) if written else None, driver, None, arguments)
    dsn = _dsn(written.written, called) if written else None
    return Given(Form.CALL, dsn, called, None, arguments, name=use.symbol)


def _dsn(text: str, driver: str) -> Dsn:
    """A text that goes to a driver and not through SQLAlchemy: PostgreSQL's all read libpq's grammar."""
    wire = registry.WIRES[registry.from_keywords(driver, {}).product]
    libpq = wire is Wire.POSTGRES and "://" in text.partition("=")[0]
    return Dsn.parse(text, driver, Grammar.LIBPQ_URL if libpq else None)
