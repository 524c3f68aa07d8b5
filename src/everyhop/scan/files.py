"""The sources that are no Python, parsed: what they set, which containers and package versions they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Gap
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.sightings import listeners, versions
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.syntax import (
    compose,
    dockerfile,
    dotenv,
    images,
    ini,
    json,
    literals,
    manifest,
    pins,
    toml,
    unit,
    workloads,
)
from everyhop.scan.syntax.interpolation import Grammar
from everyhop.scan.syntax.span import Span, Unparsed
from everyhop.scan.syntax.variable import Reach, Variable
from everyhop.scan.workspace import Kind, Source, Workspace

_TEMPLATE: Final = re.compile(r"\.(?:example|sample|template|dist|tmpl|tpl|j2|jinja2?)\b")

# A stack of services under another name than compose.yaml.
_SERVICES: Final = re.compile(r"^services:[^\S\n]*(?:#.*)?\n(?:[^\S\n]*(?:#.*)?\n)*[^\S\n]+[\w.-]+:", re.MULTILINE)

_PARSERS: Final[Mapping[Kind, Callable[[str], tuple[Variable, ...]]]] = {
    Kind.DOTENV: lambda text: dotenv.parse(text).variables,
    Kind.DOCKERFILE: dockerfile.parse,
    Kind.UNIT: unit.parse,
    Kind.YAML: manifest.parse,
    Kind.INI: ini.parse,
    Kind.TOML: toml.parse,
    Kind.JSON: json.parse,
    Kind.TEXT: literals.parse,
}


@dataclass(slots=True)
class Files:
    """`variables` reach programs through their environment, `values` are read by whoever reads the file."""

    variables: list[Setting] = field(default_factory=list)
    values: list[Setting] = field(default_factory=list)
    containers: list[tuple[compose.Service, Source]] = field(default_factory=list)
    pinned: list[versions.Pinned] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def parse(workspace: Workspace) -> Files:
    """Every source of a workspace but Python's; one that does not parse is a gap, and the rest goes on."""
    files = Files()
    for source in workspace.sources:
        try:
            _read(source, files)
        except Unparsed as refusal:
            files.gaps.append(gap_of(source.path, refusal))
    for service, source in files.containers:
        files.variables += _of_service(service, source)
    return files


def _read(source: Source, files: Files) -> None:
    folder = str(PurePosixPath(source.path).parent)
    match source.kind:
        case Kind.YAML | Kind.COMPOSE if source.kind is Kind.COMPOSE or _SERVICES.search(source.text):
            services = _services(source, folder, files)
            files.containers += [(service, source) for service in services]
            files.values += [_setting(url, source, folder) for service in services for url in service.urls]
        case Kind.YAML if pods := workloads.parse(source.text):
            files.containers += [(service, source) for service in pods]
            _note(source, folder, files)
        case Kind.DOCKERFILE:
            made = images.parse(source.text, PurePosixPath(folder).name or "database")
            if made is not None and made.image is not None and _is_database(made.image):
                files.containers.append((made, source))
            _note(source, folder, files)
        case Kind.PINS:
            files.pinned += versions.pinned(folder, pins.parse(PurePosixPath(source.path).name, source.text))
        case _ if source.kind in _PARSERS:
            _note(source, folder, files)
        case _:
            pass


def _services(source: Source, folder: str, files: Files) -> tuple[compose.Service, ...]:
    """The services of a compose file; a template that is YAML only when it is rendered is looked through for URLs."""
    try:
        return compose.parse(source.text)
    except Unparsed:
        if "{%" not in source.text and "{{" not in source.text:
            raise
        files.values += [_setting(url, source, folder) for url in literals.parse(source.text)]
        return ()


def _is_database(image: compose.Scalar) -> bool:
    written = "".join(piece if isinstance(piece, str) else piece.default or PLACEHOLDER for piece in image.pieces)
    return listeners.product_in(written) is not None


def _note(source: Source, folder: str, files: Files) -> None:
    for variable in _PARSERS[source.kind](source.text):
        shared = variable.reach is Reach.PROGRAM and place_of(source.path) is Place.DEPLOYED
        (files.variables if shared else files.values).append(_setting(variable, source, folder))


def _setting(variable: Variable, source: Source, folder: str) -> Setting:
    grammar = Grammar.DOTENV if source.kind is Kind.DOTENV else Grammar.TEMPLATE
    at = span_in(source, variable.span, variable.name)
    template = _TEMPLATE.search(source.path) is not None
    return Setting(variable.name, variable.pieces, at, folder, source.path, template, grammar)


def _of_service(service: compose.Service, source: Source) -> Iterator[Setting]:
    """What a service's programs get; they live in its build context."""
    here = PurePosixPath(source.path).parent
    context = service.context if service.context and "://" not in service.context else "."
    folder = normpath(str(here / context))
    for variable in service.environment:
        at = span_in(source, variable.span, variable.name)
        yield Setting(variable.name, variable.pieces, at, folder, source.path, grammar=Grammar.COMPOSE)


def span_in(source: Source, span: Span, symbol: str) -> SourceSpan:
    """A place in a source, with the name of what stands there."""
    return SourceSpan(source.path, span.line, span.column, span.end_line, span.end_column, symbol=symbol)


def gap_of(path: str, refusal: Unparsed) -> Gap:
    """A source that does not parse, as the gap that it leaves."""
    where = f"{path}:{refusal.line}" if refusal.line else path
    return Gap(where, refusal.reason, "mend it, or leave it out with --exclude")
