"""YAML as nodes with places, within bounds: what every reader of YAML files starts from.

A text is composed to nodes and never constructed, so tags make no objects, aliases are shared and not copied, and no
chain of aliases can blow up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from everyhop.scan.syntax.span import Lines, Span, Unparsed

LONGEST: Final = 400_000
"""Characters. ruamel reads about 100,000 in a second; a hand-written file has some thousands."""

# ruamel's scanner needs the square of the depth of brackets: 5,000 of them are half a minute. Compose needs five.
_DEEPEST: Final = 64
_MERGES: Final = 16  # how deep `<<` is followed: an anchor may merge itself
_FLOW: Final = re.compile(r"[\[\]{}]")


def documents(text: str) -> list[Node]:
    """The root nodes of a text. Raises `Unparsed` for what is no YAML, or more of it than is read."""
    if len(text) > LONGEST:
        raise Unparsed(f"more than the {LONGEST:,} characters that are read of a YAML file")
    _refuse_depth(text)
    try:
        return list(YAML(pure=True).compose_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unparsed(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else None) from None
    except (YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        # ruamel meets some malformed directives and marks with whatever its own code raises
        raise Unparsed(f"not YAML: {type(error).__name__}") from None


def _refuse_depth(text: str) -> None:
    depth = 0
    for character in _FLOW.findall(text):
        depth = max(depth + (1 if character in "[{" else -1), 0)
        if depth > _DEEPEST:
            raise Unparsed("brackets are nested too deeply")


def is_absent(node: ScalarNode) -> bool:
    """Whether a plain scalar is null: `NAME:` without a value."""
    return node.style is None and node.value in ("", "~", "null")


def is_block(node: ScalarNode) -> bool:
    """Whether a scalar is written as lines of their own (`|`, `>`)."""
    return node.style in ("|", ">")


def span_of(node: ScalarNode, lines: Lines) -> Span:
    """Where a scalar stands, without its quotes."""
    return lines.span(*offsets(node))


def offsets(node: ScalarNode) -> tuple[int, int]:
    """Where a scalar begins and ends in the text, without its quotes."""
    margin = 1 if node.style in ("'", '"') else 0
    return node.start_mark.index + margin, node.end_mark.index - margin


def items(node: Node | None) -> list[Node]:
    """The items of a sequence; nothing for other nodes."""
    return list(node.value) if isinstance(node, SequenceNode) else []


def at(node: Node | None, name: str) -> Node | None:
    """The value of a key."""
    return next((value for key, value in entries(node) if key.value == name), None)


def scalar(node: Node | None, name: str) -> str | None:
    """The text of a key's value, where it is a scalar."""
    value = at(node, name)
    return str(value.value) if isinstance(value, ScalarNode) else None


def entries(node: Node | None, merges: int = _MERGES) -> Iterator[tuple[ScalarNode, Node]]:
    """The entries of a mapping, its own before those that `<<` merges in; nothing for other nodes."""
    if not isinstance(node, MappingNode):
        return
    merged: list[Node] = []
    own: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            continue
        if key.value == "<<":
            merged += [value, *items(value)]
        else:
            own.add(key.value)
            yield key, value
    for other in merged if merges else []:
        for key, value in entries(other, merges - 1):
            if key.value not in own:
                own.add(key.value)
                yield key, value
