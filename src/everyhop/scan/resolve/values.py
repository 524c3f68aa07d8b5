"""What is known of a value: all of it, parts of it, or only where it comes from.

    Known     a text, number, truth value or None
    Partly    a text with holes: `postgresql://app:{DB_PASSWORD}@db/app`
    Table     a dict;  Series  a list or tuple;  Made  what a call returned, by the name of what was called
    Choice    one of several: branches, defaults, one file or another
    Unknown   known only at run time, by the name a person would call it

Every value carries the place where it stands (`at`): that is where a fix goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.model.evidence import SourceSpan

MOST: Final = 8
"""Alternatives of one value that are followed; a URL with more of them is built by a program, not by a person."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of a text that is known only at run time; `fallback` is what stands there unless somebody sets it."""

    name: str
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a text: where it stands, and the name of the variable or parameter of which it is only the default."""

    text: str
    at: SourceSpan | None
    default_of: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A plain value; `shares` tell the parts of a text that does not come from one place (`shares_of`)."""

    value: str | bytes | int | float | complex | bool | None
    at: SourceSpan | None = None
    shares: tuple[Share, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Partly:
    """A text with holes; `shares` as of `Known`."""

    pieces: tuple[str | Hole, ...]
    at: SourceSpan | None = None
    shares: tuple[Share, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Known only at run time; `fallback` is the value unless somebody sets another."""

    name: str
    fallback: Value | None = None
    at: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A dict with the keys that are known; `complete` is False where there may be more."""

    entries: Mapping[str, Value] = field(default_factory=dict)
    complete: bool = True
    at: SourceSpan | None = None

    def with_entry(self, key: str, value: Value) -> Table:
        """The same with one key set anew."""
        return replace(self, entries={**self.entries, key: value})

    def merged(self, other: Value) -> Table:
        """The same with another's keys over its own."""
        if not isinstance(other, Table):
            return replace(self, complete=False)
        return replace(self, entries={**self.entries, **other.entries}, complete=self.complete and other.complete)


@dataclass(frozen=True, slots=True)
class Series:
    """A list or tuple."""

    items: tuple[Value, ...]
    at: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What `callee(*arguments, **keywords)` returned; `attributes` were set on it afterwards."""

    callee: str
    arguments: tuple[Value, ...]
    keywords: Table
    attributes: Table = field(default_factory=Table)
    at: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; use `choice` to make one."""

    options: tuple[Value, ...]


Value = Known | Partly | Unknown | Table | Series | Made | Choice


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value; itself, if there is one only."""
    return value.options if isinstance(value, Choice) else (value,)


def choice(values: Iterable[Value]) -> Value:
    """One of these: flattened, without repetitions, at most `MOST` of them."""
    found: list[Value] = []
    for value in values:
        found += [option for option in options(value) if not any(_is_same(option, other) for other in found)]
    return found[0] if len(found) == 1 else Choice(tuple(found[:MOST])) if found else Unknown("nothing")


def _is_same(one: Value, other: Value) -> bool:
    """Containers are the same only if they are one: to compare them deeply costs more than to follow both."""
    return one is other or (isinstance(one, Known | Partly | Unknown) and type(one) is type(other) and one == other)


def place(value: Value) -> SourceSpan | None:
    """Where a value stands."""
    return None if isinstance(value, Choice) else value.at


def text(value: Value) -> str | None:
    """The value, if it is a text and all of it is known."""
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None


def joined(parts: Iterable[Value], at: SourceSpan | None) -> Value:
    """The texts one after the other. It stands where its scheme (`…://`) stands, else at `at`."""
    variants = product(*(options(part) for part in parts))
    return choice(_joined(variant, at) for variant in islice(variants, MOST))


def _joined(parts: tuple[Value, ...], at: SourceSpan | None) -> Value:
    if len(parts) == 1 and isinstance(parts[0], Unknown):
        return parts[0]
    pieces: list[str | Hole] = []
    home = at
    for part in parts:
        for piece in pieces_of(part):
            if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] += piece
            else:
                pieces.append(piece)
            if isinstance(piece, str) and "://" in piece:
                home = place(part) or home
    shares = _shared(parts, at)
    if all(isinstance(piece, str) for piece in pieces):
        return Known("".join(map(str, pieces)), home, shares)
    return Partly(tuple(piece for piece in pieces if piece != ""), home, shares)


def shares_of(value: Value) -> tuple[Share, ...]:
    """The parts of a text in order, each with where it comes from; a part known only at run time is a `PLACEHOLDER`."""
    match value:
        case Known(shares=shares) | Partly(shares=shares) if shares:
            return shares
        case Known(value=plain, at=at):
            return (Share(str(plain), at),)
        case Partly(pieces=pieces, at=at):
            return tuple(_share(piece, at) for piece in pieces)
        case Unknown(name=name, fallback=Known(at=at)):
            return tuple(_share(piece, at) for piece in pieces_of(value)) or (Share(PLACEHOLDER, at, name),)
        case _:
            return (Share(PLACEHOLDER, None),)


def defaulted(value: Value, name: str) -> Value:
    """A value that counts only as long as nobody sets `name`: its texts say so in their shares."""
    return choice(
        replace(option, shares=tuple(replace(share, default_of=name) for share in shares_of(option)))
        if isinstance(option, Known | Partly)
        else option
        for option in options(value)
    )


def _share(piece: str | Hole, at: SourceSpan | None) -> Share:
    if isinstance(piece, str):
        return Share(piece, at)
    return Share(PLACEHOLDER, at) if piece.fallback is None else Share(piece.fallback, at, piece.name)


def _shared(parts: Iterable[Value], at: SourceSpan | None) -> tuple[Share, ...]:
    """The shares of several parts, one after the other; a part without a place of its own stands at `at`."""
    found = (share for part in parts for share in shares_of(part) if share.text)
    return tuple(share if share.at else replace(share, at=at) for share in found)


def pieces_of(value: Value) -> Iterator[str | Hole]:
    """A value as the pieces of a text, as `str()` and f-strings put it."""
    match value:
        case Known(value=plain):
            yield str(plain)
        case Partly(pieces=pieces):
            yield from pieces
        case Unknown(name=name, fallback=fallback):
            plain = fallback.value if isinstance(fallback, Known) else None
            yield Hole(name, None if plain is None else str(plain))
        case Made(callee=callee):
            yield Hole(f"{callee}()")
        case _:
            yield Hole("a value")
