"""Where a project sets a named setting: `config["X"] =`, `update(X=…)`, a class's or module's `X =`, a dict's key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.evaluate import Evaluator
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Value, choice
from everyhop.scan.sightings.places import is_for_tests

# flask/config.py: the prefix is FLASK unless another one is given.
_PREFIXED: Final = re.compile(r"from_prefixed_env\(\s*(?:prefix\s*=\s*)?(?:['\"](?P<prefix>\w+)['\"])?")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A setting's value where it is set. `owner` is the class whose attribute it is."""

    key: str
    value: ast.expr
    scope: Scope
    at: SourceSpan
    owner: Scope | None


@dataclass(slots=True)
class Configuration:
    """The settings of a project by name, looked up when asked for: only files that hold the name are parsed."""

    project: Project
    evaluator: Evaluator = field(init=False)
    _entries: dict[str, tuple[Entry, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluator = Evaluator(self.project, self.value)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Every place that sets `key`, in the order of the files."""
        if key not in self._entries:
            holders = [path for path, text in self.project.texts.items() if key in text]
            modules = self.project.parsed(holders)
            self._entries[key] = tuple(entry for module in modules for entry in self._found(key, module))
        return self._entries[key]

    def value(self, key: str) -> Value | None:
        """What the app's config holds for `key`; None if nothing but tests sets it."""
        if not key.isupper():
            return None
        found = [entry for entry in self.entries(key) if not is_for_tests(entry.at.path)]
        direct = [entry for entry in found if entry.owner is None] or list(found)
        return choice(self.worth(entry) for entry in direct) if direct else self._prefixed(key)

    def _prefixed(self, key: str) -> Value | None:
        """What `app.config.from_prefixed_env()` takes from a variable that a file sets."""
        environment = self.project.environment
        for path, text in self.project.texts.items():
            match = _PREFIXED.search(text)
            name = f"{match['prefix'] or 'FLASK'}_{key}" if match else ""
            if name and environment.sets(name):
                return environment.value(name, path)
        return None

    def worth(self, entry: Entry) -> Value:
        """The value of one place."""
        return self.evaluator.value(entry.value, entry.scope)

    def _found(self, key: str, module: Module) -> Iterator[Entry]:
        for target, value, scope in module.names.assignments:
            if _names(target, key):
                owner = scope if isinstance(target, ast.Name) and isinstance(scope.node, ast.ClassDef) else None
                if owner is not None or not isinstance(target, ast.Name) or scope.parent is None:
                    yield self._entry(key, value, scope, owner)
        for call, scope in module.names.calls:
            for keyword in call.keywords:
                if keyword.arg == key:
                    yield self._entry(key, keyword.value, scope)
            if _is_default(call, key):
                yield self._entry(key, call.args[1], scope)
        for table, scope in module.names.dicts:
            for name, value in zip(table.keys, table.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key:
                    yield self._entry(key, value, scope)

    def _entry(self, key: str, value: ast.expr, scope: Scope, owner: Scope | None = None) -> Entry:
        return Entry(key, value, scope, self.evaluator.span(value, scope), owner)


def _is_default(call: ast.Call, key: str) -> bool:
    """Whether this is `config.setdefault(key, …)`."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault" and len(call.args) == 2
    return named and isinstance(call.args[0], ast.Constant) and call.args[0].value == key


def _names(target: ast.expr, key: str) -> bool:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name == key
        case ast.Subscript(slice=ast.Constant(value=name)):
            return name == key
        case _:
            return False
