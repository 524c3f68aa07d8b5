"""The settings of Flask's extensions that open connections from parts: Flask-MySQLdb, Flask-MySQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.scan.resolve.values import Table, Unknown, Value
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.opener import Drivers
from everyhop.scan.sightings.places import is_for_tests
from everyhop.scan.sightings.use import Use


@dataclass(frozen=True, slots=True)
class Extension:
    """`module` is what an app imports; `host` the setting that a connection is told by, `parts` the others.

    `further` is a setting whose dict goes on to the driver as it is.
    """

    module: str
    host: str
    parts: Mapping[str, str]
    drivers: Drivers
    further: str | None = None


# flask_mysqldb/__init__.py and flaskext/mysql.py; both dial localhost where no host is set.
_EXTENSIONS: Final = (
    Extension(
        "flask_mysqldb",
        "MYSQL_HOST",
        {
            "MYSQL_USER": "user",
            "MYSQL_PASSWORD": "password",
            "MYSQL_DB": "database",
            "MYSQL_PORT": "port",
            "MYSQL_UNIX_SOCKET": "unix_socket",
        },
        ("mysqlclient",),
        "MYSQL_CUSTOM_OPTIONS",
    ),
    Extension(
        "flaskext.mysql",
        "MYSQL_DATABASE_HOST",
        {
            "MYSQL_DATABASE_USER": "user",
            "MYSQL_DATABASE_PASSWORD": "password",
            "MYSQL_DATABASE_DB": "database",
            "MYSQL_DATABASE_PORT": "port",
            "MYSQL_DATABASE_SOCKET": "unix_socket",
        },
        ("pymysql",),
    ),
)


def uses(configuration: Configuration) -> Iterator[Use]:
    """A use for every place that sets the host of an imported extension; of another part, where none does."""
    for extension in _EXTENSIONS:
        if any(extension.module in text for text in configuration.project.texts.values()):
            yield from _of(extension, configuration)


def _of(extension: Extension, configuration: Configuration) -> Iterator[Use]:
    deployed = (key for key in (extension.host, *extension.parts) if configuration.value(key) is not None)
    told_by = next(deployed, None)
    if told_by is None:
        yield from _unset(extension, configuration)
        return
    for entry in configuration.entries(told_by):
        keywords = Table({"host": configuration.worth(entry)} if told_by == extension.host else {})
        for key, keyword in extension.parts.items():
            worth = _near(key, entry.at.path, configuration)
            if worth is not None:
                keywords = keywords.with_entry(keyword, worth)
        further = _near(extension.further, entry.at.path, configuration) if extension.further else None
        if further is not None:
            keywords = keywords.merged(further)
        yield Use(told_by, entry.at, None, keywords, extension.drivers, setting=True)


def _unset(extension: Extension, configuration: Configuration) -> Iterator[Use]:
    """Where the extension is made, if no file sets any of its settings: those that the app loads do."""
    texts = configuration.project.texts
    holders = [path for path, text in texts.items() if extension.module in text and not is_for_tests(path)]
    for module in configuration.project.parsed(holders if configuration.loads_elsewhere() else ()):
        for call, scope in module.names.calls:
            if configuration.evaluator.qualified(call.func, scope) == f"{extension.module}.MySQL":
                at = configuration.evaluator.span(call, scope)
                yield Use(extension.host, at, Unknown(extension.host), None, extension.drivers, setting=True)


def _near(key: str, path: str, configuration: Configuration) -> Value | None:
    """A setting of the same file, else the project's."""
    here = [entry for entry in configuration.entries(key) if entry.at.path == path]
    return configuration.worth(here[-1]) if here else configuration.value(key)
