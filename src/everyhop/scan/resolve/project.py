"""The modules of a project and how they import each other; each is parsed when something first asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.scopes import Deed, Names, Scope, names
from everyhop.scan.syntax import python
from everyhop.scan.syntax.span import Lines, Unparsed


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed module."""

    path: str
    lines: Lines
    names: Names


@dataclass(slots=True)
class Project:
    """The Python texts by path, the variables that files set, and what has been parsed so far.

    `refused` are the modules that somebody asked for and that do not parse.
    """

    texts: Mapping[str, str]
    environment: Environment
    refused: dict[str, Unparsed] = field(default_factory=dict)
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _endings: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    _imports: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _paths: dict[tuple[str, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.texts:
            dotted = _dotted(path)
            if dotted:
                self._paths[dotted] = path
                self._endings.setdefault(dotted[-1], []).append(dotted)

    def module(self, path: str) -> Module | None:
        """The module at a path; None if there is none or it does not parse."""
        if path not in self._modules:
            self._modules[path] = self._parsed(path)
        return self._modules[path]

    def lines(self, path: str) -> Lines:
        """The text of a module that has been parsed, by lines."""
        module = self.module(path)
        return module.lines if module is not None else Lines(self.texts.get(path, ""))

    def _parsed(self, path: str) -> Module | None:
        text = self.texts.get(path)
        if text is None:
            return None
        try:
            return Module(path, Lines(text), names(python.parse(text), path))
        except Unparsed as refusal:
            self.refused[path] = refusal
            return None

    def imported(self, name: str, importer: str) -> Module | None:
        """The project's own module of a dotted name (`.config` and `..config` too), as seen from another one's path.

        Which folders are import roots is not written down anywhere, so the name has to be the end of a path; of many,
        the one nearest to the importer is meant.
        """
        key = (name, importer)
        if key not in self._imports:
            self._imports[key] = self._found(name, importer)
        path = self._imports[key]
        return self.module(path) if path is not None else None

    def _found(self, name: str, importer: str) -> str | None:
        parts = self._absolute(name, importer)
        ends = [d for d in self._endings.get(parts[-1], ()) if d[-len(parts) :] == parts] if parts else []
        if not ends:
            return None
        here = _dotted(importer)
        return self._paths[max(ends, key=lambda dotted: (_shared(dotted, here), -len(dotted)))]

    def _absolute(self, name: str, importer: str) -> tuple[str, ...]:
        bare = name.lstrip(".")
        parts = tuple(bare.split(".")) if bare else ()
        level = len(name) - len(bare)
        if not level:
            return parts
        package = PurePosixPath(importer).parent.parts
        return (*package[: len(package) - level + 1], *parts)

    def parsed(self, paths: Iterable[str]) -> Iterator[Module]:
        """The modules at these paths, without those that do not parse."""
        for path in paths:
            module = self.module(path)
            if module is not None:
                yield module


def stars(scope: Scope) -> Iterator[str]:
    """The names of the modules from which a module imports everything."""
    for definition in scope.definitions.get("*", ()):
        if definition.deed is Deed.IMPORT:
            yield definition.key.partition(":")[0]


def _dotted(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    return pure.parent.parts if pure.stem == "__init__" else (*pure.parent.parts, pure.stem)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many leading parts two paths have in common."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
