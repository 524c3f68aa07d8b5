"""Flask-Talisman: the header, redirect and session cookie that it settles, by its arguments and its own defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.sighting import Cookie, Origin, Reading, Site
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.values import Known, Table
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_NAMES: Final = frozenset({"Talisman", "init_app"})
_CLASSES: Final = tuple(
    f"{module}.Talisman" for module in ("flask_talisman", "flask_talisman.talisman", "talisman", "flask_talismans")
)
# The last two where `talisman = talisman.Talisman()` takes the name of the module that it was imported under.
_INIT: Final = (
    *(f"{name}.init_app" for name in _CLASSES),
    "flask_talisman.talisman.init_app",
    "flask_talisman.init_app",
)
_YEAR: Final = 31556926
"""Seconds: ONE_YEAR_IN_SECS, what it sends unless told otherwise (flask_talisman/talisman.py)."""


def read(configuration: Configuration) -> Iterator[Reading]:
    """Two readings for each call that puts Talisman around an app: of its cookie, and of what browsers are told."""
    texts = configuration.project.texts
    holders = [path for path, held in texts.items() if "Talisman" in held and place_of(path) is Place.DEPLOYED]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            name = configuration.evaluator.qualified(call.func, scope) if may_name(call.func, scope, _NAMES) else None
            if name not in (*_CLASSES, *_INIT) or not (call.args or call.keywords):
                continue  # `Talisman()` waits for its init_app
            _, given = configuration.evaluator.arguments(call, scope)
            shown = "Talisman(…)" if name in _CLASSES else "Talisman.init_app(…)"
            place = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol="Talisman")
            cookie = Cookie("flask", "session", _flag("session_cookie_secure", given), http_only=True)
            yield Reading(cookie, Origin.DECLARED, None, None, (place,))
            yield Reading(_site(given), Origin.DECLARED, None, None, (place,))


def _site(given: Table) -> Site:
    """A proxy in front may redirect and send the header where Talisman does not."""
    sends = _flag("strict_transport_security", given) is True
    age = given.entries.get("strict_transport_security_max_age", Known(_YEAR))
    seconds = age.value if isinstance(age, Known) and isinstance(age.value, int) else None
    return Site(
        "flask",
        https=True,
        redirects=True if _flag("force_https", given) else None,
        hsts_max_age=seconds if sends else None,
        hsts_applies=True,
        hsts_elsewhere=not sends or seconds is None,
    )


def _flag(name: str, given: Table) -> bool | None:
    """What is on unless it is switched off; None where that is known only at run time."""
    worth = given.entries.get(name)
    if worth is None:
        return True if given.complete else None
    return bool(worth.value) if isinstance(worth, Known) else None
