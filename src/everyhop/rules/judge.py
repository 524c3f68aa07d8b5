"""The only judge: sightings and a policy in, a report out.

Two readings of one side of a hop are compared before they are judged: what they leave possible together is what the
rules see, and where they exclude each other, that is drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import combinations
from typing import Any

from everyhop.model.evidence import RuntimeSample, SourceSpan, Transcript
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop
from everyhop.model.posture import UNKNOWN, Bounds, settle_bounds
from everyhop.model.report import Grade, HopState, Report
from everyhop.model.sighting import Agreement, Dialer, Gap, Listener, Origin, Reading, Sighting
from everyhop.rules.grade import grade_hop
from everyhop.rules.policy import Policy
from everyhop.rules.rule import Context, Fault, Rule


def judge(
    sightings: Iterable[Sighting],
    rules: Mapping[str, Rule[Any]],
    policy: Policy,
    *,
    command: str,
    started: datetime,
) -> Report:
    """Hold every reading against every rule that binds it, and grade each hop.

    `started` is also the time at which certificates are judged. Linear in the readings of each hop.
    """
    sightings = tuple(sightings)
    gaps = tuple(sighting for sighting in sightings if isinstance(sighting, Gap))
    seen = tuple(sighting for sighting in sightings if isinstance(sighting, Reading))
    readings = tuple(reading for _, group in _by_hop(seen) for reading in _agreed(group))
    found = [finding for reading in readings for finding in _ask(reading, rules, policy, started)]
    found = _merged(found)
    today = started.date()
    waived = [finding for finding in found if any(w.covers(finding, today) for w in policy.waivers)]
    findings = sorted((f for f in found if f not in waived), key=_order)
    states = tuple(_state(hop, group, findings, gaps, policy) for hop, group in _by_hop(readings) if hop is not None)
    kept = tuple(reading for reading in readings if not isinstance(reading.subject, Agreement))
    return Report(command, started, states, kept, tuple(findings), gaps, _weakest(states, findings), tuple(waived))


def _by_hop(readings: Iterable[Reading]) -> Iterable[tuple[Hop | None, list[Reading]]]:
    groups: dict[Hop | None, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(reading.hop, []).append(reading)
    return groups.items()


def _agreed(group: list[Reading]) -> list[Reading]:
    """The readings of one hop, each narrowed by the others of its side; an `Agreement` where they exclude each other.

    Several declared dialers on one hop may be several programs: they are only compared with what was observed if there
    is one of them.
    """
    if group[0].hop is None:
        return group
    agreed = [reading for reading in group if not isinstance(reading.subject, Dialer | Listener)]
    dialers = [(reading, reading.subject) for reading in group if isinstance(reading.subject, Dialer)]
    listeners = [(reading, reading.subject) for reading in group if isinstance(reading.subject, Listener)]
    programs = sum(reading.origin is Origin.DECLARED for reading, _ in dialers)
    agreed += _compared(dialers) if programs < 2 else [reading for reading, _ in dialers]
    return agreed + _compared(listeners)


def _compared(side: Sequence[tuple[Reading, Dialer | Listener]]) -> list[Reading]:
    clash = next(((a, b) for a, b in combinations(side, 2) if a[1].bounds.narrow(b[1].bounds) is None), None)
    if clash is not None:
        (first, promised), (second, seen) = sorted(clash, key=lambda pair: pair[0].origin is Origin.OBSERVED)
        agreement = Agreement(promised.product, promised.bounds, seen.bounds)
        return [r for r, _ in side] + [replace(first, subject=agreement, evidence=first.evidence + second.evidence)]
    # Intervals that meet in pairs have a point in common (they are boxes in a product of chains), so this is not None.
    common = reduce(lambda bounds, pair: bounds.narrow(pair[1].bounds) or bounds, side, UNKNOWN)
    return [replace(reading, subject=replace(subject, bounds=common)) for reading, subject in side]


def _ask(reading: Reading, rules: Mapping[str, Rule[Any]], policy: Policy, now: datetime) -> Iterable[Finding]:
    demand = policy.demand(reading.hop, reading.endpoint)
    context = Context(demand, reading.hop.wire if reading.hop else None, now)
    for rule in rules.values():
        fault = rule.ask(reading.subject, context)
        if fault is not None:
            yield _finding(rule, fault, reading)


def _finding(rule: Rule[Any], fault: Fault, reading: Reading) -> Finding:
    return Finding(
        rule=rule.name,
        severity=rule.severity,
        certainty=fault.certainty,
        message=fault.message,
        why=fault.why,
        cwe=rule.cwe,
        standards=rule.standards,
        hop=reading.hop,
        endpoint=reading.endpoint,
        evidence=reading.evidence,
        fingerprint=_fingerprint(rule.name, fault, reading),
    )


def _fingerprint(rule: str, fault: Fault, reading: Reading) -> str:
    """Stable when lines move: made from the rule, the file and the (masked) text, or from the endpoint."""
    span = next((item for item in reading.evidence if isinstance(item, SourceSpan)), None)
    place = (span.path, span.symbol, span.snippet) if span else (str(reading.endpoint), fault.message)
    return hashlib.sha256("\0".join(map(str, (rule, *place))).encode()).hexdigest()[:32]


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding per rule, hop and place: what was seen live is evidence for the place in the file that causes it."""
    groups: dict[tuple[str, Hop | None, str], list[Finding]] = {}
    for finding in findings:
        alone = finding.fingerprint if finding.hop is None else ""
        groups.setdefault((finding.rule, finding.hop, alone), []).append(finding)
    merged: list[Finding] = []
    for group in groups.values():
        placed = {finding.fingerprint: finding for finding in group if finding.span}
        live = [finding for finding in group if not finding.span]
        if not placed:
            distinct = {finding.message: finding for finding in reversed(live)}
            placed = {finding.fingerprint: finding for finding in reversed(distinct.values())}
        for finding in placed.values():
            seen = [item for other in live for item in other.evidence]
            evidence = tuple(dict.fromkeys([*finding.evidence, *seen]))
            merged.append(replace(finding, evidence=evidence))
    return merged


def _order(finding: Finding) -> tuple[object, ...]:
    span = finding.span
    place = (span.path, span.line, span.column) if span else ("", 0, 0)
    return (-finding.severity, finding.certainty.value, *place, finding.rule)


def _state(hop: Hop, group: list[Reading], findings: list[Finding], gaps: tuple[Gap, ...], policy: Policy) -> HopState:
    dialers = [reading.subject.bounds for reading in group if isinstance(reading.subject, Dialer)]
    listeners = [reading.subject.bounds for reading in group if isinstance(reading.subject, Listener)]
    dialer = reduce(Bounds.widen, dialers) if dialers else None
    listener = reduce(Bounds.widen, listeners) if listeners else None
    settled = settle_bounds(dialer, listener) if dialer and listener else dialer
    version = _tls_version(group)
    mine = [finding for finding in findings if finding.hop == hop]
    missing = sum(gap.hop == hop for gap in gaps)
    grade = grade_hop(mine, missing, listener, version)
    return HopState(hop, dialer, listener, settled, version, policy.is_local(hop.endpoint), grade)


def _tls_version(group: list[Reading]) -> str | None:
    """The version that was seen: the application's own connection counts before the probe's."""
    evidence = [item for reading in group for item in reading.evidence]
    for kind in (RuntimeSample, Transcript):
        for item in evidence:
            if isinstance(item, kind) and item.tls_version:
                return item.tls_version
    return None


def _weakest(states: tuple[HopState, ...], findings: list[Finding]) -> Grade | None:
    """The grade of the weakest hop; a finding without a hop weighs as a hop of its own."""
    grades = [state.grade for state in states if state.grade is not None]
    loose = [finding for finding in findings if finding.hop is None]
    if loose:
        grades.append(grade_hop(loose, 0, None, None))
    return min(grades, default=None)
