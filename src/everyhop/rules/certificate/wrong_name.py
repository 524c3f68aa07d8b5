"""The certificate names another host.

None of the subjectAltName's entries is the name by which the listener is dialled (RFC 9525; a CN does not count). A
dialer that verifies identity cannot connect.

Fires where the name that is dialled is known and the certificate does not contain it.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import ServedChain
from everyhop.rules.rule import Context, Fault, Rule


def _judge(served: ServedChain, context: Context) -> Fault | None:
    if served.name_matches is not False or context.demand.assurance < Assurance.IDENTITY_VERIFIED:
        return None
    all_names = served.chain.leaf.names  # a hostile listener may name thousands, of any length
    names = ", ".join([*(name[:80] for name in all_names[:5]), *(["…"] if len(all_names) > 5 else [])])
    return Fault(
        f"the certificate of {served.product} is not for {served.name}",
        f"it names {names or 'no name at all'}: a dialer that verifies identity refuses it",
    )


RULE = Rule(
    name="wrong-name",
    subject=ServedChain,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-297",),
    standards={"asvs": "12.3.4"},
    page=__doc__,
    advice="issue a certificate for the name, or the address, that the dialers use",
)
