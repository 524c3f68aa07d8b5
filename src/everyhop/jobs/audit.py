"""Audit: scan, probe and sample together over everyhop.toml; one report on every hop."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from everyhop.config import Settings
from everyhop.deploy import profiles
from everyhop.jobs import verify
from everyhop.jobs.scan import PROFILE
from everyhop.model.hop import Hop
from everyhop.model.report import Report
from everyhop.model.sighting import Gap, Sighting
from everyhop.model.wire import Wire
from everyhop.probe.probe import sightings, survey
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.runtime.sample import Sample
from everyhop.runtime.sightings import Compared
from everyhop.scan import workspace
from everyhop.scan.observe import observe
from everyhop.scan.quote import quoted
from everyhop.scan.rewrite.announce import announced
from everyhop.scan.rewrite.remedy import attach


@dataclass(frozen=True, slots=True)
class Audit:
    """The report, the samples of the applications, and what each of their connections told."""

    report: Report
    samples: tuple[Sample, ...]
    rows: tuple[Compared, ...]


def audit(asked: verify.Asked, settings: Settings, now: datetime, *, web_anchors: str | None = None) -> Audit:
    """Look at the project, at the listeners, and at the app's own connections; then judge all of it.

    `web_anchors` is the PEM to judge the web hops' chains by, where it is another than the databases'. Raises
    `SampleError` and `SourceError` as `verify` and `scan` do.
    """
    read = workspace.read([asked.directory])
    observed = observe(read, settings.topology)
    live = verify.look(asked, settings, now)
    told = {row.hop for row in live.rows}
    found = [*observed.sightings, *_listeners(settings, told, asked.anchors, web_anchors, now), *live.sightings]
    policy = replace(settings.policy, waivers=(*settings.policy.waivers, *observed.waivers))
    report = judge(found, catalogue(), policy, command="audit", started=now, topology=settings.topology)
    sources = {source.path: source for source in read.sources}
    report = verify.remedied(attach(report, observed.settings, policy), live.rows, policy)
    report = announced(report, observed.settings, policy, sources, profiles.load(PROFILE))
    texts = {source.path: source.text for source in read.sources}
    return Audit(quoted(report, texts.get), live.samples, live.rows)


def _listeners(
    settings: Settings, told: Container[Hop | None], anchors: str | None, web_anchors: str | None, now: datetime
) -> Iterator[Sighting]:
    """The listeners of hops that are not local; where the app's own connection leads, `verify` has looked already."""
    for hop in settings.topology.hops:
        location = settings.hops[hop.name].location
        if hop in told or location is None or settings.policy.is_local(hop.endpoint):
            continue
        pem = web_anchors or anchors if hop.wire is Wire.HTTP else anchors
        seen = survey(location, anchors=pem, server_name=None, now=now)
        yield from (replace(seen, hop=hop),) if isinstance(seen, Gap) else sightings(seen, settings.topology)
