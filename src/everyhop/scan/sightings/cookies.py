"""An app's cookies: what its settings say of `Secure`, and that Flask leaves it off where nothing says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Cookie, Origin, Reading
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import found, line_of, may_name
from everyhop.scan.resolve.scopes import FunctionNode, Scope
from everyhop.scan.resolve.values import Known, Table, Value, options
from everyhop.scan.sightings import apart
from everyhop.scan.sightings.entries import Configuration, Entry
from everyhop.scan.sightings.places import Place, is_for_development, is_for_tests, place_of
from everyhop.scan.sightings.switches import ON, Switch, switch, switch_of

SECURE: Final = "SESSION_COOKIE_SECURE"
_SETTLED_BY: Final = (SECURE, "Talisman(", "Everyhop(")  # Talisman sets it by default

# Flask's and its extensions' settings, in capitals; those of Beaker, WebOb and Talisman, in small letters.
_KEY: Final = re.compile(
    r"[A-Z][A-Z0-9_]*COOKIE_SECURE|(?:\w+\.)*(?:session|authtkt|auth_tkt|cookie)\.(?:cookie_)?secure|\w*cookie_secure"
)
_WRITTEN: Final = re.compile(rf"\b(?:{_KEY.pattern})\b")
_NAMES: Final = {SECURE: "session", "REMEMBER_COOKIE_SECURE": "remember_token"}  # Flask's and Flask-Login's own names

# What loads settings that are no source of the project (flask/config.py): they may set the flag.
_FROM_OUTSIDE: Final = ("from_pyfile(", "from_envvar(", "from_prefixed_env(", "from_file(")

# Without a secret key Flask has no session, and so no cookie (flask.sessions.SecureCookieSessionInterface).
_HAS_SESSION: Final = ("SECRET_KEY", "secret_key")
_CLASSES: Final = frozenset(
    {
        *("flask.Flask", "flask.app.Flask", "quart.Quart", "quart.app.Quart", "apiflask.APIFlask"),
        *("apiflask.app.APIFlask", "flask_openapi3.OpenAPI", "flask_api.FlaskAPI", "eve.Eve", "connexion.FlaskApp"),
        *("connexion.App", "connexion.apps.flask_app.FlaskApp"),
    }
)
"""Flask's class, and those of the libraries that derive from it or make one of their own."""

_MAKING: Final = frozenset(name.rpartition(".")[2] for name in _CLASSES)
_DERIVED: Final = re.compile(
    rf"^[ \t]*class[ \t]+(?P<name>\w+)\((?:[\w. ]+,)*[ \t]*(?:\w+\.)?(?:{'|'.join(sorted(_MAKING))})[ \t]*[,)]",
    re.MULTILINE,
)
_DEFAULT: Final = re.compile(r"(?<==)(?:\w+\.)*(\w+)(?=[,)])")
_FOR_DEVELOPMENT: Final = re.compile(r"dev|local|debug", re.IGNORECASE)
_FOR_TESTS: Final = re.compile(r"test", re.IGNORECASE)


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that settles the flag, or one where the app is made and nothing does."""
    yield from _of_settings(configuration)
    deployed = {path: text for path, text in configuration.project.texts.items() if not is_for_tests(path)}
    texts = list(deployed.values())
    settled = _hold(texts, _SETTLED_BY)
    made = _MAKING | frozenset(_below_flask(texts))
    holders = [path for path, text in deployed.items() if any(f"{name}(" in text for name in made)]
    holders += [path for path, text in deployed.items() if path not in holders and _may_be_handed(text, made)]
    if settled:
        holders = [path for path in holders if apart.stands_apart(path, deployed)]
    unset = None if not settled and _hold(texts, _FROM_OUTSIDE) else False
    for module in configuration.project.parsed(holders):
        sent = _hold([deployed[module.path]] if settled else texts, _HAS_SESSION)
        for call, scope in module.names.calls:
            named = may_name(call.func, scope, made) or _by_default(call.func, scope) is not None
            if named and _makes_flask(call, scope, configuration):
                if settled and apart.is_handed_on(call, module):
                    continue
                shown = f"{ast.unparse(call.func)}(…)"
                place = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol=SECURE)
                yield _reading(Cookie("flask", "session", unset, http_only=True, sent=sent), place)


def _may_be_handed(text: str, made: frozenset[str]) -> bool:
    """Whether a class may be some parameter's default, and be made by the name of that: `app_class=Flask`."""
    return "(__name__" in text and any(match[1] in made for match in _DEFAULT.finditer(text))


def in_settings(settings: Iterable[Setting]) -> Iterator[Reading]:
    """A reading for each file that is no Python and sets such a flag, or declares one by its name."""
    for setting in settings:
        value = "".join(piece for piece in setting.pieces if isinstance(piece, str)).strip()
        declared = setting.name in ("key", "name") and _KEY.fullmatch(value) is not None
        if place_of(setting.file) is not Place.DEPLOYED or not (declared or _KEY.fullmatch(setting.name)):
            continue
        whole = not declared and all(isinstance(piece, str) for piece in setting.pieces)
        known = whole and (value.lower() in ON or value.lower() in ("false", "0", "no", "off"))
        name = value if declared else setting.name
        cookie = Cookie("flask", _named(name), value.lower() in ON if known else None, http_only=True)
        there = not (setting.template or declared or is_for_development(setting.file))
        yield _reading(replace(cookie, sent=there), replace(setting.at, symbol=name, snippet=name))


def _of_settings(configuration: Configuration) -> Iterator[Reading]:
    texts = configuration.project.texts
    holders = {
        path: frozenset(_WRITTEN.findall(text))
        for path, text in texts.items()
        if ("ecure" in text or "COOKIE_SECURE" in text) and place_of(path) is Place.DEPLOYED and _WRITTEN.search(text)
    }
    for module in configuration.project.parsed(holders):
        for key in sorted(holders[module.path]):
            for entry in configuration.within(module, key):
                if _is_meant(entry, module):
                    yield from _of_entry(entry, configuration)
            if "." in key:
                yield from _asked(key, module, configuration)


def _is_meant(entry: Entry, module: Module) -> bool:
    """Whether this is a setting: what is written in small letters is one in a dict or as an attribute of a class.

    A text is the name of a setting, and no switch. Tests turn the flag off on purpose: they run without HTTPS.
    """
    if isinstance(entry.value, ast.Constant) and switch_of(entry.value) is None:
        return False
    if entry.owner is not None and _FOR_TESTS.search(getattr(entry.owner.node, "name", "")):
        return False
    listed = any(value is entry.value for table, _ in module.names.dicts for value in table.values)
    return entry.key.isupper() or entry.owner is not None or listed


def _of_entry(entry: Entry, configuration: Configuration) -> Iterator[Reading]:
    owner = getattr(entry.owner.node, "name", "") if entry.owner is not None else ""
    secure = _secure(entry.value, entry.scope, configuration)
    here = is_for_development(entry.at.path) or _FOR_DEVELOPMENT.search(owner) is not None
    shown = f"{entry.key} = {'…' if secure is None else secure}"
    cookie = Cookie("flask", _named(entry.key), secure, http_only=True, sent=not here)
    yield _reading(cookie, replace(entry.at, snippet=shown, symbol=entry.key))


def _secure(node: ast.expr, scope: Scope, configuration: Configuration) -> bool | None:
    """What a setting says; a declaration of one, `{"value": True, …}`, says what it gives unless it is set."""
    worth = configuration.evaluator.value(node, scope)
    if isinstance(worth, Table):
        given = worth.entries.get("value", worth.entries.get("default"))
        return _switch(given) if given is not None else None
    said = {_switch(option) for option in options(worth)}
    if len(said) == 1 and None not in said:
        return said == {True}
    turned = switch(node, scope, configuration.evaluator)
    return None if turned in (None, Switch.OPEN) else turned is Switch.ON


def _asked(key: str, module: Module, configuration: Configuration) -> Iterator[Reading]:
    """`settings.get("session.secure", False)`: where such a setting is read, with what it is unless it is set."""
    for call, scope in module.names.calls:
        match call:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=asked), default]) if asked == key:
                given = configuration.evaluator.value(default, scope)
                secure = None if isinstance(given, Known) and not given.value else _switch(given)
                at = replace(configuration.evaluator.span(call, scope), snippet=f'get("{key}", …)', symbol=key)
                yield _reading(Cookie("http", _named(key), secure, http_only=True), at)
            case _:
                pass


def _named(key: str) -> str:
    return _NAMES.get(key) or key.lower().removesuffix("secure").rstrip("._").removesuffix("_cookie") or "session"


def _reading(cookie: Cookie, at: SourceSpan) -> Reading:
    return Reading(cookie, Origin.DECLARED, None, None, (at,))


def _below_flask(texts: Iterable[str]) -> Iterator[str]:
    """The classes that the project derives from Flask's."""
    for text in texts:
        if "Flask" in text:
            yield from (match["name"] for match in _DERIVED.finditer(text))


def _makes_flask(call: ast.Call, scope: Scope, configuration: Configuration) -> bool:
    """Whether an app is made: of Flask's class, or of one below it."""
    handed = _by_default(call.func, scope)
    if handed is not None:
        return _is_flask(handed, scope.parent or scope, configuration)
    return _is_flask(call.func, scope, configuration)


def _by_default(node: ast.expr, scope: Scope) -> ast.expr | None:
    """The class that a parameter is unless the caller gives another: `def make(flask_app=App): flask_app(__name__)`."""
    if not isinstance(node, ast.Name) or not isinstance(scope.node, FunctionNode):
        return None
    given = scope.node.args
    plain = [*given.posonlyargs, *given.args]
    pairs = [*zip(plain[len(plain) - len(given.defaults) :], given.defaults, strict=True)]
    pairs += [(one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default]
    return next((default for one, default in pairs if one.arg == node.id), None)


def _is_flask(node: ast.expr, scope: Scope, configuration: Configuration) -> bool:
    """Whether an expression names Flask's class, or one below it."""
    evaluator, project = configuration.evaluator, configuration.project
    if evaluator.qualified(node, scope) in _CLASSES:
        return True
    own = found(project, node, scope)
    if not (isinstance(own, Scope) and isinstance(own.node, ast.ClassDef)):
        return False
    line = [(here.node, here.parent or here) for here in line_of(project, own)]
    bases = [(base, around) for node, around in line if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(evaluator.qualified(base, around) in _CLASSES for base, around in bases)


def _switch(value: Value) -> bool | None:
    """What a value says; None for a text, which is no switch but the name of one, or something to be parsed yet."""
    return bool(value.value) if isinstance(value, Known) and not isinstance(value.value, str) else None


def _hold(texts: Iterable[str], words: tuple[str, ...]) -> bool:
    return any(word in text for text in texts for word in words)
