"""The chain that the listener shows does not lead to a trust anchor.

Self-signed, from an unknown authority, an intermediate missing: a dialer that verifies cannot connect, and so sooner or
later somebody switches verification off.

Fires where anchors were given and the chain does not lead to one of them now. An expired certificate has its own rule.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import ServedChain
from everyhop.rules.rule import Context, Fault, Rule


def _judge(served: ServedChain, context: Context) -> Fault | None:
    valid_now = served.chain.leaf.validity.contains(context.now)
    if served.trusted is not False or not valid_now or context.demand.assurance < Assurance.CHAIN_VERIFIED:
        return None
    return Fault(
        f"the certificate of {served.product} does not lead to a trust anchor",
        served.why or "no path to an anchor was found",
    )


RULE = Rule(
    name="untrusted-chain",
    subject=ServedChain,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-295",),
    standards={"asvs": "12.3.4", "pci-dss": "4.2.1"},
    page=__doc__,
    advice="serve leaf and intermediates, issued by an authority that the dialers have as an anchor",
)
