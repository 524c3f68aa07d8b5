"""`DEBUG = True` in the settings of a Django project, or in a class of settings that a Flask app takes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from everyhop.model.sighting import AppServer, Origin, Reading
from everyhop.scan.resolve.references import line_of
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_DEBUG: Final = re.compile(r"^[ \t]*DEBUG\b", re.MULTILINE)
_DJANGO: Final = re.compile(r"^(?:INSTALLED_APPS|MIDDLEWARE)\b", re.MULTILINE)
_SETTINGS: Final = re.compile(r"config|settings", re.IGNORECASE)
_CLASS_FOR_DEVELOPMENT: Final = re.compile(r"dev|test|local|debug|example|sample", re.IGNORECASE)
_FOR_DEVELOPMENT: Final = re.compile(
    r"(?:^|[._/-])(?:dev|devel|development|local|debug|tests?)(?:[._/-]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Setting:
    """`DEBUG` where it is set, in a module or class; `on` is None where it is known only at run time."""

    scope: Scope
    node: ast.expr
    on: bool | None


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place that turns it on and that nothing deployed turns off again."""
    settings = tuple(_settings(configuration))
    for setting in settings:
        if setting.on and not any(_overrides(other, setting, configuration) for other in settings):
            django = isinstance(setting.scope.node, ast.Module)
            at = replace(configuration.evaluator.span(setting.node, setting.scope), snippet="DEBUG = True")
            server = AppServer(
                "django" if django else "flask", at.snippet, development=False, debug=True, certain=False
            )
            yield Reading(server, Origin.DECLARED, None, None, (replace(at, symbol="DEBUG"),))


def _settings(configuration: Configuration) -> Iterator[_Setting]:
    texts = configuration.project.texts
    flask = any("flask" in text for text in texts.values())
    holders = [path for path, text in texts.items() if _DEBUG.search(text) and _is_deployed(path)]
    for module in configuration.project.parsed(holders):
        for target, node, scope in module.names.assignments:
            if isinstance(target, ast.Name) and target.id == "DEBUG":
                named = getattr(scope.node, "name", "")
                of_django = scope.parent is None and _is_django(module.path, texts[module.path])
                of_flask = isinstance(scope.node, ast.ClassDef) and flask and _SETTINGS.search(named) is not None
                if of_django or (of_flask and not _CLASS_FOR_DEVELOPMENT.search(named)):
                    worth = configuration.evaluator.value(node, scope)
                    yield _Setting(scope, node, bool(worth.value) if isinstance(worth, Known) else None)


def _is_deployed(path: str) -> bool:
    return place_of(path) is Place.DEPLOYED and not _FOR_DEVELOPMENT.search(path)


def _is_django(path: str, text: str) -> bool:
    """Whether a module holds a project's settings, or lies in a folder of them."""
    return _DJANGO.search(text) is not None or "settings/" in path


def _overrides(other: _Setting, setting: _Setting, configuration: Configuration) -> bool:
    """Whether another setting takes this one's place: later in it, in a class below it, in a module that imports it."""
    if other is setting or other.on:
        return False
    if isinstance(setting.scope.node, ast.Module):
        return isinstance(other.scope.node, ast.Module)
    return isinstance(other.scope.node, ast.ClassDef) and setting.scope in line_of(configuration.project, other.scope)
