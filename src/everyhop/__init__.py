"""Verified TLS on every hop of a Flask application, from the browser to the database, and the proof of it.

The public names, each imported when it is first asked for, so that `import everyhop` costs an application nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from everyhop.model import tool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from sqlalchemy import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from everyhop.errors import EveryhopError as EveryhopError
    from everyhop.errors import SettingsError as SettingsError
    from everyhop.jobs.explanation import Explanation as Explanation

__all__ = [
    "EveryhopError",
    "Explanation",
    "SettingsError",
    "__version__",
    "explain",
    "secure_async_engine",
    "secure_engine",
    "secure_url",
]

__version__ = tool.VERSION

_PLACES = {
    "EveryhopError": "everyhop.errors",
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


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'everyhop' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when it is asked for

    return getattr(import_module(_PLACES[name]), name)
