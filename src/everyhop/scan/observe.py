"""Texts in, sightings out: joins the sources of a project and asks each kind of sighting for what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from everyhop.dialects.settings import DialerSettings
from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Topology
from everyhop.model.sighting import Dialer, Gap, Reading, Sighting
from everyhop.model.waiver import Waiver
from everyhop.model.wire import Wire
from everyhop.scan import collector, crew, files, servers
from everyhop.scan.pace import Pace
from everyhop.scan.resolve.environment import Environment, Setting
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.values import Value
from everyhop.scan.servers import app_servers, applications, poolers
from everyhop.scan.servers.starts import starts
from everyhop.scan.sightings import (
    asked,
    calls,
    cookies,
    debug_settings,
    extensions,
    flask_settings,
    headers,
    listeners,
    parts,
    proxy_fix,
    proxy_words,
    responses,
    sessions,
    tables,
    talisman,
    variables,
    versions,
    waivers,
    written,
)
from everyhop.scan.sightings.dialers import Dial, Reader
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.places import is_for_tests
from everyhop.scan.sightings.use import Use
from everyhop.scan.syntax import compose
from everyhop.scan.syntax.interpolation import Grammar, Reference
from everyhop.scan.syntax.span import Unparsed
from everyhop.scan.workspace import Kind, Source, Workspace

# A module without any of these words opens no connection and sets nothing about one: it is parsed only when another one
# imports a name from it. Plain words, because looking for them is ten times as fast as a regular expression.
_RELEVANT: Final = (
    *("create_engine", "create_async_engine", "engine_from_config", "SQLALCHEMY_", "SESSION_COOKIE_SECURE", "Flask("),
    *("psycopg", "asyncpg", "pg8000", "pymysql", "MySQLdb", "mysql.connector", "import mariadb", "aiomysql", "asyncmy"),
    *("peewee", "playhouse", "pony.orm", "tortoise", "PooledDB", "PersistentDB", "flask_mysqldb", "flaskext.mysql"),
    *("aiopg", "django.db.backends", "backends.postgis", "dj_database_url", "env.db", "dj_db_url", "Dsn.build"),
    *("databases.Database", "from databases import", "dataset.connect", "from dataset import", "records.Database"),
    *("set_main_option", "set_section_option", "URL.create", "pgcli", "oslo_db", "gino", "sqlsoup", "sqlalchemy_utils"),
    *("SQLDatabase.from_uri", "postgres://", "postgresql://", "postgresql+", "mysql://", "mysql+", "mariadb://"),
    *("mariadb+", "cockroachdb", "DATABASES =", "DATABASE_UR", "database_ur", "DB_UR", "db_ur", "BaseSettings"),
)
_AS_IT_COMES: Final = Pace()
_MOST_USES: Final = 8  # places shown for one URL: more of them help nobody


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen, and for each place where a dialer's settings stand, those settings: a fix is made of them.

    `waivers` are those that stand in comments.
    """

    sightings: tuple[Sighting, ...]
    settings: Mapping[SourceSpan, DialerSettings] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()


@collector.paused()
def observe(workspace: Workspace, topology: Topology, pace: Pace = _AS_IT_COMES) -> Observed:
    """Every dialer, listener and cookie in a workspace, and every gap.

    What is seen does not depend on the `pace`.
    """
    parsed = files.parse(workspace)
    environment = Environment(tuple(parsed.variables))
    project = Project({s.path: s.text for s in workspace.sources if s.kind is Kind.PYTHON}, environment, tell=pace.tell)
    configuration = Configuration(project)
    containers = [_container(service, source, environment) for service, source in parsed.containers]
    named = [container for container in containers if listeners.product_of(container)]
    hops = Hops(topology, {host: container.name for container in named for host in container.hosts})
    for source in workspace.sources:
        if source.kind is Kind.PGBOUNCER:
            hops.poolers |= poolers.ports(source.text)
    server_keys = frozenset(key for container in named for key in listeners.keys(container))
    reader = Reader(versions.Versions(tuple(parsed.pinned)), hops, environment, server_keys)

    served = crew.begun(_served(workspace, parsed, configuration), crew.processes(pace.jobs, project.size) - 1)
    relevant = [path for path, text in project.texts.items() if any(word in text for word in _RELEVANT)]
    found = list(_dials(relevant, configuration, reader, parsed.values))
    dials = _once([item for item in found if isinstance(item, Dial)])
    sightings: list[Sighting] = [dial.reading for dial in dials]
    sightings += servers.read(workspace, named, parsed.variables, hops)
    for result in served:
        seen, refused = result()
        sightings += seen
        project.refused.update(refused)
    sightings += [item for item in found if isinstance(item, Gap)]
    sightings += [
        *workspace.gaps,
        *parsed.gaps,
        *(files.gap_of(path, why) for path, why in sorted(project.refused.items())),
    ]
    settings = {_place(dial.reading): dial.settings for dial in dials if dial.settings is not None}
    waived = tuple(waiver for source in workspace.sources for waiver in waivers.read(source))
    return Observed(tuple(sorted(dict.fromkeys(sightings), key=_stage)), settings, waived)


def _served(
    workspace: Workspace, parsed: files.Files, configuration: Configuration
) -> list[Callable[[], tuple[list[Sighting], Mapping[str, Unparsed]]]]:
    """What looks at how an app is served: of no concern to who looks at its dialers, and the other way round.

    Each gives what it saw, and which modules did not parse.
    """

    def seen(look: Callable[[], Iterator[Sighting]]) -> tuple[list[Sighting], Mapping[str, Unparsed]]:
        return list(look()), configuration.project.refused

    def programs() -> Iterator[Sighting]:
        commands = tuple(starts(workspace, parsed.containers, app_servers.is_read))
        yield from applications.read(workspace, commands, parsed.variables, configuration)
        configuration.project.tidy()
        yield from app_servers.read(commands, configuration)

    def answers() -> Iterator[Sighting]:
        for kind in (cookies, sessions, responses, talisman, headers, proxy_fix, proxy_words, debug_settings):
            yield from kind.read(configuration)
            configuration.project.tidy()
        for told in (cookies, headers):
            yield from told.in_settings([*parsed.variables, *parsed.values])

    return [partial(seen, programs), partial(seen, answers)]


def _stage(sighting: Sighting) -> int:
    """Where on the way of a request a sighting belongs: from the browser to the app, then on to its databases."""
    if sighting.hop is None:
        return 3
    return 2 if sighting.hop.wire is not Wire.HTTP else 1 if sighting.hop.dialer != "browser" else 0


def _dials(
    paths: Sequence[str], configuration: Configuration, reader: Reader, values: list[Setting]
) -> Iterator[Dial | Gap]:
    seen: set[SourceSpan] = set()
    told: set[str] = set()  # what is asked for at run time by those who dial

    def read(uses: Iterator[Use]) -> Iterator[Dial | Gap]:
        for use in uses:
            told.update(asked.names_in(use))
            for item in reader.read(use):
                if isinstance(item, Dial):
                    seen.add(item.at)
                    if item.settings is None and is_for_tests(use.at.path):
                        continue  # "whatever the fixture makes" is no news, while a URL that stands there is
                yield item

    yield from read(flask_settings.uses(configuration))
    yield from read(extensions.uses(configuration))
    environment, guesses, noted = configuration.project.environment, _Guesses(), set[SourceSpan]()
    for module in configuration.project.parsed(paths):
        yield from read(calls.uses(module, configuration))
        yield from read(tables.uses(module, configuration))
        with environment.apart() as asked_here:
            guesses.look(module, configuration)
        noted |= asked_here
        configuration.project.tidy()
    used = seen | environment.used
    environment.used |= noted
    places = _Places(seen)
    yield from read(use for use in guesses.variables if not places.inside(use.at))
    known, asked_for = frozenset(seen), frozenset(told)
    yield from read(iter(guesses.written))
    yield from read(asked.in_python(guesses.asked, asked_for, known))
    yield from read(variables.in_environment(environment, frozenset(used)))
    used = seen | environment.used
    yield from read(asked.in_environment(environment, asked_for, frozenset(used)))
    yield from read(parts.in_environment(environment, asked_for, frozenset(used)))
    yield from read(parts.in_settings(values, environment))
    yield from read(variables.in_settings(values, environment))
    yield from read(asked.in_settings(values, asked_for))
    if all(is_for_tests(at.path) for at in seen):
        yield from read(flask_settings.unset(configuration))


@dataclass(frozen=True, slots=True)
class _Guesses:
    """What only names speak for: looked for while a module is parsed, judged when all that is sure is known."""

    variables: list[Use] = field(default_factory=list)
    written: list[Use] = field(default_factory=list)
    asked: list[asked.Named] = field(default_factory=list)

    def look(self, module: Module, configuration: Configuration) -> None:
        """Note what stands in a module."""
        self.variables.extend(variables.in_python(module, configuration))
        self.written.extend(written.uses(module, configuration))
        self.asked.extend(asked.named(module, configuration))


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


def _container(service: compose.Service, source: Source, environment: Environment) -> listeners.Container:
    def worth(pieces: tuple[str | Reference, ...]) -> Value:
        nowhere = files.span_in(source, service.span, service.name)
        return environment.worth(Setting("", pieces, nowhere, "", source.path, grammar=Grammar.COMPOSE))

    image = service.image
    at = files.span_in(source, image.span if image else service.span, service.name)
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
