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
from everyhop.scan.sightings.places import is_for_tests

SECURE: Final = "SESSION_COOKIE_SECURE"
_SETTLED_BY: Final = (SECURE, "Talisman(", "Everyhop(")  # Talisman sets it by default

# What loads settings that are no source of the project (flask/config.py): they may set the flag.
_FROM_OUTSIDE: Final = ("from_pyfile(", "from_envvar(", "from_prefixed_env(", "from_file(")

# Without a secret key Flask has no session, and so no cookie (flask.sessions.SecureCookieSessionInterface).
_HAS_SESSION: Final = ("SECRET_KEY", "secret_key")
_FLASK: Final = frozenset({"Flask"})
_NOT_DEPLOYED: Final = re.compile(r"dev|test|local|debug", re.IGNORECASE)


def read(modules: Iterable[Module], configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that settles the flag, or one where the app is made and nothing does."""
    for entry in configuration.entries(SECURE):
        values = options(configuration.worth(entry))
        said = {bool(value.value) if isinstance(value, Known) else None for value in values}
        if len(said) == 1 and None not in said and _is_for_deployment(entry):
            secure = said == {True}
            place = replace(entry.at, snippet=f"{SECURE} = {secure}", symbol=SECURE)
            yield Reading(_cookie(secure=secure), Origin.DECLARED, None, None, (place,))
    texts = [text for path, text in configuration.project.texts.items() if not is_for_tests(path)]
    if _hold(texts, _SETTLED_BY) or not _hold(texts, _HAS_SESSION):
        return
    unset = None if _hold(texts, _FROM_OUTSIDE) else False
    for module in (module for module in modules if not is_for_tests(module.path)):
        for call, scope in module.names.calls:
            named = may_name(call.func, scope, _FLASK)
            if named and configuration.evaluator.qualified(call.func, scope) in ("flask.Flask", "flask.app.Flask"):
                place = replace(configuration.evaluator.span(call, scope), snippet="Flask(…)", symbol=SECURE)
                yield Reading(_cookie(secure=unset), Origin.DECLARED, None, None, (place,))


def _is_for_deployment(entry: Entry) -> bool:
    """Tests, and a class `DevelopmentConfig`, turn the flag off on purpose: there is no HTTPS where they run."""
    name = getattr(entry.owner.node, "name", "") if entry.owner is not None else ""
    return not is_for_tests(entry.at.path) and not _NOT_DEPLOYED.search(name)


def _hold(texts: Iterable[str], words: tuple[str, ...]) -> bool:
    return any(word in text for text in texts for word in words)


def _cookie(*, secure: bool | None) -> Cookie:
    """Flask's own defaults for the rest: the name `session`, HttpOnly on (flask/app.py, default_config)."""
    return Cookie("flask", "session", secure, http_only=True)
