"""Audit: scan, probe and sample together over everyhop.toml; one report on every hop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from everyhop.config import Settings
from everyhop.jobs import verify
from everyhop.model.report import Report
from everyhop.model.sighting import Gap, Sighting
from everyhop.model.wire import Wire
from everyhop.probe.probe import sightings, survey
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.runtime.sightings import Compared
from everyhop.scan import workspace
from everyhop.scan.observe import observe
from everyhop.scan.rewrite.remedy import attach


@dataclass(frozen=True, slots=True)
class Audit:
    """The report, and what each of the application's connections told."""

    report: Report
    rows: tuple[Compared, ...]


def audit(asked: verify.Asked, settings: Settings, now: datetime) -> Audit:
    """Look at the project, at the web hops, and at the app's own connections; then judge all of it.

    Raises `SampleError` and `SourceError` as `verify` and `scan` do.
    """
    read = observe(workspace.read([asked.directory]), settings.topology)
    live = verify.look(asked, settings, now)
    found = [*read.sightings, *_sites(settings, asked.anchors, now), *live.sightings]
    report = judge(found, catalogue(), settings.policy, command="audit", started=now, topology=settings.topology)
    report = attach(report, read.settings, settings.policy)
    return Audit(verify.remedied(report, live.rows, settings.policy), live.rows)


def _sites(settings: Settings, anchors: str | None, now: datetime) -> Iterator[Sighting]:
    """The web hops that are not local; the databases are looked at beside the connections that lead to them."""
    for hop in settings.topology.hops:
        location = settings.hops[hop.name].location
        if hop.wire is not Wire.HTTP or location is None or settings.policy.is_local(hop.endpoint):
            continue
        seen = survey(location, anchors=anchors, server_name=None, now=now)
        yield from (replace(seen, hop=hop),) if isinstance(seen, Gap) else sightings(seen, settings.topology)
