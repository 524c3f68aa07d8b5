"""How a hop stands: what its readings and findings come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from everyhop.model.evidence import RuntimeSample, Transcript
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop
from everyhop.model.posture import Bounds, settle_bounds
from everyhop.model.report import Grade, HopState
from everyhop.model.sighting import Dialer, Gap, Listener, Reading
from everyhop.rules.grade import grade_hop
from everyhop.rules.policy import Policy


def stand(
    hop: Hop, group: Sequence[Reading], findings: Iterable[Finding], gaps: Iterable[Gap], policy: Policy
) -> HopState:
    """The state of one hop. A hop that nobody looked at has no grade, unless it is local.

    On a local hop nothing was demanded that could be met, so it is never better than A.
    """
    dialers = [reading.subject.bounds for reading in group if isinstance(reading.subject, Dialer)]
    listeners = [reading.subject.bounds for reading in group if isinstance(reading.subject, Listener)]
    dialer = reduce(Bounds.widen, dialers) if dialers else None
    listener = reduce(Bounds.widen, listeners) if listeners else None
    settled = settle_bounds(dialer, listener) if dialer and listener else dialer
    version = _tls_version(group)
    local = policy.is_local(hop.endpoint)
    mine = [finding for finding in findings if finding.hop == hop]
    missing = sum(gap.hop == hop for gap in gaps)
    grade = grade_hop(mine, missing, listener, version) if group or local else None
    if local and grade is not None:
        grade = min(grade, Grade.A)
    return HopState(hop, dialer, listener, settled, version, local, grade)


def weakest(states: Iterable[HopState], findings: Iterable[Finding], gaps: Sequence[Gap]) -> Grade | None:
    """The grade of the weakest hop; a finding without a hop weighs as a hop of its own, and a gap caps the whole."""
    grades = [state.grade for state in states if state.grade is not None]
    loose = [finding for finding in findings if finding.hop is None]
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
