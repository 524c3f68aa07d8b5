"""docker-compose files: the services, as far as a hop depends on them, with the place of every value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from everyhop.scan.syntax import literals, yaml
from everyhop.scan.syntax.interpolation import Grammar, Reference, split
from everyhop.scan.syntax.manifest import MASK, without_actions
from everyhop.scan.syntax.span import Lines, Span
from everyhop.scan.syntax.variable import Variable

_SHELL: Final = " -c "


@dataclass(frozen=True, slots=True)
class Scalar:
    """The pieces of a plain value, and its place without quotes."""

    pieces: tuple[str | Reference, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its name and place, and what of it matters to a hop.

    `arguments` are those of `entrypoint` and `command`, split as a shell would; `context` is a path as written;
    `aliases` are the further names under which other services reach it; `urls` are the database URLs of its commands.
    """

    name: str
    span: Span
    image: Scalar | None
    arguments: tuple[Scalar, ...]
    environment: tuple[Variable, ...]
    context: str | None
    aliases: tuple[str, ...]
    urls: tuple[Variable, ...] = ()


def parse(text: str) -> tuple[Service, ...]:
    """The services of a compose file. Raises `Unparsed` for what is no YAML; YAML of another kind has no services."""
    lines = Lines(text)
    return tuple(
        _service(key, value, lines)
        for root in yaml.documents(without_actions(text))
        for key, value in yaml.entries(yaml.at(root, "services"))
        if isinstance(value, MappingNode)
    )


def _service(key: ScalarNode, node: MappingNode, lines: Lines) -> Service:
    build = yaml.at(node, "build")
    context = yaml.at(build, "context") if isinstance(build, MappingNode) else build
    names = [yaml.at(node, "container_name"), yaml.at(node, "hostname")]
    for _, network in yaml.entries(yaml.at(node, "networks")):
        names += yaml.items(yaml.at(network, "aliases"))
    image = yaml.at(node, "image")
    commands = [yaml.at(node, "entrypoint"), yaml.at(node, "command")]
    return Service(
        name=str(key.value),
        span=yaml.span_of(key, lines),
        image=_scalar(image, lines) if isinstance(image, ScalarNode) else None,
        arguments=(*_arguments(yaml.at(node, "entrypoint"), lines), *_arguments(yaml.at(node, "command"), lines)),
        environment=tuple(_environment(yaml.at(node, "environment"), lines)),
        context=str(context.value) if isinstance(context, ScalarNode) else None,
        aliases=tuple(str(name.value) for name in names if isinstance(name, ScalarNode)),
        urls=tuple(
            url
            for part in commands
            if part is not None
            for url in literals.within(lines.text, part.start_mark.index, part.end_mark.index, lines)
        ),
    )


def _environment(node: Node | None, lines: Lines) -> Iterator[Variable]:
    for key, value in yaml.entries(node):
        if isinstance(value, ScalarNode) and not yaml.is_absent(value):
            scalar = _scalar(value, lines)
            yield Variable(str(key.value), scalar.pieces, scalar.span)
    for item in yaml.items(node):
        if isinstance(item, ScalarNode) and "=" in item.value:
            name, _, text = str(item.value).partition("=")
            span = yaml.span_of(item, lines)
            column = span.column + len(name) + 1 if span.line == span.end_line else span.column
            place = Span(span.line, column, span.end_line, span.end_column)
            yield Variable(name, split(text, Grammar.COMPOSE), place)


def _arguments(node: Node | None, lines: Lines) -> Iterator[Scalar]:
    if isinstance(node, ScalarNode):
        span = yaml.span_of(node, lines)
        written = str(node.value)
        for word in _words(written) if _SHELL in written else written.split():
            yield Scalar(split(word.strip("'\""), Grammar.COMPOSE), span)
    for item in yaml.items(node):
        if isinstance(item, ScalarNode):
            span = yaml.span_of(item, lines)
            for word in _words(str(item.value)):
                yield Scalar(split(word, Grammar.COMPOSE), span)


def _words(script: str) -> list[str]:
    """The words of an argument: that of `sh -c` may be a script, each line of which is a command of its own."""
    return script.strip().replace("\\\n", " ").replace("\n", " ; ").split()


def _scalar(node: ScalarNode, lines: Lines) -> Scalar:
    if MASK in str(node.value):
        start, end = yaml.offsets(node)
        return Scalar(split(lines.text[start:end], Grammar.TEMPLATE), yaml.span_of(node, lines))
    return Scalar(split(str(node.value), Grammar.COMPOSE), yaml.span_of(node, lines))
