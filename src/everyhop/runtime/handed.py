"""What SQLAlchemy, Django or a program hands to a driver, as the settings that the driver's dialect reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from everyhop.dialects import registry
from everyhop.dialects.settings import DialerSettings
from everyhop.model.sighting import Version
from everyhop.runtime.installed import build_of, driver_of, version_of
from everyhop.runtime.root_file import home_root

ADAPTERS: Final = frozenset({"async_fallback", "prepared_statement_cache_size", "prepared_statement_name_func"})
"""Keywords that SQLAlchemy's asynchronous dialects take out before the driver is called."""

DETOURS: Final = ("async_creator_fn", "pool_name", "failover", "dns_srv")
"""Keywords that lead to connections of which the settings say nothing.

A function of the application's, a pool of the driver's that may be there already, further servers, and the one that an
answer from DNS names.
"""

LIBPQ: Final = ("psycopg2", "psycopg", "psycopg2cffi")
ASSUMED: Final = "file-assumed:"
"""The beginning of the note on a file that a dialect takes for being there."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A driver as it is installed, and the product that it was chosen for."""

    driver: str
    product: str
    version: Version | None = None
    build: str | None = None

    @classmethod
    def below(cls, dialect: Any) -> Installed:
        """The driver below a SQLAlchemy dialect."""
        found = version_of(dialect)
        name, version = registry.name_of(driver_of(dialect)), Version(found) if found else None
        return cls(name, str(dialect.name), version, build_of(dialect))


def settings_of(installed: Installed, keywords: Mapping[str, Any], environment: Mapping[str, str]) -> DialerSettings:
    """The settings of a call with these keywords, its files as the driver would find them here and now.

    Raises `SettingsError` for a driver that nobody knows.
    """
    handed = {key: value for key, value in keywords.items() if key not in ADAPTERS}
    libpq = installed.driver in LIBPQ
    if libpq and (root := home_root()):
        environment = {"PGSSLROOTCERT": root, **environment}
    settings = registry.from_keywords(
        installed.driver,
        handed,
        product=installed.product,
        environment=environment,
        version=installed.version,
        build=installed.build,
    )
    if named := registry.files_named(settings):
        settings = registry.with_files(settings, dict(_texts(named)))
    return without_missing_root(settings, ".") if libpq else settings


def without_missing_root(settings: DialerSettings, directory: str) -> DialerSettings:
    """A root certificate that is not there is passed over by libpq; `verify-*` refuses to connect without it."""
    notes = registry.read(settings).notes
    named = [note.removeprefix(ASSUMED) for note in notes if note.startswith(ASSUMED)]
    if all(Path(directory, name).is_file() for name in named):
        return settings
    return replace(
        settings,
        options=tuple((key, value) for key, value in settings.options if key != "sslrootcert"),
        connect_args={key: value for key, value in settings.connect_args.items() if key != "sslrootcert"},
        environment={key: value for key, value in settings.environment.items() if key != "PGSSLROOTCERT"},
    )


def _texts(names: tuple[str, ...]) -> Any:
    """The service and option files that can be read; what cannot stays unknown, and widens the bounds."""
    for name in names:
        try:
            text = Path(name).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, RuntimeError):
            continue
        yield name, text
