"""What nobody deploys is judged more mildly: findings in tests, documentation and examples alone.

A pipeline is deployed from, so what stands in one counts. So does a finding that somebody has seen live, and one of
whose places any is deployed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.evidence import Evidence, FileState, SourceSpan
from everyhop.model.finding import Finding, Leniency, Severity
from everyhop.model.place import Place, place_of
from everyhop.rules.policy import Policy, Undeployed

_UNDEPLOYED: Final = frozenset({Place.TESTS, Place.DOCS, Place.EXAMPLE})


def weighed(findings: Iterable[Finding], policy: Policy) -> Iterator[Finding]:
    """The findings as the policy weighs them; those that it leaves out are gone."""
    for finding in findings:
        place = undeployed(finding.evidence)
        if place is None or policy.undeployed is Undeployed.SAME:
            yield finding
        elif policy.undeployed is Undeployed.MILDER:
            usual = finding.severity
            yield replace(finding, severity=Severity.LOW, milder=Leniency(place, usual))


def undeployed(evidence: Iterable[Evidence]) -> Place | None:
    """Where all of the evidence lies, if nobody deploys any of it; of several places the first."""
    places = [place_of(item.path) if isinstance(item, SourceSpan | FileState) else Place.DEPLOYED for item in evidence]
    return places[0] if places and _UNDEPLOYED.issuperset(places) else None
