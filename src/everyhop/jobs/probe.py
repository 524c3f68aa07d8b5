"""Probe: survey every location, judge what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from everyhop.config import Settings
from everyhop.model.location import Location
from everyhop.model.posture import Assurance
from everyhop.model.report import Grade, Report
from everyhop.model.sighting import Gap, Sighting
from everyhop.model.survey import Survey
from everyhop.probe.fleet import survey_all
from everyhop.probe.probe import DEADLINE, TIMEOUT, VersionLook, sightings, survey
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Manner:
    """How to look. `anchors_for` gives the PEM to judge a location's chain by, or None; times are in seconds."""

    anchors_for: Callable[[Location], str | None]
    server_name: str | None = None
    timeout: float = TIMEOUT
    deadline: float = DEADLINE
    concurrency: int = 8
    versions: VersionLook = VersionLook.WHERE_FREE


@dataclass(frozen=True, slots=True)
class Probed:
    """The report, and each survey with the grade of its hop, in the order of the locations."""

    report: Report
    surveys: tuple[tuple[Survey, Grade | None], ...]


def probe(
    locations: Sequence[Location],
    settings: Settings,
    manner: Manner,
    now: datetime,
    tell: Callable[[Location, Survey | Gap], None] = lambda _location, _seen: None,
) -> Probed:
    """Look at every location and judge it; `tell` hears of each as it is done."""

    def ask(location: Location) -> Survey | Gap:
        return survey(
            location,
            anchors=manner.anchors_for(location),
            server_name=manner.server_name,
            timeout=manner.timeout,
            deadline=manner.deadline,
            now=now,
            versions=manner.versions,
        )

    seen: list[Sighting] = []
    surveys: list[tuple[Survey, tuple[Sighting, ...]]] = []
    for location, result in survey_all(locations, ask, manner.concurrency):
        tell(location, result)
        if isinstance(result, Gap):
            wire = location.wire
            seen.append(replace(result, hop=settings.topology.at(location.endpoint, wire) if wire else None))
        else:
            surveys.append((result, sightings(result, settings.topology)))
            seen.extend((*surveys[-1][1], *_unjudged(result, surveys[-1][1], settings.policy)))
    report = judge(seen, catalogue(), settings.policy, command="probe", started=now)
    grades = {state.hop: state.grade for state in report.hops}
    return Probed(report, tuple((one, next((grades.get(s.hop) for s in its if s.hop), None)) for one, its in surveys))


def _unjudged(survey: Survey, readings: tuple[Sighting, ...], policy: Policy) -> Iterator[Gap]:
    """A chain that nobody judged is not a chain that holds: without a gap, a good grade would say so."""
    hop = readings[0].hop
    demanded = policy.demand(hop, survey.endpoint).assurance
    if survey.tls and survey.trusted is None and demanded >= Assurance.CHAIN_VERIFIED:
        yield Gap(
            str(survey.endpoint),
            f"whether its chain can be trusted was not judged: {survey.trust_reason}",
            "--ca FILE with the authority that the application believes, or --ca system",
            hop,
        )
