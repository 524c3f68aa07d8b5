"""Django's `DATABASES`: what an entry hands to its driver, and the `OPTIONS` that say something else.

Sources: Django 5.2, `DatabaseWrapper.get_connection_params` of its PostgreSQL and MySQL backends and
`django/db/utils.py` (defaults); mysql-connector-python 9.5, mysql/connector/django/base.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects.settings import UNRESOLVED
from everyhop.errors import SettingsError

_POSTGRESQL: Final = ("psycopg", "postgresql")
_MYSQL: Final = ("mysqlclient", "mysql")
_NO_HOP: Final = frozenset({"sqlite3", "spatialite"})

# By the last part of the engine's name: packages that wrap a backend of Django's keep it (django_prometheus.db.
# backends.mysql, django.contrib.gis.db.backends.postgis).
_BACKENDS: Final = {
    "postgresql": _POSTGRESQL,
    "postgresql_psycopg2": ("psycopg2", "postgresql"),
    "postgis": _POSTGRESQL,
    "postgresql_backend": _POSTGRESQL,
    "mysql": _MYSQL,
    "django_cockroachdb": ("psycopg", "cockroachdb"),
    "cockroachdb": ("psycopg", "cockroachdb"),
}
_CONNECTOR: Final = "mysql.connector.django"

_KEYS: Final = frozenset(
    {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TEST", "TIME_ZONE", "CONN_MAX_AGE", "AUTOCOMMIT"}
    | {"ATOMIC_REQUESTS", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS"}
)
# Options that Django's backends take for themselves before the driver sees the rest.
_OWN_OPTIONS: Final = frozenset({"isolation_level", "assume_role", "pool", "server_side_binding"})
# Keywords that come from keys of the entry; the others are its OPTIONS.
_FROM_KEYS: Final = frozenset({"dbname", "database", "user", "password", "host", "port", "unix_socket"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry hands to its driver. `notes` are what is wrong with it."""

    driver: str
    product: str
    keywords: Mapping[str, object]
    notes: tuple[str, ...] = ()


def is_databases(settings: Mapping[str, object]) -> bool:
    """Whether this is the whole of `DATABASES`: entries by their alias."""
    return bool(settings) and all(isinstance(entry, Mapping) and "ENGINE" in entry for entry in settings.values())


def read(settings: Mapping[str, object], driver: str | None = None) -> Entry | None:
    """What an entry hands to its driver; None where there is no hop (SQLite).

    `driver` is the one that stands in for the backend's own (PyMySQL, by `install_as_MySQLdb`). Raises `SettingsError`
    for a backend that everyhop does not know, and for what Django would refuse.
    """
    engine = settings.get("ENGINE")
    if not isinstance(engine, str) or not engine:
        raise SettingsError("there is no ENGINE", key="ENGINE", hint='write "ENGINE": "django.db.backends.postgresql"')
    last = engine.rpartition(".")[2]
    if last in _NO_HOP:
        return None
    if engine == _CONNECTOR:
        found: tuple[str, str] | None = ("mysql-connector", "mysql")
    else:
        found = _BACKENDS.get(last)
    if found is None:
        known = "django.db.backends.postgresql, django.db.backends.mysql, mysql.connector.django, django_cockroachdb"
        raise SettingsError(f"unknown backend {engine!r}", key="ENGINE", hint=f"everyhop knows {known}")
    assumed, product = found
    keywords = (_mysql if product == "mysql" else _postgresql)(settings)
    notes = [f"ignored-option:{key}" for key in settings if key not in _KEYS and _is_meant(key)]
    if driver is None and assumed == "psycopg":
        notes.append("django-driver")
    return Entry(driver or assumed, product, keywords, tuple(notes))


def options_among(keywords: Mapping[str, object]) -> tuple[str, ...]:
    """The keywords that stand in `OPTIONS`; the others have a key of their own."""
    return tuple(key for key in keywords if key not in _FROM_KEYS)


def _postgresql(settings: Mapping[str, object]) -> dict[str, object]:
    keywords = _options(settings)
    if settings.get("NAME"):
        keywords = {"dbname": settings["NAME"]} | keywords  # OPTIONS win
    elif "NAME" in settings and settings["NAME"] is None:
        keywords.pop("service", None)
    return keywords | _given(settings, {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"})


def _mysql(settings: Mapping[str, object]) -> dict[str, object]:
    host = settings.get("HOST")
    place = "unix_socket" if isinstance(host, str) and host.startswith("/") else "host"
    keywords = _given(settings, {"USER": "user", "NAME": "database", "PASSWORD": "password", "HOST": place})
    if settings.get("PORT"):
        keywords["port"] = _port(settings["PORT"])
    return keywords | _options(settings)


def _given(settings: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """The keys that are there and not empty, under the driver's names."""
    return {name: settings[key] for key, name in names.items() if settings.get(key)}


def _options(settings: Mapping[str, object]) -> dict[str, object]:
    options = settings.get("OPTIONS") or {}
    if not isinstance(options, Mapping):
        raise SettingsError("OPTIONS is no dict", key="OPTIONS", hint='write "OPTIONS": {"sslmode": "verify-full", …}')
    return {str(key): value for key, value in options.items() if key not in _OWN_OPTIONS}


def _port(value: object) -> object:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9:
        return int(value)
    if value is UNRESOLVED or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise SettingsError("PORT is no number", key="PORT", hint='write "PORT": "5432", or leave it out')


def _is_meant(key: str) -> bool:
    """Whether a key beside HOST and PORT was meant to say something about TLS: Django looks at OPTIONS only."""
    return key.lower() == "options" or key.lower().startswith(("ssl", "tls"))
