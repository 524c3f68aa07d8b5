"""The certificate is not valid now.

Its last day has passed, or its first has not come. Dialers that verify refuse it; those that still connect do not
verify.

Fires where the leaf's validity does not contain the present time. Silent on a file of authorities: which of them is
believed, and whether any is still asked for, is not to be seen in it.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import ServedChain
from everyhop.rules.rule import Context, Fault, Rule


def _judge(served: ServedChain, context: Context) -> Fault | None:
    validity = served.chain.leaf.validity
    if validity.contains(context.now) or served.issues:
        return None
    if context.now > validity.not_after:
        message, why = "has expired", f"its last second was {validity.not_after.isoformat()}"
    else:
        message, why = "is not valid yet", f"its first second is {validity.not_before.isoformat()}"
    return Fault(f"the certificate of {served.product} {message}", why)


RULE = Rule(
    name="expired-certificate",
    subject=ServedChain,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-298",),
    standards={"asvs": "12.3.4", "pci-dss": "4.2.1"},
    page=__doc__,
    advice="renew the certificate, and let a timer renew it from now on",
)
