"""Texts in, sightings out: joins the sources of a project and asks each kind of sighting for what it finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final

from everyhop.dialects.settings import DialerSettings
from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Topology
from everyhop.model.sighting import Dialer, Gap, Reading, Sighting
from everyhop.scan.resolve.environment import Environment, Setting
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.values import Value
from everyhop.scan.sightings import calls, cookies, flask_settings, listeners, variables, versions
from everyhop.scan.sightings.dialers import Dial, Reader
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.places import is_for_tests
from everyhop.scan.sightings.use import Use
from everyhop.scan.syntax import compose, dotenv, pins
from everyhop.scan.syntax.interpolation import Grammar, Reference
from everyhop.scan.syntax.span import Span, Unparsed
from everyhop.scan.syntax.variable import Variable
from everyhop.scan.workspace import Kind, Source, Workspace

# A module without any of these words opens no connection and sets nothing about one: it is parsed only when another one
# imports a name from it. Plain words, because looking for them is ten times as fast as a regular expression.
_RELEVANT: Final = (
    *("create_engine", "create_async_engine", "SQLALCHEMY_", "SESSION_COOKIE_SECURE", "Flask("),
    *("psycopg", "asyncpg", "pg8000", "pymysql", "MySQLdb", "mysql.connector", "import mariadb", "aiomysql", "asyncmy"),
    *("postgres://", "postgresql://", "postgresql+", "mysql://", "mysql+", "mariadb://", "mariadb+", "cockroachdb"),
)
_MOST_USES: Final = 8  # places shown for one URL: more of them help nobody
_TEMPLATE: Final = re.compile(r"\.(?:example|sample|template|dist|tmpl)\b")


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen, and for each place where a dialer's settings stand, those settings: a fix is made of them."""

    sightings: tuple[Sighting, ...]
    settings: Mapping[SourceSpan, DialerSettings] = field(default_factory=dict)


@dataclass(slots=True)
class _Files:
    """The parsed sources that are not Python."""

    variables: list[Setting] = field(default_factory=list)
    containers: list[tuple[compose.Service, Source]] = field(default_factory=list)
    pinned: list[versions.Pinned] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def observe(workspace: Workspace, topology: Topology) -> Observed:
    """Every dialer, listener and cookie in a workspace, and every gap."""
    files = _parsed(workspace)
    environment = Environment(tuple(files.variables))
    project = Project({s.path: s.text for s in workspace.sources if s.kind is Kind.PYTHON}, environment)
    configuration = Configuration(project)
    containers = [_container(service, source, environment) for service, source in files.containers]
    named = [container for container in containers if listeners.product_of(container)]
    hops = Hops(topology, {host: container.name for container in named for host in container.hosts})
    server_keys = frozenset(key for container in named for key in listeners.keys(container))
    reader = Reader(versions.Versions(tuple(files.pinned)), hops, server_keys)

    modules = list(
        project.parsed(path for path, text in project.texts.items() if any(word in text for word in _RELEVANT))
    )
    found = list(_dials(modules, configuration, reader))
    dials = _once([item for item in found if isinstance(item, Dial)])
    sightings: list[Sighting] = [dial.reading for dial in dials]
    sightings += [reading for container in named for reading in listeners.read(container, hops)]
    sightings += cookies.read(modules, configuration)
    sightings += [item for item in found if isinstance(item, Gap)]
    sightings += [*workspace.gaps, *files.gaps, *(_gap(path, why) for path, why in project.refused.items())]
    settings = {_place(dial.reading): dial.settings for dial in dials if dial.settings is not None}
    return Observed(tuple(dict.fromkeys(sightings)), settings)


def _dials(modules: list[Module], configuration: Configuration, reader: Reader) -> Iterator[Dial | Gap]:
    seen: set[SourceSpan] = set()

    def read(uses: Iterator[Use]) -> Iterator[Dial | Gap]:
        for use in uses:
            for item in reader.read(use):
                if isinstance(item, Dial):
                    seen.add(item.at)
                    if item.settings is None and is_for_tests(use.at.path):
                        continue  # "whatever the fixture makes" is no news, while a URL that stands there is
                yield item

    yield from read(flask_settings.uses(configuration))
    for module in modules:
        yield from read(calls.uses(module, configuration))
    used = seen | configuration.project.environment.used
    places = _Places(seen)
    yield from read(use for use in variables.in_python(modules, configuration) if not places.inside(use.at))
    yield from read(variables.in_environment(configuration.project.environment, frozenset(used)))


class _Places:
    """Places that were read already, by file and line."""

    def __init__(self, spans: Iterable[SourceSpan]) -> None:
        self._spans: dict[tuple[str, int], list[SourceSpan]] = {}
        for span in spans:
            self._spans.setdefault((span.path, span.line), []).append(span)

    def inside(self, outer: SourceSpan) -> bool:
        """Whether one of them lies in `outer`."""
        start, end = (outer.line, outer.column), (outer.end_line, outer.end_column)
        return any(
            start <= (span.line, span.column) and (span.end_line, span.end_column) <= end
            for line in range(outer.line, outer.end_line + 1)
            for span in self._spans.get((outer.path, line), ())
        )


def _once(dials: list[Dial]) -> list[Dial]:
    """Settings are handed on (`app.config[…] = Config.…`): the same text to one end is one reading of many uses."""
    kept: dict[object, Dial] = {}
    for dial in dials:
        key = (dial.at, dial.reading.endpoint, dial.reading.subject)
        first = kept.setdefault(key, dial)
        evidence = tuple(dict.fromkeys(first.reading.evidence + dial.reading.evidence[1:]))
        if first.reading.evidence != evidence and len(evidence) <= _MOST_USES:
            kept[key] = replace(first, reading=replace(first.reading, evidence=evidence))
    order = {dial.at: number for number, dial in enumerate(reversed(dials))}
    return sorted(kept.values(), key=lambda dial: (-order[dial.at], _is_settled(dial)))


def _is_settled(dial: Dial) -> bool:
    """Of two readings of one place the one that is sure comes last: it is what a report of that place is to say."""
    return isinstance(dial.reading.subject, Dialer) and dial.reading.subject.bounds.settled is not None


def _place(reading: Reading) -> SourceSpan:
    return next(item for item in reading.evidence if isinstance(item, SourceSpan))


def _parsed(workspace: Workspace) -> _Files:
    files = _Files()
    for source in workspace.sources:
        folder = str(PurePosixPath(source.path).parent)
        try:
            match source.kind:
                case Kind.DOTENV:
                    parsed = dotenv.parse(source.text)
                    files.variables += [_setting(v, source, folder) for v in parsed.variables]
                case Kind.COMPOSE:
                    files.containers += [(service, source) for service in compose.parse(source.text)]
                case Kind.PINS:
                    name = PurePosixPath(source.path).name
                    files.pinned += versions.pinned(folder, pins.parse(name, source.text))
                case Kind.PYTHON:
                    pass
        except Unparsed as refusal:
            files.gaps.append(_gap(source.path, refusal))
    for service, source in files.containers:
        files.variables += _of_service(service, source)
    return files


def _setting(variable: Variable, source: Source, folder: str) -> Setting:
    template = _TEMPLATE.search(source.path) is not None
    return Setting(
        variable.name, variable.pieces, _span(source, variable.span, variable.name), folder, source.path, template
    )


def _of_service(service: compose.Service, source: Source) -> Iterator[Setting]:
    """What a service's programs get; they live in its build context."""
    here = PurePosixPath(source.path).parent
    context = service.context if service.context and "://" not in service.context else "."
    folder = normpath(str(here / context))
    for variable in service.environment:
        at = _span(source, variable.span, variable.name)
        yield Setting(variable.name, variable.pieces, at, folder, source.path, grammar=Grammar.COMPOSE)


def _container(service: compose.Service, source: Source, environment: Environment) -> listeners.Container:
    def worth(pieces: tuple[str | Reference, ...]) -> Value:
        nowhere = _span(source, service.span, service.name)
        return environment.worth(Setting("", pieces, nowhere, "", source.path, grammar=Grammar.COMPOSE))

    image = service.image
    at = _span(source, image.span if image else service.span, service.name)
    return listeners.Container(
        service.name,
        frozenset(name.lower() for name in (service.name, *service.aliases)),
        worth(image.pieces if image else ()),
        [worth(argument.pieces) for argument in service.arguments],
        replace(at, snippet=_shown(service)),
    )


def _shown(service: compose.Service) -> str:
    pieces = service.image.pieces if service.image else ()
    image = "".join(piece if isinstance(piece, str) else f"${{{piece.name}}}" for piece in pieces)
    return f"{service.name}: {image}"


def _span(source: Source, span: Span, symbol: str) -> SourceSpan:
    return SourceSpan(source.path, span.line, span.column, span.end_line, span.end_column, symbol=symbol)


def _gap(path: str, refusal: Unparsed) -> Gap:
    where = f"{path}:{refusal.line}" if refusal.line else path
    return Gap(where, refusal.reason, "mend it, or leave it out with --exclude")
