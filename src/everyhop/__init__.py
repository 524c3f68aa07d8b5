"""Verified TLS on every hop of a Flask application, from the browser to the database, and the proof of it.

The public names, each imported when it is first asked for, so that `import everyhop` costs an application nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from everyhop.model import tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from ssl import SSLContext

    from sqlalchemy import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from everyhop.errors import EveryhopError as EveryhopError
    from everyhop.errors import GuardError as GuardError
    from everyhop.errors import SettingsError as SettingsError
    from everyhop.jobs.explanation import Explanation as Explanation
    from everyhop.runtime.guard.guard import Guard

__all__ = [
    "EveryhopError",
    "Explanation",
    "GuardError",
    "SettingsError",
    "__version__",
    "client_context",
    "explain",
    "guard",
    "guard_async",
    "secure_async_engine",
    "secure_engine",
    "secure_url",
]

__version__ = tool.VERSION

_PLACES = {
    "EveryhopError": "everyhop.errors",
    "GuardError": "everyhop.errors",
    "SettingsError": "everyhop.errors",
    "Explanation": "everyhop.jobs.explanation",
}


def explain(
    url: str | Mapping[str, object],
    *,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    driver_version: str | None = None,
    alias: str | None = None,
) -> Explanation:
    """What a database URL really does with its driver: posture, why, and the settings to use instead.

    In place of a URL it may be libpq's `key=value` pairs, a call as Python text (`pymysql.connect(…)`,
    `create_engine(…)`), Django's `DATABASES` or an entry of it (`alias` names one of several), or the keywords of
    `driver`, as a mapping. Nothing is run, opened or looked up: a file that is named is assumed to be there, and the
    process's environment counts only if it is given (`environment=os.environ`). Raises `SettingsError` for what is none
    of these, or a driver that everyhop does not know.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - as the rest: only when it is asked for

    from everyhop.jobs.explain import explain as job  # noqa: PLC0415

    return job(
        url,
        started=datetime.now(UTC),
        connect_args=connect_args,
        environment=environment,
        driver=driver,
        driver_version=driver_version,
        alias=alias,
    )


def secure_url(url: str, *, anchors: str, driver: str | None = None) -> str:
    """The URL, password and all, with this driver's spelling of `verify-full`.

    What verification leaves open is closed as well, where the URL alone can say so. `anchors` is the file with the
    authority's certificate, or `system`. Raises `SettingsError` where the driver cannot
    say it in a URL alone.
    """
    from everyhop.jobs.explain import secure_url as job  # noqa: PLC0415 - only when it is asked for

    return job(url, anchors, driver)


def secure_engine(
    url: str | URL,
    *,
    anchors: str | PathLike[str],
    driver: str | None = None,
    client_pair: tuple[str, str] | None = None,
    **options: Any,
) -> Engine:
    """A SQLAlchemy engine that cannot be unverified, whatever the URL's query or the environment says.

    `anchors` is the file with the authority's certificate, or `system`; `client_pair` are the files of a certificate
    and key to show. `driver` names the driver where the URL does not; `options` are those of `create_engine`. What
    verification leaves open is closed as far as the driver can: names that stand only in a certificate's CN, passwords
    in clear, `LOAD DATA LOCAL`, TLS before 1.2. What reaches the driver is read again before each connection: less
    than `verify-full` is a `SettingsError`, before any packet.

    Raises `SettingsError` for `connect_args` that say something else, for `creator`, for a unix socket (there is no TLS
    to verify) and for a driver, or a version of it, that cannot be made safe.
    """
    from everyhop.runtime.secure import secure_engine as make  # noqa: PLC0415 - only when it is asked for

    return make(url, anchors=anchors, driver=driver, client_pair=client_pair, **options)


def secure_async_engine(
    url: str | URL,
    *,
    anchors: str | PathLike[str],
    driver: str | None = None,
    client_pair: tuple[str, str] | None = None,
    **options: Any,
) -> AsyncEngine:
    """The same for an asynchronous driver: asyncpg, psycopg, asyncmy; `options` are those of `create_async_engine`."""
    from everyhop.runtime.secure import secure_async_engine as make  # noqa: PLC0415 - as above

    return make(url, anchors=anchors, driver=driver, client_pair=client_pair, **options)


def guard(
    thing: Any,
    *,
    require: str = "verify-full",
    mode: str = "enforce",
    local: Iterable[str] = ("unix", "loopback"),
    deadline: float = 10.0,
    name: str = "default",
) -> Any:
    """An engine of SQLAlchemy's, or a driver's open connection, that is not less than `require`: the same object.

    An engine is read now, and every connection that it opens from now on is asked for its TLS at the client, before
    anybody gets it. A connection has to prove by itself what it is: a driver on a C library of MySQL's or MariaDB's
    cannot, above `encrypted`. `require` is `encrypted`, `verify-ca` or `verify-full`; with `mode="report"` nothing is
    refused, and all is told in the log. Where `local` allows it, nothing is demanded. `deadline` is for a whole
    connect of an engine's, in seconds; `name` stands in log lines.

    Raises `SettingsError` for settings below, before any packet, and `GuardError` for a connection, which is closed.
    """
    from everyhop.runtime.guard.raw import hold  # noqa: PLC0415 - only when it is asked for

    return hold(thing, _guard(require, mode, local, deadline), name)


async def guard_async(
    connection: Any,
    *,
    require: str = "verify-full",
    mode: str = "enforce",
    local: Iterable[str] = ("unix", "loopback"),
    name: str = "default",
) -> Any:
    """The same for the open connection of asyncpg, psycopg, asyncmy or aiomysql."""
    from everyhop.runtime.guard.raw import hold_async  # noqa: PLC0415 - as above

    return await hold_async(connection, _guard(require, mode, local, 10.0), name)


def _guard(require: str, mode: str, local: Iterable[str], deadline: float) -> Guard:
    from everyhop.runtime.guard import settings  # noqa: PLC0415 - as above
    from everyhop.runtime.guard.guard import Guard as Made  # noqa: PLC0415

    keys = {settings.REQUIRE: require, settings.MODE: mode, settings.LOCAL: list(local), settings.DEADLINE: deadline}
    return Made(settings.GuardSettings.parse(keys))


def client_context(anchors: str | PathLike[str], *, client_pair: tuple[str, str] | None = None) -> SSLContext:
    """An `ssl.SSLContext` that verifies chain and name, and reads its files again once they are renewed.

    For drivers that take a context: asyncpg, pg8000, PyMySQL, asyncmy. `anchors` is the file with the authority's
    certificate, or `system`; `client_pair` are the files of a certificate and key to show. A new connection sees
    renewed files; a new version that cannot be used is passed over, and told in the log.
    """
    from everyhop.runtime.secure import client_context as make  # noqa: PLC0415 - only when it is asked for

    return make(anchors, client_pair)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'everyhop' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when it is asked for

    return getattr(import_module(_PLACES[name]), name)
