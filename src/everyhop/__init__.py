"""Verified TLS on every hop of a Flask application, from the browser to the database, and the proof of it.

The public names, each imported when it is first asked for, so that `import everyhop` costs an application nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from everyhop.model import tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everyhop.errors import EveryhopError as EveryhopError
    from everyhop.errors import SettingsError as SettingsError
    from everyhop.jobs.explanation import Explanation as Explanation

__all__ = ["EveryhopError", "Explanation", "SettingsError", "__version__", "explain", "secure_url"]

__version__ = tool.VERSION

_PLACES = {
    "EveryhopError": "everyhop.errors",
    "SettingsError": "everyhop.errors",
    "Explanation": "everyhop.jobs.explanation",
}


def explain(
    url: str,
    *,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    driver_version: str | None = None,
) -> Explanation:
    """What a database URL really does with its driver: posture, why, and the settings to use instead.

    Nothing is opened or looked up: a file that is named is assumed to be there, and the process's environment counts
    only if it is given (`environment=os.environ`). Raises `SettingsError` for what is no database URL, or a driver that
    everyhop does not know.
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
    )


def secure_url(url: str, *, anchors: str, driver: str | None = None) -> str:
    """The URL, password and all, with this driver's spelling of `verify-full`.

    `anchors` is the file with the authority's certificate, or `system`. Raises `SettingsError` where the driver cannot
    say it in a URL alone.
    """
    from everyhop.jobs.explain import secure_url as job  # noqa: PLC0415 - only when it is asked for

    return job(url, anchors, driver)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'everyhop' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when it is asked for

    return getattr(import_module(_PLACES[name]), name)
