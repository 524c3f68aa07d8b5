"""A name with a value as a file sets it, for a program's environment or for whoever reads the file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from everyhop.scan.syntax.interpolation import Reference
from everyhop.scan.syntax.span import Span


class Reach(Enum):
    """Who gets a value."""

    PROGRAM = "a program, in its environment"
    READER = "whoever reads the file"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, the pieces of its value, the place of that value without its quotes, and who gets it."""

    name: str
    pieces: tuple[str | Reference, ...]
    span: Span
    reach: Reach = Reach.PROGRAM
