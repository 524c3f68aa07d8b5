"""The only judge: sightings and a policy in, a report out."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from everyhop.model.evidence import Evidence, SourceSpan
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop, Topology
from everyhop.model.posture import BOTTOM
from everyhop.model.report import Report
from everyhop.model.sighting import Agreement, Gap, Reading, Sighting
from everyhop.model.waiver import Waiver
from everyhop.rules.agreement import agreed
from everyhop.rules.cause import one_for_each_cause
from everyhop.rules.leniency import weighed
from everyhop.rules.policy import Policy
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.standing import stand, weakest

_NOWHERE = Topology()


def judge(
    sightings: Iterable[Sighting],
    rules: Mapping[str, Rule[Any]],
    policy: Policy,
    *,
    command: str,
    started: datetime,
    topology: Topology = _NOWHERE,
) -> Report:
    """Hold every reading against every rule that binds it, and grade each hop.

    `topology` holds the hops that were to be looked at, in the order of the report: a local one needs nobody to look,
    any other that nobody looked at is a gap. `started` is also the time at which certificates are judged.
    """
    seen: dict[Hop | None, list[Reading]] = {hop: [] for hop in topology.hops}
    gaps: list[Gap] = []
    for sighting in sightings:
        if isinstance(sighting, Gap):
            gaps.append(sighting)
        else:
            seen.setdefault(sighting.hop, []).append(sighting)
    tried = {gap.hop for gap in gaps}
    gaps += [_nobody_looked(hop) for hop in topology.hops if not (seen[hop] or _excused(hop, tried, policy))]

    compared = {hop: agreed(group) if hop else group for hop, group in seen.items()}
    readings = [reading for group in compared.values() for reading in group]
    found = one_for_each_cause([finding for reading in readings for finding in _ask(reading, rules, policy, started)])
    found += [finding for waiver in policy.waivers for finding in _expired(waiver, rules, started)]

    waived: list[Finding] = []
    left: list[Finding] = []
    for finding in weighed(found, policy):
        excused = any(waiver.covers(finding, started.date()) for waiver in policy.waivers)
        (waived if excused else left).append(finding)
    findings = sorted(left, key=_order)
    states = stand(compared, findings, gaps, policy)
    return Report(
        command=command,
        started=started,
        hops=states,
        readings=tuple(reading for reading in readings if not isinstance(reading.subject, Agreement)),
        findings=tuple(findings),
        gaps=tuple(gaps),
        grade=weakest(states, findings, gaps),
        waived=tuple(waived),
    )


def _excused(hop: Hop, tried: Container[Hop | None], policy: Policy) -> bool:
    """A local hop needs nobody to look; one with a gap was tried."""
    return policy.is_local(hop.endpoint) or hop in tried


def _nobody_looked(hop: Hop) -> Gap:
    where = f"{hop.dialer} → {hop.listener} ({hop.endpoint or 'no endpoint'})"
    return Gap(where, "nothing looked at this hop", f"give [hop.{hop.name}] an endpoint, app or url_env", hop)


def _ask(reading: Reading, rules: Mapping[str, Rule[Any]], policy: Policy, now: datetime) -> Iterator[Finding]:
    demand = policy.demand(reading.hop, reading.endpoint)
    named = reading.hop is not None and reading.hop.name in policy.demands
    local = frozenset() if named else policy.local
    context = Context(demand, reading.hop.wire if reading.hop else None, now, local)
    for rule in rules.values():
        fault = rule.ask(reading.subject, context)
        if fault is not None:
            yield _finding(rule, fault, reading)


def _expired(waiver: Waiver, rules: Mapping[str, Rule[Any]], now: datetime) -> Iterator[Finding]:
    for rule in rules.values():
        fault = rule.ask(waiver, Context(BOTTOM, None, now))
        if fault is not None:
            yield _finding(rule, fault, None, (waiver.span,))


def _finding(rule: Rule[Any], fault: Fault, reading: Reading | None, evidence: tuple[Evidence, ...] = ()) -> Finding:
    evidence = reading.evidence if reading else evidence
    return Finding(
        rule=rule.name,
        severity=rule.severity,
        certainty=fault.certainty,
        message=fault.message,
        why=fault.why,
        cwe=rule.cwe,
        standards=rule.standards,
        hop=reading.hop if reading else None,
        endpoint=reading.endpoint if reading else None,
        evidence=evidence,
        fingerprint=_fingerprint(rule.name, fault, evidence, reading),
    )


def _fingerprint(rule: str, fault: Fault, evidence: tuple[Evidence, ...], reading: Reading | None) -> str:
    """Stable when lines move: made from the rule, the file and the (masked) text, or from the endpoint."""
    span = next((item for item in evidence if isinstance(item, SourceSpan)), None)
    place = (span.path, span.symbol, span.snippet) if span else (reading and reading.endpoint, fault.message)
    return hashlib.sha256("\0".join(map(str, (rule, *place))).encode()).hexdigest()[:32]


def _order(finding: Finding) -> tuple[object, ...]:
    span = finding.span
    place = (span.path, span.line, span.column) if span else ("", 0, 0)
    return (-finding.severity, finding.certainty.value, *place, finding.rule)
