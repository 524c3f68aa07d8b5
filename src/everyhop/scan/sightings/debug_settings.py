"""Settings that turn a debugger on: `DEBUG = …` in modules, classes and dicts of settings, `app.debug = …`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.sighting import AppServer, Debugger, Origin, Reading
from everyhop.scan.resolve.fields import variables
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import called, line_of, may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, is_for_development, place_of
from everyhop.scan.sightings.switches import Switch, switch, switch_of

_KEY: Final = "DEBUG"
_DEBUGGER: Final = "DebuggedApplication"
_SETS: Final = re.compile(
    r"^[ \t]*DEBUG[ \t]*(?::[^=\n]{1,60})?=(?!=)|\[['\"]DEBUG['\"]\][ \t]*=(?!=)|['\"]DEBUG['\"][ \t]*[:,]"
    r"|FLASK_(?:DEBUG|ENV)['\"]\]?[ \t]*[=,:]|[(,\s]DEBUG[ \t]*=(?!=)|\.(?:debug|DEBUG)[ \t]*=(?!=)",
    re.MULTILINE,
)
_DOTTED: Final = re.compile(r"\.debug[ \t]*=(?!=)")
_FRAMEWORKS: Final = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?:flask|django|quart|apiflask|connexion)", re.MULTILINE)
_NAMED: Final = ("flask", "django", "quart", "connexion", "INSTALLED_APPS", "MIDDLEWARE")
"""One of them is in whatever either pattern finds; `apiflask` has the first in it."""
_DJANGO: Final = re.compile(r"^(?:INSTALLED_APPS|MIDDLEWARE)\b", re.MULTILINE)
# Settings that stand beside `DEBUG` where it is that of Flask or Django, and not the level of a program's own log.
_BESIDE: Final = re.compile(
    r"\b(?:SECRET_KEY|TESTING|SQLALCHEMY_\w+|SESSION_\w+|INSTALLED_APPS|MIDDLEWARE|ALLOWED_HOSTS|WTF_\w+|DATABASES?"
    r"|SERVER_NAME|PREFERRED_URL_SCHEME|MAX_CONTENT_LENGTH|JSON_\w+|MAIL_\w+|CACHE_\w+|FLASK_\w+)\b"
)
_SETTINGS: Final = re.compile(r"conf|settings|default|options", re.IGNORECASE)
_CONFIGURATION: Final = re.compile(r"conf(?:ig(?:uration)?)?|cfg|settings", re.IGNORECASE)
_STAGE: Final = re.compile(r"prod|dev|local|stag|base|common|debug|live|flask|env", re.IGNORECASE)
_FOR_TESTS: Final = re.compile(r"test", re.IGNORECASE)
_CLASS_FOR_DEVELOPMENT: Final = re.compile(r"dev|local|debug|example|sample|demo", re.IGNORECASE)
_APP: Final = re.compile(r"(?:.*_)?(?:app|application|server|flask|api)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A debugger's switch where it is set, in a module, class or function; `owner` is the class, if there is one."""

    node: ast.expr
    scope: Scope
    owner: Scope | None
    shown: str
    switch: Switch


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that turns it on, or that lets whoever starts the app do so."""
    settings = tuple(_settings(configuration))
    rivals = tuple(setting for setting in settings if setting.switch is not Switch.ON)
    for setting in settings:
        if setting.switch is not Switch.OFF:
            yield _reading(setting, rivals, configuration)


def _reading(setting: _Setting, rivals: tuple[_Setting, ...], configuration: Configuration) -> Reading:
    debugger = Debugger.ON if setting.switch is Switch.ON else Debugger.SWITCHED
    if debugger is Debugger.ON and (
        _is_for_development(setting) or any(_overrides(other, setting, configuration) for other in rivals)
    ):
        debugger = Debugger.IN_DEVELOPMENT
    product = "django" if _is_django(setting.scope.path, configuration) else "flask"
    at = replace(configuration.evaluator.span(setting.node, setting.scope), snippet=setting.shown, symbol=_KEY)
    server = AppServer(product, setting.shown, development=False, debugger=debugger, certain=False)
    return Reading(server, Origin.DECLARED, None, None, (at,))


def _may_set(text: str) -> bool:
    """Whether a module may set it: plain words are looked for ten times as fast, and most that log say `.debug(`."""
    if f"{_DEBUGGER}(" in text:
        return True
    worded = "DEBUG" in text or "FLASK_ENV" in text
    return _SETS.search(text) is not None if worded else _DOTTED.search(text) is not None


def _is_of_framework(text: str) -> bool:
    """Whether a module imports one of the frameworks, or holds a Django project's settings."""
    named = any(word in text for word in _NAMED)
    return named and (_FRAMEWORKS.search(text) is not None or _DJANGO.search(text) is not None)


def _settings(configuration: Configuration) -> Iterator[_Setting]:
    texts = configuration.project.texts
    if not any(map(_is_of_framework, texts.values())):
        return
    holders = [path for path, text in texts.items() if place_of(path) is Place.DEPLOYED and _may_set(text)]
    for module in configuration.project.parsed(holders):
        yield from _of_config(module, configuration)
        yield from _of_app(module, configuration)
        yield from _of_environment(module, configuration)
        yield from _of_middleware(module, configuration)


def _of_environment(module: Module, configuration: Configuration) -> Iterator[_Setting]:
    """`os.environ["FLASK_DEBUG"] = "1"`: what a program sets for itself."""
    for key, on in (("FLASK_DEBUG", None), ("FLASK_ENV", "development")):
        for entry in configuration.within(module, key) if key in configuration.project.texts[module.path] else ():
            value = entry.value
            if not isinstance(value, ast.Constant) or entry.owner is not None:
                continue
            turned = Switch.ON if value.value == on else None if on else switch_of(value)
            if turned is Switch.ON:
                yield _Setting(value, entry.scope, None, f"{key} = {ast.unparse(value)}", turned)


def _of_config(module: Module, configuration: Configuration) -> Iterator[_Setting]:
    tables = {id(value): table for table, _ in module.names.dicts for value in table.values}
    targets = {id(value): target for target, value, _ in module.names.assignments}
    for entry in configuration.within(module, _KEY):
        found = switch(entry.value, entry.scope, configuration.evaluator)
        if found is Switch.OFF and entry.owner is not None and variables(configuration.project, entry.owner, _KEY):
            found = Switch.OPEN  # pydantic's settings come from the environment
        target, table = targets.get(id(entry.value)), tables.get(id(entry.value))
        if found is None or not _is_meant(entry.owner, target, table, module, configuration):
            continue
        shown = f"{_KEY} = {ast.unparse(entry.value)}" if isinstance(entry.value, ast.Constant) else f"{_KEY} = …"
        yield _Setting(entry.value, entry.scope, entry.owner, shown, found)


def _is_meant(
    owner: Scope | None, target: ast.expr | None, table: ast.Dict | None, module: Module, configuration: Configuration
) -> bool:
    """Whether this is the setting of a framework, by what it stands in; it may be a program's own by that name."""
    text = configuration.project.texts[module.path]
    if owner is not None:
        named = getattr(owner.node, "name", "")
        of_settings = _SETTINGS.search(PurePosixPath(module.path).stem) or _BESIDE.search(text)
        meant = _SETTINGS.search(named) or (of_settings and _STAGE.search(named))
        return bool(meant) and not _FOR_TESTS.search(named)
    if isinstance(target, ast.Subscript | ast.Attribute):
        return _CONFIGURATION.fullmatch(_last(target.value)) is not None
    if table is not None:
        return any(isinstance(key, ast.Constant) and _BESIDE.fullmatch(str(key.value)) for key in table.keys)
    if isinstance(target, ast.Name):
        return _SETTINGS.search(module.path) is not None or _BESIDE.search(text) is not None
    return target is None  # an argument: `update(DEBUG=True)`, `from_mapping(DEBUG=True)`


def _of_app(module: Module, configuration: Configuration) -> Iterator[_Setting]:
    """`app.debug = …`, where the module knows of an app."""
    if "app" not in configuration.project.texts[module.path].lower():
        return
    for target, value, scope in module.names.assignments:
        named = isinstance(target, ast.Attribute) and target.attr == "debug" and _APP.fullmatch(_last(target.value))
        found = (switch(value, scope, configuration.evaluator) or _handed(value)) if named else None
        if found is not None:
            shown = f"{called(target)} = {ast.unparse(value) if isinstance(value, ast.Constant) else '…'}"
            yield _Setting(value, scope, None, shown, found)


def _handed(value: ast.expr) -> Switch | None:
    """What an app is given that somebody else decides: a parameter, an option; a setting is told where it stands."""
    asked = value.args[0] if isinstance(value, ast.Call) and called(value.func) == "bool" and value.args else value
    return Switch.OPEN if isinstance(asked, ast.Name | ast.Attribute) and not _last(asked).isupper() else None


def _of_middleware(module: Module, configuration: Configuration) -> Iterator[_Setting]:
    """Werkzeug's debugger around an app, whoever may have asked for it: `DebuggedApplication(app.wsgi_app)`."""
    if f"{_DEBUGGER}(" not in configuration.project.texts[module.path]:
        return
    for call, scope in module.names.calls:
        if may_name(call.func, scope, frozenset({_DEBUGGER})) and call.args:
            name = configuration.evaluator.qualified(call.func, scope) or ""
            if name.startswith("werkzeug."):
                yield _Setting(call, scope, None, f"{_DEBUGGER}(…)", Switch.OPEN)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_for_development(setting: _Setting) -> bool:
    named = getattr(setting.owner.node, "name", "") if setting.owner is not None else ""
    return is_for_development(setting.scope.path) or _CLASS_FOR_DEVELOPMENT.search(named) is not None


def _is_django(path: str, configuration: Configuration) -> bool:
    """Whether a module holds a Django project's settings, or lies in a folder of them."""
    return _is_djangos(path, configuration.project.texts[path])


@lru_cache(maxsize=16)  # a module may have thousands of them
def _is_djangos(path: str, text: str) -> bool:
    return _DJANGO.search(text) is not None or ("settings/" in path and "lask" not in text)


def _overrides(other: _Setting, setting: _Setting, configuration: Configuration) -> bool:
    """Whether another setting takes this one's place: later in it, in a class below it, in a module that imports it."""
    if other is setting or other.switch is Switch.ON:
        return False
    if setting.owner is not None:
        return other.owner is not None and setting.owner in line_of(configuration.project, other.owner)
    at_top = isinstance(setting.scope.node, ast.Module) and isinstance(other.scope.node, ast.Module)
    return at_top and other.owner is None and _is_django(setting.scope.path, configuration)
