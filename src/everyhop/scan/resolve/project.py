"""The modules of a project and how they import each other; each is parsed when something asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from everyhop.scan import collector
from everyhop.scan.pace import nobody
from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.scopes import Deed, Names, Scope, names, undo
from everyhop.scan.syntax import python
from everyhop.scan.syntax.span import Lines, Unparsed

_KEPT: Final = 1_000_000
"""Characters of the modules that are kept parsed. The trees of one take 70 bytes, so that this is 70 MB."""
_MOST: Final = 1_400_000
"""Characters of parsed modules at which older ones are let go while others still work on them."""
_LITTER: Final = 200_000
"""Characters of modules that were let go so, after which their memory is asked back."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Module:
    """A parsed module. Parsed anew it is another object, with scopes that equal those of before."""

    path: str
    names: Names


@dataclass(slots=True)
class Project:
    """The Python texts by path, the variables that files set, and what was parsed last.

    `refused` are the modules that somebody asked for and that do not parse, or not as they stand;
    `tell` is told how many were parsed.
    """

    texts: Mapping[str, str]
    environment: Environment
    refused: dict[str, Unparsed] = field(default_factory=dict)
    tell: Callable[[str], None] = nobody
    _modules: dict[str, Module] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)
    _size: int = 0
    _litter: int = 0
    _told: set[str] = field(default_factory=set)
    _lines: dict[str, Lines] = field(default_factory=dict)
    _endings: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    _imports: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _paths: dict[tuple[str, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.texts:
            dotted = _dotted(path)
            if dotted:
                self._paths[dotted] = path
                self._endings.setdefault(dotted[-1], []).append(dotted)

    @property
    def size(self) -> int:
        """Characters of all texts."""
        return sum(map(len, self.texts.values()))

    def module(self, path: str) -> Module | None:
        """The module at a path; None if there is none or it does not parse."""
        module = self._modules.pop(path, None)
        if module is None:
            if path not in self.texts or path in self._lost:
                return None
            module = self._parsed(path)
            self._told.add(path)
            self.tell(f"{len(self._told)} of {len(self.texts)} modules parsed")
            if module is None:
                return None
            self._size += len(self.texts[path])
            self._make_room()
        self._modules[path] = module  # as the last, which goes last
        return module

    def lines(self, path: str) -> Lines:
        """The text of a module by lines."""
        if path not in self._lines:
            self._lines[path] = Lines(self.texts.get(path, ""))
        return self._lines[path]

    def _parsed(self, path: str) -> Module | None:
        try:
            tree, doubt = python.read(self.texts[path])
        except Unparsed as refusal:
            self.refused[path] = refusal
            self._lost.add(path)
            return None
        if doubt is not None:
            self.refused[path] = doubt
        return Module(path, names(tree, path))

    def tidy(self) -> None:
        """Let go of the modules that nobody has asked for the longest; one that is asked for again is parsed again.

        Only for whoever knows that nobody works on any but the last module that was asked for: the others are taken to
        pieces, which is much quicker than to have the garbage collector find out that they are no longer needed.
        """
        while self._size > _KEPT and len(self._modules) > 1:
            undo(self._oldest().names)

    def _make_room(self) -> None:
        while self._size > _MOST and self._modules:
            self._litter += len(self.texts[self._oldest().path])
        if self._litter > _LITTER:
            self._litter = 0
            collector.collect()

    def _oldest(self) -> Module:
        """The module that nobody has asked for the longest, which is let go of."""
        path = next(iter(self._modules))
        self._size -= len(self.texts[path])
        self._lines.pop(path, None)
        return self._modules.pop(path)

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
