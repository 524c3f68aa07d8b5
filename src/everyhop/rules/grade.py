"""The grade of a hop and of a chain: caps, never averages.

A hop is capped by its worst certain finding (critical or high: F, medium: C, low: B); a gap, a possible finding or
anything older than TLS 1.3 on the wire caps at A-; A+ is A with TLS 1.3, and with plaintext and deprecated versions
(RFC 8996) proven refused. A chain has the grade of its weakest hop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.report import Grade

SCHEME: Final = "1"
"""The version of this scheme; it stands in every machine-readable report."""

_BEST: Final = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)

_CAPS = {
    Severity.CRITICAL: Grade.F,
    Severity.HIGH: Grade.F,
    Severity.MEDIUM: Grade.C,
    Severity.LOW: Grade.B,
}


def cap(finding: Finding) -> Grade:
    """The best grade that is left beside this finding."""
    return _CAPS[finding.severity] if finding.certainty is Certainty.CERTAIN else Grade.A_MINUS


def grade_hop(findings: Iterable[Finding], gaps: int, listener: Bounds | None, tls_version: str | None) -> Grade:
    """The grade of one hop from what was found on it, how often nobody could look, and what was seen on the wire."""
    caps = [cap(finding) for finding in findings]
    if gaps or (tls_version is not None and tls_version != "TLSv1.3"):
        caps.append(Grade.A_MINUS)
    if caps:
        return min(caps)
    proven = listener is not None and listener.low >= _BEST
    return Grade.A_PLUS if proven and tls_version == "TLSv1.3" else Grade.A
