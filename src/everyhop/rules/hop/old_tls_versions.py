"""The listener still speaks TLS 1.1 or older.

TLS 1.0 and 1.1 are deprecated (RFC 8996), and clients that speak nothing newer are as old as 2012.

Fires on a listener whose oldest version was seen, or is configured, below the policy's `floor` (TLS 1.2 by default).
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Listener
from everyhop.rules.rule import Context, Fault, Rule


def _judge(listener: Listener, context: Context) -> Fault | None:
    high = listener.bounds.high
    if high.assurance is Assurance.PLAINTEXT or high.floor >= context.demand.floor:
        return None
    return Fault(
        f"{listener.product} accepts {high.floor.shown if high.floor else 'TLS 1.0 or older'}",
        f"the policy's floor is {context.demand.floor.shown}; older versions are deprecated (RFC 8996)",
    )


RULE = Rule(
    name="old-tls-versions",
    subject=Listener,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-326",),
    standards={"asvs": "12.1.1", "pci-dss": "4.2.1", "nist-800-52r2": "3.1"},
    page=__doc__,
    advice="raise the server's lowest TLS version to the floor",
)
