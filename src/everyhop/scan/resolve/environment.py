"""The environment variables that files of the project set, joined to the programs that are likely to get them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.values import Known, Partly, Unknown, Value, choice, defaulted, joined, options, text
from everyhop.scan.syntax.interpolation import Grammar, Reference, split

# A URL with a password in it, to another machine.
_SECRET: Final = re.compile(r"://[^/@\s:]*:[^/@\s]+@(?!localhost\b|127\.|\[::1\]|[/?]|\Z)")
_DEPTH: Final = 8
"""How far variables that name variables are followed; a file may name itself."""
_MOST: Final = 100
"""How often one is followed on the way to a value: ten that name ten others each would be followed for ever."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable as a file sets it. `folder` is where its programs live: the file's own, or a service's build context.

    `template` marks a file that is to be copied and filled in (`.env.example`): it tells what is meant, not what is.
    """

    name: str
    pieces: tuple[str | Reference, ...]
    at: SourceSpan
    folder: str
    file: str
    template: bool = False
    grammar: Grammar = Grammar.DOTENV


@dataclass(slots=True)
class Environment:
    """All that files set. `values` says what a program in some folder gets, `used` which settings anybody asked for."""

    settings: tuple[Setting, ...] = ()
    used: set[SourceSpan] = field(default_factory=set)
    _by_name: dict[str, list[Setting]] = field(default_factory=dict)
    _by_prefix: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for setting in self.settings:
            self._by_name.setdefault(setting.name, []).append(setting)

    def value(self, name: str, path: str, fallback: Value | None = None) -> Value:
        """What a program at `path` gets for a variable: one of the files' values, else `fallback`, else unknown.

        A file that only shows what to fill in does not make the fallback go away, and no file does so with a
        password in it: whoever has the source has that.
        """
        applying = self._applying(name, path)
        real = [setting for setting in applying if not setting.template] or applying
        self.used.update(setting.at for setting in real)
        values = [worth for setting in real if not _is_handed_on(worth := self.worth(setting))]
        if not values:
            return Unknown(name, fallback)
        if fallback is not None and (all(setting.template for setting in real) or _is_secret(fallback)):
            values.append(Unknown(name, fallback))
        return choice(values)

    def first(self, names: Sequence[str], path: str, fallback: Value | None = None) -> Value:
        """What a program gets for the first of these variables that is set, in whatever letters; else `fallback`."""
        known = [spelling for name in names for spelling in (name, name.upper(), name.lower())]
        return self.value(next((name for name in known if name in self._by_name), names[0].upper()), path, fallback)

    @contextmanager
    def apart(self) -> Iterator[set[SourceSpan]]:
        """What is asked for within is noted in the set that this gives, and not in `used`."""
        before, self.used = self.used, set()
        try:
            yield self.used
        finally:
            self.used = before

    def sets(self, name: str) -> bool:
        """Whether any file sets a variable."""
        return name in self._by_name

    def settled(self, prefix: str, path: str) -> dict[str, str]:
        """The variables with a prefix that a program at `path` gets, where one value of each is all there is."""
        if prefix not in self._by_prefix:
            self._by_prefix[prefix] = [name for name in self._by_name if name.startswith(prefix)]
        values = {name: self.value(name, path) for name in self._by_prefix[prefix]}
        return {
            name: value.value
            for name, value in values.items()
            if isinstance(value, Known) and isinstance(value.value, str)
        }

    def _applying(self, name: str, path: str) -> list[Setting]:
        """The settings that reach a program: those of the folders above it; if there are none, all there are."""
        everywhere = self._by_name.get(name, [])
        folders = {str(parent) for parent in PurePosixPath(path).parents}
        return [setting for setting in everywhere if setting.folder in folders] or everywhere

    def worth(self, setting: Setting) -> Value:
        """The value of a setting, with the variables that it names put in."""
        return self._worth(setting, _DEPTH, iter(range(_MOST)))

    def _worth(self, setting: Setting, depth: int, left: Iterator[int]) -> Value:
        if len(setting.pieces) > _MOST:
            return Unknown(setting.name)
        parts = [self._part(piece, setting, depth, left) for piece in setting.pieces]
        return _at(joined(parts or [Known("")], setting.at), setting.at)

    def _part(self, piece: str | Reference, setting: Setting, depth: int, left: Iterator[int]) -> Value:
        if isinstance(piece, str):
            return Known(piece)
        if not depth or next(left, None) is None:
            return Unknown(piece.name)
        default = None
        if piece.default is not None:
            default = self._worth(replace(setting, pieces=split(piece.default, setting.grammar)), depth - 1, left)
        near = [s for s in self._by_name.get(piece.name, ()) if self._visible(s, setting)]
        if near:
            return choice(self._worth(other, depth - 1, left) for other in near)
        return defaulted(default, piece.name) if default is not None else Unknown(piece.name)

    @staticmethod
    def _visible(other: Setting, setting: Setting) -> bool:
        """A file sees itself; compose sees the `.env` beside it (not what it sets for its services)."""
        if setting.grammar is not Grammar.COMPOSE:
            return other.file == setting.file and other.at != setting.at
        beside = PurePosixPath(setting.file).parent / ".env"
        return other.file == str(beside)


def _is_handed_on(value: Value) -> bool:
    """Whether a file says no more than that the value comes from elsewhere: then a program's own default counts."""
    return isinstance(value, Unknown) and value.fallback is None


def _is_secret(fallback: Value) -> bool:
    return any(_SECRET.search(written) for option in options(fallback) if (written := text(option)) is not None)


def _at(value: Value, at: SourceSpan) -> Value:
    return choice(replace(option, at=at) if isinstance(option, Known | Partly) else option for option in options(value))
