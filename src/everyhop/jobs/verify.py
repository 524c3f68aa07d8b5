"""Verify: open every connection of the app as it does, ask the client's own objects, look at the listener, judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from everyhop.config import HopSettings, Settings
from everyhop.errors import SampleError, SettingsError
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop, Topology
from everyhop.model.location import Location
from everyhop.model.report import Report
from everyhop.model.sighting import Dialer, Gap, Sighting
from everyhop.model.survey import Survey
from everyhop.probe.probe import sightings as surveyed
from everyhop.probe.probe import survey
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from everyhop.runtime.interpreter import Interpreter
from everyhop.runtime.sample import AppModule, AppSource, Sample, UrlVariable, sample, sightings
from everyhop.runtime.sightings import Compared, compare
from everyhop.scan.rewrite.remedy import attach, remedy

PROBE_SECONDS = 5.0
"""For one listener: it is the second look, after the application's own connection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which applications are asked, and how each is loaded; `deadline` is in seconds for one of them.

    `anchors` is the PEM to judge the listeners' chains by, None: they are not judged.
    """

    sources: tuple[AppSource, ...]
    interpreter: Interpreter
    environment: Mapping[str, str]
    directory: Path
    deadline: float
    anchors: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The report, the samples it was made from, and each engine's row."""

    report: Report
    samples: tuple[Sample, ...]
    rows: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to judge, the samples it was made from, each engine's row, and the hops with their endpoints."""

    sightings: tuple[Sighting, ...]
    samples: tuple[Sample, ...]
    rows: tuple[Compared, ...]
    topology: Topology


def sources(settings: Settings) -> tuple[AppSource, ...]:
    """The applications and URL variables of the hops in everyhop.toml, each once.

    Raises `SettingsError` where there is none.
    """
    found = named(settings)
    if not found:
        raise SettingsError(
            "there is nothing to verify",
            hint="everyhop verify --app MODULE:ATTR, or --url-env NAME; or `app` for a hop in everyhop.toml",
            path=str(settings.path) if settings.path else None,
        )
    return found


def named(settings: Settings) -> tuple[AppSource, ...]:
    """The applications and URL variables of the hops in everyhop.toml, each once; possibly none."""
    return tuple(dict.fromkeys(source for hop in settings.hops.values() if (source := _source(hop)) is not None))


def verify(asked: Asked, settings: Settings, now: datetime) -> Verification:
    """Look at every application that is asked, and judge. Raises what `look` raises."""
    seen = look(asked, settings, now)
    asked_for = tuple(hop for hop in seen.topology.hops if _source_of(hop, settings) in asked.sources)
    report = judge(
        seen.sightings,
        catalogue(),
        settings.policy,
        command="verify",
        started=now,
        topology=Topology(asked_for),
    )
    return Verification(
        remedied(attach(report, {}, settings.policy), seen.rows, settings.policy), seen.samples, seen.rows
    )


def look(asked: Asked, settings: Settings, now: datetime) -> Seen:
    """Every connection of every application, and their listeners.

    Raises `SampleError` where the only one cannot be loaded; among several that is a gap.
    """
    samples, gaps = _samples(asked, settings)
    topology = _completed(settings, samples)
    rows = tuple(row for taken in samples for row in compare(taken, topology))
    told = [sighting for taken in samples for sighting in sightings(taken, topology)]
    # The probe before the sample: of two that say the same of a listener, the one that was told over a login is heard.
    found = (*_listeners(rows, asked.anchors, now), *told, *gaps, *_missing(settings, topology, samples, rows))
    return Seen(found, samples, rows, topology)


def _samples(asked: Asked, settings: Settings) -> tuple[tuple[Sample, ...], tuple[Gap, ...]]:
    samples: list[Sample] = []
    gaps: list[Gap] = []
    for source in asked.sources:
        try:
            taken = sample(
                source,
                python=asked.interpreter.path,
                environment=asked.environment,
                directory=str(asked.directory),
                deadline=asked.deadline,
            )
            samples.append(taken)
        except (SampleError, SettingsError) as error:
            if len(asked.sources) == 1:
                raise
            named = settings.hops.items()
            hops = [settings.topology.named(name) for name, hop in named if _source(hop) == source] or [None]
            gaps += [Gap(str(source), error.message, error.hint or "", hop) for hop in hops]
    return tuple(samples), tuple(gaps)


def _completed(settings: Settings, samples: tuple[Sample, ...]) -> Topology:
    """The hops of everyhop.toml; one that names no endpoint ends where the one engine of its wire leads."""
    hops: list[Hop] = []
    for hop in settings.topology.hops:
        source = _source_of(hop, settings)
        engines = [e for taken in samples if taken.source == source for e in taken.engines]
        ends = {engine.endpoint for engine in engines if engine.wire is hop.wire and engine.endpoint}
        ends -= {other.endpoint for other in settings.topology.hops}
        hops.append(replace(hop, endpoint=ends.pop()) if hop.endpoint is None and len(ends) == 1 else hop)
    return Topology(tuple(hops))


def _source_of(hop: Hop, settings: Settings) -> AppSource | None:
    return _source(settings.hops.get(hop.name, HopSettings()))


def _source(hop: HopSettings) -> AppSource | None:
    if hop.app:
        return AppModule(hop.app)
    return UrlVariable(hop.url_env) if hop.url_env else None


def _missing(
    settings: Settings, topology: Topology, samples: tuple[Sample, ...], rows: tuple[Compared, ...]
) -> Iterator[Gap]:
    """Hops that everyhop.toml says an application opens, and that none of its engines leads to."""
    for hop in topology.hops:
        source = _source_of(hop, settings)
        loaded = [taken for taken in samples if taken.source == source]
        if loaded and all(row.hop != hop for row in rows):
            there = ", ".join(str(engine.endpoint) for engine in loaded[0].engines)
            reason = f"no engine of {source} leads to {hop.endpoint or 'it'}"
            yield Gap(
                f"hop {hop.name}", reason, f"its engines lead to {there}: correct `endpoint`, or the app's URL", hop
            )


def _listeners(rows: tuple[Compared, ...], anchors: str | None, now: datetime) -> Iterator[Sighting]:
    """What each listener does for anybody: plaintext and chain. One that the app could not reach is a gap already."""
    reached = {row.hop: row.engine.product for row in rows if row.hop is not None and row.engine.live is not None}
    surveys: dict[Location, Survey | Gap] = {}
    for hop, product in reached.items():
        if isinstance(hop.endpoint, TcpEndpoint):
            place = Location(hop.endpoint, hop.wire, product, None)
            if place not in surveys:  # two engines on one server: it is bothered once
                surveys[place] = survey(place, anchors=anchors, server_name=None, deadline=PROBE_SECONDS, now=now)
            seen = surveys[place]
            yield from (replace(seen, hop=hop),) if isinstance(seen, Gap) else surveyed(seen, Topology((hop,)))


def remedied(report: Report, rows: tuple[Compared, ...], policy: Policy) -> Report:
    """With the settings that would end what is wrong with a dialer, in its driver's own spelling."""
    by_hop = {row.hop: row.engine.settings for row in rows if row.engine.settings is not None}
    dialer_rules = {rule.name for rule in catalogue().values() if rule.subject is Dialer}

    def mended(finding: Finding) -> Finding:
        written = by_hop.get(finding.hop)
        if finding.remediation is not None or finding.rule not in dialer_rules or written is None:
            return finding
        return replace(finding, remediation=remedy(written, policy.demand(finding.hop, finding.endpoint)))

    return replace(report, findings=tuple(map(mended, report.findings)))
