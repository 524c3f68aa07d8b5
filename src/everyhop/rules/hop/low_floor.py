"""The dialer still speaks a protocol version below the floor.

TLS 1.0 and 1.1 are deprecated (RFC 8996): they rest on SHA-1 and MD5 and lack authenticated encryption. A dialer that
accepts them can be talked down to them.

    ?ssl_min_protocol_version=TLSv1.2                     # libpq
    context.minimum_version = ssl.TLSVersion.TLSv1_2      # an SSLContext

Fires on a dialer that may use TLS and whose oldest version is below the policy's `floor` (TLS 1.2 by default). Where
the floor is not known, only on a dialer that insists on TLS: without that the version is the lesser worry.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    low, high = dialer.bounds.low, dialer.bounds.high
    if low.floor >= context.demand.floor or high.assurance is Assurance.PLAINTEXT:
        return None
    if high.floor >= context.demand.floor and low.assurance < Assurance.ENCRYPTED:
        return None
    return Fault(
        f"the connection to {dialer.product} may use {low.floor.shown if low.floor else 'any version of TLS'}",
        f"the policy's floor is {context.demand.floor.shown}; older versions are deprecated (RFC 8996)",
        Certainty.CERTAIN if high.floor < context.demand.floor else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="low-floor",
    subject=Dialer,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-326",),
    standards={"asvs": "12.1.1", "pci-dss": "4.2.1", "nist-800-52r2": "4.1"},
    page=__doc__,
)
