"""Where a project sets a named setting: `config["X"] =`, `update(X=…)`, a class's or module's `X =`, a dict's key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.evaluate import Evaluator
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Unknown, Value, choice, options, pieces_of
from everyhop.scan.sightings.places import is_for_tests

# flask/config.py: the prefix is FLASK unless another one is given.
_PREFIXED: Final = re.compile(r"from_prefixed_env\(\s*(?:prefix\s*=\s*)?(?:['\"](?P<prefix>\w+)['\"])?")

_LOADED: Final = re.compile(
    r"\.from_(?:envvar|pyfile|prefixed_env|file|json|yaml)\(|\.from_object\(\s*(?:os\.)?(?:environ|getenv)"
)
_OBJECT: Final = re.compile(r"\.from_object\(\s*[a-z_]\w*\s*\)")


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
    _holders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _entries: WeakKeyDictionary[Module, dict[str, tuple[Entry, ...]]] = field(default_factory=WeakKeyDictionary)
    _prefixes: list[tuple[str, str]] | None = None
    _elsewhere: bool | None = None

    def __post_init__(self) -> None:
        self.evaluator = Evaluator(self.project, self.value)

    def entries(self, key: str) -> tuple[Entry, ...]:
        """Every place that sets `key`, in the order of the files."""
        if key not in self._holders:
            self._holders[key] = tuple(path for path, text in self.project.texts.items() if key in text)
            found = tuple(entry for path in self._holders[key] for entry in self._in_module(path, key))
            setting = {entry.at.path for entry in found}
            self._holders[key] = tuple(path for path in self._holders[key] if path in setting)
            return found
        return tuple(entry for path in self._holders[key] for entry in self._in_module(path, key))

    def _in_module(self, path: str, key: str) -> tuple[Entry, ...]:
        """The places of one module, remembered for as long as its tree is: they are parts of it."""
        module = self.project.module(path)
        if module is None:
            return ()
        known = self._entries.setdefault(module, {})
        if key not in known:
            known[key] = tuple(self.within(module, key))
        return known[key]

    def value(self, key: str) -> Value | None:
        """What the app's config holds for `key`; None if nothing but tests sets it."""
        if not key.isupper():
            return None
        found = [entry for entry in self.entries(key) if not is_for_tests(entry.at.path)]
        direct = [entry for entry in found if entry.owner is None] or list(found)
        if not direct:
            return self._prefixed(key)
        worth = choice(self.worth(entry) for entry in direct)
        return Unknown(key, worth) if self._may_be_replaced(worth) else worth

    def _may_be_replaced(self, worth: Value) -> bool:
        """Whether a setting is a file of SQLite's only until somebody sets what the app also loads from elsewhere."""
        if not all(str(next(pieces_of(option))).startswith("sqlite") for option in options(worth)):
            return False
        return self.loads_elsewhere()

    def loads_elsewhere(self) -> bool:
        """Whether the app loads settings from a file or object that only the run tells."""
        if self._elsewhere is None:
            deployed = (source for path, source in self.project.texts.items() if not is_for_tests(path))
            self._elsewhere = any(_loads_elsewhere(source) for source in deployed)
        return self._elsewhere

    def _prefixed(self, key: str) -> Value | None:
        """What `app.config.from_prefixed_env()` takes from a variable that a file sets."""
        environment = self.project.environment
        for path, prefix in self._prefixing():
            name = f"{prefix}_{key}"
            if environment.sets(name):
                return environment.value(name, path)
        return None

    def _prefixing(self) -> list[tuple[str, str]]:
        """The modules that take their settings from variables of a prefix, looked for once and not for each key."""
        if self._prefixes is None:
            found = ((path, _PREFIXED.search(text)) for path, text in self.project.texts.items())
            self._prefixes = [(path, match["prefix"] or "FLASK") for path, match in found if match]
        return self._prefixes

    def worth(self, entry: Entry) -> Value:
        """The value of one place."""
        return self.evaluator.value(entry.value, entry.scope)

    def within(self, module: Module, key: str) -> Iterator[Entry]:
        """Every place of one module that sets `key`."""
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


def _loads_elsewhere(source: str) -> bool:
    """Whether a module loads settings from a file or object that only the run tells (flask/config.py)."""
    if ".from_" not in source:
        return False
    if _LOADED.search(source):
        return True
    return _OBJECT.search(source) is not None and ("environ" in source or "getenv" in source)


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
