"""`${NAME}`, `${NAME:-default}` and `$NAME` in the values of dotenv files, compose files and shells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

# Compose's grammar (compose-spec, "Interpolation"): `-` and `:-` give a default, `?` and `:?` a complaint, `+` and `:+`
# a replacement. A default may hold one more reference.
_BRACED = r"\$\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>(?:[^{}]|\{[^{}]*\})*))?\}"
_REFERENCE = re.compile(rf"(?P<dollar>\$\$)|{_BRACED}|\$(?P<bare>[A-Za-z_]\w*)")


class Grammar(Enum):
    """Who reads the value: python-dotenv knows only the braced forms and no `$$`."""

    DOTENV = "dotenv"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable that is put in here, and what stands here without it (None: nothing does)."""

    name: str
    default: str | None


def split(value: str, grammar: Grammar) -> tuple[str | Reference, ...]:
    """The literal pieces and the references of a value, in order; together they are all of it."""
    pieces: list[str | Reference] = []
    done = 0
    for match in _REFERENCE.finditer(value):
        piece = _piece(match, grammar)
        if piece is None:
            continue
        pieces += [value[done : match.start()], piece]
        done = match.end()
    pieces.append(value[done:])
    return tuple(piece for piece in pieces if piece != "")


def _piece(match: re.Match[str], grammar: Grammar) -> str | Reference | None:
    if match["name"] is not None:
        operator = match["operator"] or ""
        return Reference(match["name"], match["rest"] if operator.endswith("-") else None)
    if grammar is Grammar.DOTENV:
        return None
    return "$" if match["dollar"] else Reference(match["bare"], None)
