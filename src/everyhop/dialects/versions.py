"""Which spans between two turning points a version, or a requirement on one, leaves possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from everyhop.model.sighting import Version

_CLAUSE = re.compile(r"(?P<sign>===|==|~=|!=|<=|>=|<|>|)\s*v?(?P<number>\d{1,9}(?:\.\d{1,9})*)(?P<star>\.\*)?\S*")

_Number = tuple[int, ...]
_TOP: _Number = (10**9,)


def spans(version: Version | None, turns: Sequence[str]) -> tuple[int, ...]:
    """The indices of the spans that are possible: 0 is before `turns[0]`, `len(turns)` from the last one on.

    Without a version, or with one that cannot be read, all of them. `1.2.3`, `==1.2.*` and `~=1.1` are understood as in
    PEP 440, pre-releases counting as their release.
    """
    return tuple(range(len(turns) + 1)) if version is None else _spans(version.value, tuple(turns))


def is_requirement(text: str) -> bool:
    """Whether a text says something about a version: `1.2.3`, or clauses with a comma between them."""
    return all(_CLAUSE.fullmatch(clause.strip()) for clause in text.split(","))


@lru_cache(maxsize=256)
def _spans(requirement: str, turns: tuple[str, ...]) -> tuple[int, ...]:
    low, high = _range(requirement)
    if low >= high:  # nothing meets it: whatever is installed, it is not that
        return tuple(range(len(turns) + 1))
    edges = [(), *map(_number, turns), _TOP]
    return tuple(index for index, (start, end) in enumerate(pairwise(edges)) if low < end and start < high)


def _number(text: str) -> _Number:
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _after(number: _Number) -> _Number:
    """The least number above `number` and all its post-releases, for an end that does not belong to the range."""
    return (*number, 0)


def _range(text: str) -> tuple[_Number, _Number]:
    """The half-open range that the clauses of a requirement leave; what cannot be read leaves everything."""
    low: _Number = ()
    high: _Number = _TOP
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            continue
        number = _number(match["number"])
        sign = match["sign"] or "=="
        if sign in {"==", "==="} and match["star"]:
            low, high = max(low, number), min(high, _next(match["number"], 0))
        elif sign in {"==", "==="}:
            low, high = max(low, number), min(high, _after(number))
        elif sign == "~=":
            low, high = max(low, number), min(high, _next(match["number"], 1))
        elif sign in {">", ">="}:
            low = max(low, number if sign == ">=" else _after(number))
        elif sign in {"<", "<="}:
            high = min(high, number if sign == "<" else _after(number))
    return low, high


def _next(text: str, dropped: int) -> _Number:
    """The number at which `1.2.*` (nothing dropped) or `~=1.2.3` (the last part dropped) ends."""
    parts = [int(part) for part in text.split(".")]
    kept = parts[: len(parts) - dropped] or parts
    return (*kept[:-1], kept[-1] + 1)
