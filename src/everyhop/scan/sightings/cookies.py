"""The session cookie of a Flask app: what `SESSION_COOKIE_SECURE` says, and that it is off where nothing says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.sighting import Cookie, Origin, Reading
from everyhop.scan.resolve.references import found, line_of, may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Value, options
from everyhop.scan.sightings.entries import Configuration, Entry
from everyhop.scan.sightings.places import is_for_tests

SECURE: Final = "SESSION_COOKIE_SECURE"
_SETTLED_BY: Final = (SECURE, "Talisman(", "Everyhop(")  # Talisman sets it by default

# What loads settings that are no source of the project (flask/config.py): they may set the flag.
_FROM_OUTSIDE: Final = ("from_pyfile(", "from_envvar(", "from_prefixed_env(", "from_file(")

# Without a secret key Flask has no session, and so no cookie (flask.sessions.SecureCookieSessionInterface).
_HAS_SESSION: Final = ("SECRET_KEY", "secret_key")
_FLASK: Final = frozenset({"Flask"})
_CLASSES: Final = ("flask.Flask", "flask.app.Flask")
_DERIVED: Final = re.compile(
    r"^[ \t]*class[ \t]+(?P<name>\w+)\((?:[\w. ]+,)*[ \t]*(?:\w+\.)?Flask[ \t]*[,)]", re.MULTILINE
)
_NOT_DEPLOYED: Final = re.compile(r"dev|test|local|debug", re.IGNORECASE)


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that settles the flag, or one where the app is made and nothing does."""
    for entry in configuration.entries(SECURE):
        values = options(configuration.worth(entry))
        said = {_switch(value) for value in values}
        if len(said) == 1 and None not in said and _is_for_deployment(entry):
            secure = said == {True}
            place = replace(entry.at, snippet=f"{SECURE} = {secure}", symbol=SECURE)
            yield Reading(_cookie(secure=secure), Origin.DECLARED, None, None, (place,))
    texts = [text for path, text in configuration.project.texts.items() if not is_for_tests(path)]
    if _hold(texts, _SETTLED_BY) or not _hold(texts, _HAS_SESSION):
        return
    unset = None if _hold(texts, _FROM_OUTSIDE) else False
    made = _FLASK | frozenset(_below_flask(texts))
    holders = [path for path, text in configuration.project.texts.items() if any(f"{name}(" in text for name in made)]
    for module in configuration.project.parsed(path for path in holders if not is_for_tests(path)):
        for call, scope in module.names.calls:
            if may_name(call.func, scope, made) and _makes_flask(call, scope, configuration):
                shown = f"{ast.unparse(call.func)}(…)"
                place = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol=SECURE)
                yield Reading(_cookie(secure=unset), Origin.DECLARED, None, None, (place,))


def _below_flask(texts: Iterable[str]) -> Iterator[str]:
    """The classes that the project derives from Flask's."""
    for text in texts:
        if "Flask" in text:
            yield from (match["name"] for match in _DERIVED.finditer(text))


def _makes_flask(call: ast.Call, scope: Scope, configuration: Configuration) -> bool:
    """Whether an app is made: of Flask's class, or of one below it."""
    evaluator, project = configuration.evaluator, configuration.project
    if evaluator.qualified(call.func, scope) in _CLASSES:
        return True
    own = found(project, call.func, scope)
    if not (isinstance(own, Scope) and isinstance(own.node, ast.ClassDef)):
        return False
    line = [(here.node, here.parent or here) for here in line_of(project, own)]
    bases = [(base, around) for node, around in line if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(evaluator.qualified(base, around) in _CLASSES for base, around in bases)


def _switch(value: Value) -> bool | None:
    """What a value says; None for a text, which is no switch but the name of one, or something to be parsed yet."""
    return bool(value.value) if isinstance(value, Known) and not isinstance(value.value, str) else None


def _is_for_deployment(entry: Entry) -> bool:
    """Tests, and a class `DevelopmentConfig`, turn the flag off on purpose: there is no HTTPS where they run."""
    name = getattr(entry.owner.node, "name", "") if entry.owner is not None else ""
    return not is_for_tests(entry.at.path) and not _NOT_DEPLOYED.search(name)


def _hold(texts: Iterable[str], words: tuple[str, ...]) -> bool:
    return any(word in text for text in texts for word in words)


def _cookie(*, secure: bool | None) -> Cookie:
    """Flask's own defaults for the rest: the name `session`, HttpOnly on (flask/app.py, default_config)."""
    return Cookie("flask", "session", secure, http_only=True)
