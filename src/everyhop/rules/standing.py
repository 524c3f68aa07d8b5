"""How a hop stands: what its readings and findings come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from everyhop.model.evidence import RuntimeSample, Transcript
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop
from everyhop.model.posture import Bounds, settle_bounds
from everyhop.model.report import Grade, HopState
from everyhop.model.sighting import Dialer, Gap, Listener, Reading
from everyhop.rules.grade import grade_hop
from everyhop.rules.leniency import undeployed
from everyhop.rules.policy import Policy, Undeployed


def stand(
    groups: Mapping[Hop | None, Sequence[Reading]],
    findings: Iterable[Finding],
    gaps: Iterable[Gap],
    policy: Policy,
) -> tuple[HopState, ...]:
    """The state of each hop, in the order of the groups; readings without a hop have none.

    Findings and gaps are sorted by hop once: of a thousand hops each would otherwise go through all of them.
    """
    found: dict[Hop | None, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.hop, []).append(finding)
    missing = Counter(gap.hop for gap in gaps)
    return tuple(
        _state(hop, group, found.get(hop, []), missing[hop], policy) for hop, group in groups.items() if hop is not None
    )


def _state(hop: Hop, group: Sequence[Reading], findings: Sequence[Finding], missing: int, policy: Policy) -> HopState:
    """The state of one hop. A hop that nobody looked at has no grade, unless it is local.

    On a local hop nothing was demanded that could be met, so it is never better than A. What nobody deploys says
    nothing of how a hop stands, unless the policy counts it: a hop that stands only there has no grade.
    """
    only_shown = False
    if policy.undeployed is not Undeployed.SAME:
        deployed = [reading for reading in group if undeployed(reading.evidence) is None]
        only_shown, group = bool(group) and not deployed, deployed or group
    dialers = [reading.subject.bounds for reading in group if isinstance(reading.subject, Dialer)]
    listeners = [reading.subject.bounds for reading in group if isinstance(reading.subject, Listener)]
    dialer = reduce(Bounds.widen, dialers) if dialers else None
    listener = reduce(Bounds.widen, listeners) if listeners else None
    settled = settle_bounds(dialer, listener) if dialer and listener else dialer
    version = _tls_version(group)
    local = policy.is_local(hop.endpoint)
    counting = [finding for finding in findings if finding.milder is None]
    grade = grade_hop(counting, missing, listener, version) if (group or local) and not only_shown else None
    if local and grade is not None:
        grade = min(grade, Grade.A)
    return HopState(hop, dialer, listener, settled, version, local, grade)


def weakest(states: Iterable[HopState], findings: Iterable[Finding], gaps: Sequence[Gap]) -> Grade | None:
    """The grade of the weakest hop; a finding without a hop weighs as a hop of its own, and a gap caps the whole."""
    grades = [state.grade for state in states if state.grade is not None]
    loose = [finding for finding in findings if finding.hop is None and finding.milder is None]
    if loose:
        grades.append(grade_hop(loose, 0, None, None))
    if grades and gaps:
        grades.append(Grade.A_MINUS)
    return min(grades, default=None)


def _tls_version(group: Iterable[Reading]) -> str | None:
    """The version that was seen: the application's own connection counts before the probe's."""
    evidence = [item for reading in group for item in reading.evidence]
    for kind in (RuntimeSample, Transcript):
        for item in evidence:
            if isinstance(item, kind) and item.tls_version:
                return item.tls_version
    return None
