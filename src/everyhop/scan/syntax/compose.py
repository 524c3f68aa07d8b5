"""docker-compose files: the services, as far as a hop depends on them, with the place of every value.

The file is composed to nodes and never constructed, so tags make no objects, aliases are shared and not copied, and no
chain of aliases can blow up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from everyhop.scan.syntax.interpolation import Grammar, Reference, split
from everyhop.scan.syntax.span import Lines, Span, Unparsed
from everyhop.scan.syntax.variable import Variable

LONGEST: Final = 400_000
"""Characters. ruamel reads about 100,000 in a second; a hand-written compose file has some thousands."""

# ruamel's scanner needs the square of the depth of brackets: 5,000 of them are half a minute. Compose needs five.
_DEEPEST: Final = 64
_MERGES: Final = 16  # how deep `<<` is followed: an anchor may merge itself


@dataclass(frozen=True, slots=True)
class Scalar:
    """The pieces of a plain value, and its place without quotes."""

    pieces: tuple[str | Reference, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its name and place, and what of it matters to a hop.

    `arguments` are those of `entrypoint` and `command`, split as a shell would; `context` is a path as written;
    `aliases` are the further names under which other services reach it.
    """

    name: str
    span: Span
    image: Scalar | None
    arguments: tuple[Scalar, ...]
    environment: tuple[Variable, ...]
    context: str | None
    aliases: tuple[str, ...]


def parse(text: str) -> tuple[Service, ...]:
    """The services of a compose file. Raises `Unparsed` for what is no YAML; YAML of another kind has no services."""
    if len(text) > LONGEST:
        raise Unparsed(f"more than the {LONGEST:,} characters that a compose file may have")
    _refuse_depth(text)
    lines = Lines(text)
    try:
        roots = list(YAML(pure=True).compose_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unparsed(f"not YAML: {error.problem or error.context}", mark.line + 1 if mark else None) from None
    except (YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        # ruamel meets some malformed directives and marks with whatever its own code raises
        raise Unparsed(f"not YAML: {type(error).__name__}") from None
    return tuple(
        _service(key, value, lines)
        for root in roots
        for key, value in _entries(_at(root, "services"))
        if isinstance(value, MappingNode)
    )


def _refuse_depth(text: str) -> None:
    depth = 0
    for character in re.findall(r"[\[\]{}]", text):
        depth = max(depth + (1 if character in "[{" else -1), 0)
        if depth > _DEEPEST:
            raise Unparsed("brackets are nested too deeply")


def _service(key: ScalarNode, node: MappingNode, lines: Lines) -> Service:
    build = _at(node, "build")
    context = _at(build, "context") if isinstance(build, MappingNode) else build
    names = [_at(node, "container_name"), _at(node, "hostname")]
    for _, network in _entries(_at(node, "networks")):
        names += _items(_at(network, "aliases"))
    image = _at(node, "image")
    return Service(
        name=str(key.value),
        span=_span(key, lines),
        image=_scalar(image, lines) if isinstance(image, ScalarNode) else None,
        arguments=(*_arguments(_at(node, "entrypoint"), lines), *_arguments(_at(node, "command"), lines)),
        environment=tuple(_environment(_at(node, "environment"), lines)),
        context=str(context.value) if isinstance(context, ScalarNode) else None,
        aliases=tuple(str(name.value) for name in names if isinstance(name, ScalarNode)),
    )


def _environment(node: Node | None, lines: Lines) -> Iterator[Variable]:
    for key, value in _entries(node):
        if isinstance(value, ScalarNode) and not _absent(value):
            scalar = _scalar(value, lines)
            yield Variable(str(key.value), scalar.pieces, scalar.span)
    for item in _items(node):
        if isinstance(item, ScalarNode) and "=" in item.value:
            name, _, text = str(item.value).partition("=")
            span = _span(item, lines)
            column = span.column + len(name) + 1 if span.line == span.end_line else span.column
            place = Span(span.line, column, span.end_line, span.end_column)
            yield Variable(name, split(text, Grammar.COMPOSE), place)


def _absent(node: ScalarNode) -> bool:
    """`NAME:` without a value takes it from the shell that runs compose."""
    return node.style is None and node.value in ("", "~", "null")


def _arguments(node: Node | None, lines: Lines) -> Iterator[Scalar]:
    if isinstance(node, ScalarNode):
        span = _span(node, lines)
        for word in str(node.value).split():
            yield Scalar(split(word.strip("'\""), Grammar.COMPOSE), span)
    for item in _items(node):
        if isinstance(item, ScalarNode):
            span = _span(item, lines)
            for word in str(item.value).split():
                yield Scalar(split(word, Grammar.COMPOSE), span)


def _scalar(node: ScalarNode, lines: Lines) -> Scalar:
    return Scalar(split(str(node.value), Grammar.COMPOSE), _span(node, lines))


def _span(node: ScalarNode, lines: Lines) -> Span:
    margin = 1 if node.style in ("'", '"') else 0
    return lines.span(node.start_mark.index + margin, node.end_mark.index - margin)


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, SequenceNode) else []


def _at(node: Node | None, name: str) -> Node | None:
    return next((value for key, value in _entries(node) if key.value == name), None)


def _entries(node: Node | None, merges: int = _MERGES) -> Iterator[tuple[ScalarNode, Node]]:
    """The entries of a mapping, its own before those that `<<` merges in; nothing for other nodes."""
    if not isinstance(node, MappingNode):
        return
    merged: list[Node] = []
    own: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            continue
        if key.value == "<<":
            merged += [value, *_items(value)]
        else:
            own.add(key.value)
            yield key, value
    for other in merged if merges else []:
        for key, value in _entries(other, merges - 1):
            if key.value not in own:
                own.add(key.value)
                yield key, value
