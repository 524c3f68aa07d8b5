"""Python's operators on values of which not everything is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.values import (
    Choice,
    Known,
    Made,
    Series,
    Table,
    Unknown,
    Value,
    choice,
    joined,
    options,
    place,
    text,
)

T = TypeVar("T", Table, Made)

_PERCENT: Final = re.compile(r"%(?:\((?P<key>[^)]*)\))?[-#0 +]*\d*(?:\.\d+)?(?P<kind>[sdir%])")


def either(values: Sequence[Value]) -> Value:
    """`a or b or c`."""
    worth = values[-1]
    for value in reversed(values[:-1]):
        match value:
            case Known(value=plain):
                worth = value if plain else worth
            case Unknown(name=name, fallback=None):
                worth = Unknown(name, worth)
            case Unknown(name=name, fallback=fallback) if fallback is not None:
                worth = Unknown(name, either([fallback, worth]))
            case Choice(options=several):
                worth = choice(either([option, worth]) for option in several)
            case _:
                worth = value
    return worth


def added(values: Sequence[Value], at: SourceSpan | None) -> Value:
    """`a + b + c`."""
    items = [item for value in values if isinstance(value, Series) for item in value.items]
    if all(isinstance(value, Series) for value in values):
        return Series(tuple(items), at)
    return joined(values, at)


def extended(before: Value, more: Value) -> Value:
    """`before += more`, `before |= more`."""
    if isinstance(before, Table):
        return before.merged(more)
    return added([before, more], place(before))


def equal(one: Value, other: Value) -> bool | None:
    """Whether two values are the same; None where that is not known. A variable's default is taken for its value."""
    one = one.fallback if isinstance(one, Unknown) and one.fallback is not None else one
    return one.value == other.value if isinstance(one, Known) and isinstance(other, Known) else None


def changed(before: Value | None, kind: type[T], change: Callable[[T], Value]) -> Value:
    """A change to those alternatives that it fits."""
    if before is None:
        return Unknown("an object")
    return choice(change(option) if isinstance(option, kind) else option for option in options(before))


def table(value: Value) -> Table:
    """A value as one dict: each key with what it may be worth, None (as good as not given) where it may be missing."""
    found = [option for option in options(value) if not (isinstance(option, Known) and option.value is None)]
    tables = [option for option in found if isinstance(option, Table)]
    if len(tables) == 1 and len(options(value)) == 1:
        return tables[0]
    missing = [Table()] if len(found) < len(options(value)) else []
    keys = dict.fromkeys(key for one in tables for key in one.entries)
    entries = {key: choice(one.entries.get(key, Known(None)) for one in (*tables, *missing)) for key in keys}
    return Table(entries, bool(tables) and len(tables) == len(found) and all(one.complete for one in tables))


def percent(template: Value, values: Value, at: SourceSpan) -> Value:
    """`template % values`."""
    known = text(template)
    if known is None:
        return Unknown("a formatted text", at=at)
    given = iter(values.items if isinstance(values, Series) else (values,))
    entries = values.entries if isinstance(values, Table) else {}
    parts: list[Value] = []
    done = 0
    for match in _PERCENT.finditer(known):
        parts.append(Known(known[done : match.start()], place(template)))
        done = match.end()
        if match["kind"] == "%":
            parts.append(Known("%"))
        elif match["key"] is not None:
            parts.append(entries.get(match["key"], Unknown(match["key"])))
        else:
            parts.append(next(given, Unknown("a value")))
    return joined([*parts, Known(known[done:], place(template))], at)
