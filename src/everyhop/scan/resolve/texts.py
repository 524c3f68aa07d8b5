"""The methods of texts by which URLs are put together."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.values import (
    Hole,
    Known,
    Partly,
    Share,
    Table,
    Unknown,
    Value,
    choice,
    joined,
    options,
    pieces_of,
    place,
    text,
)


def formatted(template: Value, arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value:
    """`template.format(*arguments, **keywords)`."""
    return choice(_formatted(option, arguments, keywords, at) for option in options(template))


def replaced(owner: Value, arguments: Sequence[Value]) -> Value:
    """`owner.replace(old, new[, count])`; a text that is not known stays so, and its default is changed."""
    old, new = text(arguments[0]), text(arguments[1])
    count = arguments[2].value if len(arguments) > 2 and isinstance(arguments[2], Known) else -1
    if old is None or new is None or not isinstance(count, int):
        return choice(o if isinstance(o, Unknown) else Unknown("a replaced text") for o in options(owner))
    return choice(_replaced(option, old, new, count) for option in options(owner))


def _is_longer(owner: Value, scheme: str) -> bool:
    """Whether a scheme is only the end of the one that a URL has: `mysql://` in `mysql+pymysql://`.

    Who writes it over there has looked first that the URL begins with it.
    """
    written = str(next(pieces_of(owner)))
    own = written[: written.find("://") + 3]
    return scheme.endswith("://") and own != scheme and own.endswith(scheme)


def quoted(value: Value, quoting: Callable[[str], str]) -> Value:
    """A text percent-encoded, as far as it is known."""
    known = text(value)
    return Known(quoting(known), place(value)) if known is not None else value


def between(items: Sequence[Value], separator: Value) -> list[Value]:
    """The items with a separator between them."""
    parts: list[Value] = []
    for item in items:
        parts += [separator, item] if parts else [item]
    return parts


def _formatted(template: Value, arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value:
    match template:
        case Known(value=str() as known):
            pieces: tuple[str | Hole, ...] = (known,)
        case Partly(pieces=pieces):
            pass
        case _:
            return Unknown("a formatted text", at=at)
    parts: list[Value] = []
    counter = iter(range(len(arguments)))
    for piece in pieces:
        if isinstance(piece, Hole):
            parts.append(Unknown(piece.name, Known(piece.fallback) if piece.fallback is not None else None))
            continue
        try:
            fields = list(string.Formatter().parse(piece))
        except ValueError:
            return Unknown("a formatted text", at=at)
        for literal, field, _, _ in fields:
            parts.append(Known(literal, place(template)))
            if field is not None:
                parts.append(_field(field, counter, arguments, keywords))
    return joined(parts, at)


def _field(field: str, counter: Iterator[int], arguments: Sequence[Value], keywords: Table) -> Value:
    numbered = field.isdecimal() and len(field) < 4
    index = int(field) if numbered else next(counter, -1)
    if 0 <= index < len(arguments) and (numbered or not field):
        return arguments[index]
    return keywords.entries.get(field, Unknown(field or "a value"))


def _replaced(owner: Value, old: str, new: str, count: int) -> Value:
    if not isinstance(owner, Unknown) and _is_longer(owner, old):
        return owner
    match owner:
        case Known(value=str() as known):
            return replace(owner, value=known.replace(old, new, count), shares=_each(owner, old, new, count))
        case Partly(pieces=pieces):
            kept = tuple(p.replace(old, new, count) if isinstance(p, str) else p for p in pieces)
            return replace(owner, pieces=kept, shares=_each(owner, old, new, count))
        case Unknown(name=name, fallback=fallback) if fallback is not None:
            return Unknown(name, choice(_replaced(o, old, new, count) for o in options(fallback)), owner.at)
    return owner


def _each(owner: Known | Partly, old: str, new: str, count: int) -> tuple[Share, ...]:
    return tuple(replace(share, text=share.text.replace(old, new, count)) for share in owner.shares)
