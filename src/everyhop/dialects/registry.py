"""Which dialect reads which driver, and which driver a URL means.

The dialect of a driver is imported when it is asked for. A driver that has no dialect yet is no error for a reader: its
reading has the widest bounds and says so (`unknown-driver:…`), since a scanner must not be silent about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Final, cast

from everyhop.dialects import client_key
from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.dialects.settings import Dialect, DialerSettings, Spelling, after, resolved
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.nearest import did_you_mean
from everyhop.model.posture import UNKNOWN, Posture
from everyhop.model.sighting import Dialer, Version
from everyhop.model.wire import Wire

_MODULES: Final = {
    "psycopg2": "libpq",
    "psycopg2cffi": "libpq",
    "psycopg": "libpq",
    "asyncpg": "asyncpg",
    "pg8000": "pg8000",
    "pymysql": "pymysql",
    "aiomysql": "aiomysql",
    "asyncmy": "asyncmy",
    "mariadb": "mariadb_connector",
    "mysql-connector": "mysql_connector",
    "mysqlclient": "mysqlclient",
}

# What SQLAlchemy calls a driver after the `+`, where interface.md has another name.
_ALIASES: Final = {
    "psycopg_async": "psycopg",
    "mysqldb": "mysqlclient",
    "mysqlconnector": "mysql-connector",
    "mariadbconnector": "mariadb",
}

_AFTER_PLUS: Final = {driver: name for name, driver in _ALIASES.items() if driver != "psycopg"}  # that has its own

_PRODUCTS: Final = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "cockroachdb": "cockroachdb",
    "mysql": "mysql",
    "mariadb": "mariadb",
}

WIRES: Final[Mapping[str, Wire]] = {
    "postgresql": Wire.POSTGRES,
    "cockroachdb": Wire.POSTGRES,
    "mysql": Wire.MYSQL,
    "mariadb": Wire.MYSQL,
}
"""The wire that each product speaks."""

_DRIVER_PRODUCTS: Final = {
    "psycopg2": "postgresql",
    "psycopg2cffi": "postgresql",
    "psycopg": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mysql",
    "mysqlclient": "mysql",
    "mysql-connector": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mariadb": "mariadb",
}

_LOCAL: Final = frozenset({"sqlite", "duckdb"})

# SQLAlchemy's default by scheme; it changed for PostgreSQL with 2.1 (drivers.md, trap 20).
_DEFAULTS: Final = {"mysql": "mysqlclient", "mariadb": "mysqlclient", "cockroachdb": "psycopg2"}
_POSTGRESQL_DEFAULTS: Final = ("psycopg2", "psycopg")


def known_drivers() -> tuple[str, ...]:
    """The drivers that have a dialect."""
    return tuple(_MODULES)


def name_of(driver: str) -> str:
    """A driver's name here, whatever SQLAlchemy calls it after the `+` (`mysqldb` is mysqlclient)."""
    return _ALIASES.get(driver.lower(), driver.lower())


def has_hop(dsn: Dsn) -> bool:
    """Whether a URL leads anywhere: SQLite is a file inside the process."""
    return dsn.dialect not in _LOCAL


def product_of(dsn: Dsn) -> str:
    """The product that a URL names. Raises `SettingsError` for one that everyhop knows nothing about."""
    dialect = dsn.dialect
    if dialect not in _PRODUCTS:
        raise SettingsError(
            f"unknown scheme {dsn.scheme!r}{did_you_mean(dialect, _PRODUCTS)}",
            hint=f"everyhop knows {', '.join(sorted(WIRES))} (and sqlite: no hop)",
        )
    return _PRODUCTS[dialect]


def dialect_for(driver: str) -> Dialect:
    """The dialect of a driver. Raises `SettingsError` that names the drivers there are."""
    module = _MODULES.get(driver)
    if module is None:
        reason = (
            "everyhop cannot read it yet"
            if driver in _DRIVER_PRODUCTS
            else f"there is none of that name{did_you_mean(driver, _DRIVER_PRODUCTS)}"
        )
        hint = f"it can read {', '.join(known_drivers())}: name one in the scheme (mysql+pymysql://) or with --driver"
        raise SettingsError(f"unknown driver {driver!r}: {reason}", hint=hint)
    return _dialect(module)


@cache
def _dialect(module: str) -> Dialect:
    return cast(Dialect, import_module(f"everyhop.dialects.{module}"))


def driver_of(dsn: Dsn, sqlalchemy: Version | None = None) -> tuple[str, str | None]:
    """The driver that a URL means, and a note where that had to be assumed.

    `sqlalchemy` is SQLAlchemy's version, which decides what `postgresql://` means.
    """
    named = dsn.driver or dsn.scheme.partition("+")[2]
    if named:
        return name_of(named), None
    if dsn.dialect in _DEFAULTS:
        return _DEFAULTS[dsn.dialect], None
    if dsn.grammar is not Grammar.SQLALCHEMY:
        return _POSTGRESQL_DEFAULTS[-1], "libpq-text"
    possible = spans(sqlalchemy, ["2.1"])
    driver = _POSTGRESQL_DEFAULTS[possible[-1]]
    return driver, None if len(possible) == 1 else f"driver-assumed:{driver}"


def after_plus(driver: str) -> str:
    """What SQLAlchemy calls a driver in a URL's scheme, behind the `+`."""
    return _AFTER_PLUS.get(driver, driver)


def resolve(
    source: str | Dsn,
    *,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    version: Version | None = None,
    build: str | None = None,
    sqlalchemy: Version | None = None,
    files: Mapping[str, str] | None = None,
) -> DialerSettings:
    """Everything that is known of a dialer, with the endpoint that its driver makes of it.

    Raises `SettingsError` for a text that is no database URL, or one without a hop.
    """
    dsn = Dsn.parse(source) if isinstance(source, str) else source
    if driver is not None:
        dsn = replace(dsn, driver=driver)
    if not has_hop(dsn):
        raise SettingsError(f"{dsn.dialect} has no hop: it is a file inside the process", hint="nothing to protect")
    name, assumed = driver_of(dsn, sqlalchemy)
    product = product_of(dsn)
    if WIRES[_DRIVER_PRODUCTS.get(name, product)] is not WIRES[product]:
        raise SettingsError(f"{name} does not speak to {product}", hint="name another scheme or another driver")
    settings = DialerSettings(
        driver=name,
        product=product,
        options=_options(dsn),
        connect_args=dict(connect_args or {}),
        environment=dict(environment or {}),
        sqlalchemy=dsn.grammar is Grammar.SQLALCHEMY,
        version=version,
        build=build,
        dsn=dsn,
        notes=(assumed,) if assumed else (),
        files=dict(files or {}),
    )
    return _located(settings)


def from_keywords(
    driver: str,
    keywords: Mapping[str, object],
    *,
    product: str | None = None,
    environment: Mapping[str, str] | None = None,
    version: Version | None = None,
    build: str | None = None,
    files: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> DialerSettings:
    """The settings of a direct call, `pymysql.connect(host=…, ssl_ca=…)`.

    `product` is what answers, where it is not the driver's own (MariaDB, CockroachDB); `notes` are remarks on the
    keywords from before any dialect had a look. Raises `SettingsError` for a driver that nobody knows.
    """
    driver = name_of(driver)
    if driver not in _DRIVER_PRODUCTS:
        raise SettingsError(
            f"unknown driver {driver!r}{did_you_mean(driver, _DRIVER_PRODUCTS)}",
            hint=f"known are {', '.join(sorted(_DRIVER_PRODUCTS))}",
        )
    settings = DialerSettings(
        driver=driver,
        product=product or _DRIVER_PRODUCTS[driver],
        connect_args=dict(keywords),
        environment=dict(environment or {}),
        sqlalchemy=False,
        version=version,
        build=build,
        notes=notes,
        files=dict(files or {}),
    )
    return _located(settings)


def _options(dsn: Dsn) -> tuple[tuple[str, object], ...]:
    return tuple([(key, resolved(value)) for key, value in dsn.options])


def respelled(settings: DialerSettings, spelling: Spelling) -> DialerSettings:
    """The settings that a spelling of them makes."""
    return _located(after(settings, spelling))


def with_files(settings: DialerSettings, files: Mapping[str, str]) -> DialerSettings:
    """The same settings with the texts of service and option files, which may say where the connection goes."""
    return _located(replace(settings, files=dict(files)))


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The service and option files that the driver would read for further settings, as they are named."""
    return dialect_for(settings.driver).files_named(settings) if settings.driver in _MODULES else ()


def _located(settings: DialerSettings) -> DialerSettings:
    """The same settings with their endpoint, which the dialect reads out of all the others.

    Set in place: nobody else has them yet, and `replace` would take longer than the reading.
    """
    object.__setattr__(settings, "endpoint", _endpoint(settings))
    return settings


def _endpoint(settings: DialerSettings) -> Endpoint | None:
    if settings.driver in _MODULES:
        return dialect_for(settings.driver).endpoint(settings)
    host, port = (settings.dsn.hosts if settings.dsn and settings.dsn.hosts else ((None, None),))[0]
    if host is None or resolved(host) is not host:
        return None
    return TcpEndpoint(host, port or WIRES[settings.product].default_port)


def read(
    source: str | Dsn | DialerSettings,
    *,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    version: Version | None = None,
    build: str | None = None,
    sqlalchemy: Version | None = None,
) -> Dialer:
    """What a URL, or settings, really do; widest bounds and the note `unknown-driver:…` where no dialect knows."""
    settings = (
        source
        if isinstance(source, DialerSettings)
        else resolve(
            source,
            connect_args=connect_args,
            environment=environment,
            driver=driver,
            version=version,
            build=build,
            sqlalchemy=sqlalchemy,
        )
    )
    if settings.driver not in _MODULES:
        return _unread(settings)
    dialer = dialect_for(settings.driver).read(settings)
    remarks = (*settings.notes, *client_key.notes(settings))
    return replace(dialer, notes=(*dialer.notes, *remarks)) if remarks else dialer


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """The settings for `posture`; raises `SettingsError` where this driver has none or no dialect knows it."""
    return dialect_for(settings.driver).write(settings, posture, anchors, client_pair)


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """A spelling of `verify-full` with what verification leaves open closed, as far as this driver can say it."""
    return dialect_for(settings.driver).harden(settings, spelling)


def _unread(settings: DialerSettings) -> Dialer:
    return Dialer(
        settings.product,
        settings.driver,
        settings.version,
        UNKNOWN,
        (f"unknown-driver:{settings.driver}",),
        f"everyhop does not know what {settings.driver} makes of these settings yet: "
        "it may be anything from plaintext to verified TLS",
    )
