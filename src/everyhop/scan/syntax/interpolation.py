"""What stands for other values in files: `${NAME}`, `${NAME:-default}`, `$NAME`, `$(NAME)`, `{{ name }}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

# Compose's grammar (compose-spec, "Interpolation"): `-` and `:-` give a default, `?` and `:?` a complaint, `+` and `:+`
# a replacement. A default may hold one more reference.
_BRACED = r"\$\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>(?:[^{}]|\{[^{}]*\})*))?\}"
_REFERENCE = re.compile(rf"(?P<dollar>\$\$)|{_BRACED}|\$(?P<bare>[A-Za-z_]\w*)")


# Everything in which shells, templates (Jinja, Helm, GitHub), Kubernetes, Terraform and ini files leave a hole.
# Bounded, so that a text without an end to it costs no more than its length.
_HOLES = (
    r"\$?\{\{-?\s*(?P<expression>[^{}\n]{0,200}?)\s*-?\}\}|\$\((?P<command>[^()\n]{0,200})\)"
    r"|\$\{(?P<term>[^{}\n]{0,200})\}|%\((?P<key>[\w.-]{1,80})\)s"
)
_TEMPLATE = re.compile(rf"{_BRACED}|{_HOLES}|\$(?P<bare>[A-Za-z_]\w*)|(?P<percent>%%)")


class Grammar(Enum):
    """Who reads the value: python-dotenv knows only the braced forms and no `$$`.

    `TEMPLATE` is any of the many who fill in what is left open; a value of theirs is rather less known than more.
    """

    DOTENV = "dotenv"
    COMPOSE = "compose"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable that is put in here, and what stands here without it (None: nothing does)."""

    name: str
    default: str | None


def split(value: str, grammar: Grammar) -> tuple[str | Reference, ...]:
    """The literal pieces and the references of a value, in order; together they are all of it."""
    pieces: list[str | Reference] = []
    done = 0
    template = grammar is Grammar.TEMPLATE
    for match in (_TEMPLATE if template else _REFERENCE).finditer(value):
        piece = _hole(match) if template else _piece(match, grammar)
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


def _hole(match: re.Match[str]) -> str | Reference | None:
    if match["percent"] is not None:
        return "%"
    if match["name"] is not None:
        operator = match["operator"] or ""
        return Reference(match["name"], match["rest"] if operator.endswith("-") else None)
    known = next((match[name] for name in ("expression", "command", "term", "key", "bare") if match[name]), "")
    return Reference(known or "a value", None)
