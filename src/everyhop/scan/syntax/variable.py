"""A variable that a file sets for some program's environment."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.scan.syntax.interpolation import Reference
from everyhop.scan.syntax.span import Span


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, the pieces of its value, and the place of that value without its quotes."""

    name: str
    pieces: tuple[str | Reference, ...]
    span: Span
