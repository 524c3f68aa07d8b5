"""The session cookie of a Flask app: what `SESSION_COOKIE_SECURE` says, and that it is off where nothing says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.sighting import Cookie, Origin, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.values import Known, options
from everyhop.scan.sightings.entries import Configuration, Entry

SECURE: Final = "SESSION_COOKIE_SECURE"
_SETTLED_BY: Final = (SECURE, "Talisman(", "Everyhop(")  # Talisman sets it by default

# Without a secret key Flask has no session, and so no cookie (flask.sessions.SecureCookieSessionInterface).
_HAS_SESSION: Final = ("SECRET_KEY", "secret_key")
_FLASK: Final = frozenset({"Flask"})
_NOT_DEPLOYED: Final = re.compile(r"dev|test|local|debug", re.IGNORECASE)


def read(modules: Iterable[Module], configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that settles the flag, or one where the app is made and nothing does."""
    for entry in configuration.entries(SECURE):
        values = options(configuration.worth(entry))
        said = {bool(value.value) if isinstance(value, Known) else None for value in values}
        if len(said) == 1 and None not in said and not _is_for_development(entry):
            secure = said == {True}
            place = replace(entry.at, snippet=f"{SECURE} = {secure}", symbol=SECURE)
            yield Reading(_cookie(secure=secure), Origin.DECLARED, None, None, (place,))
    texts = configuration.project.texts.values()
    if _hold(texts, _SETTLED_BY) or not _hold(texts, _HAS_SESSION):
        return
    for module in modules:
        for call, scope in module.names.calls:
            named = may_name(call.func, scope, _FLASK)
            if named and configuration.evaluator.qualified(call.func, scope) in ("flask.Flask", "flask.app.Flask"):
                place = replace(configuration.evaluator.span(call, scope), snippet="Flask(…)", symbol=SECURE)
                yield Reading(_cookie(secure=False), Origin.DECLARED, None, None, (place,))


def _is_for_development(entry: Entry) -> bool:
    """A class `DevelopmentConfig` turns the flag off on purpose: there is no HTTPS on a developer's machine."""
    return entry.owner is not None and _NOT_DEPLOYED.search(getattr(entry.owner.node, "name", "")) is not None


def _hold(texts: Iterable[str], words: tuple[str, ...]) -> bool:
    return any(word in text for text in texts for word in words)


def _cookie(*, secure: bool) -> Cookie:
    """Flask's own defaults for the rest: the name `session`, HttpOnly on (flask/app.py, default_config)."""
    return Cookie("flask", "session", secure, http_only=True)
