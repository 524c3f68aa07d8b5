"""The certificate lives for years.

Revocation is hardly ever looked at, so a stolen key is of use for as long as its certificate lives. A certificate
of ten years also outlives everybody who knows how to renew it. Public authorities may issue for 200 days at most since
March 2026 (CA/Browser Forum ballot SC-081); for private ones Apple's systems refuse more than 825.

Fires on a leaf that is valid for more than 825 days. Silent on the certificates of authorities.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import ServedChain
from everyhop.rules.rule import Context, Fault, Rule

_MOST_DAYS = (
    825  # Apple, "Requirements for trusted certificates in iOS 13 and macOS 10.15": also for private authorities
)


def _judge(served: ServedChain, context: Context) -> Fault | None:
    validity = served.chain.leaf.validity
    days = (validity.not_after - validity.not_before).days
    if days <= _MOST_DAYS or served.issues:
        return None
    return Fault(
        f"the certificate of {served.product} is valid for {days} days",
        "a stolen key can be used for as long as that: hardly anybody looks at revocation",
    )


RULE = Rule(
    name="long-lived-leaf",
    subject=ServedChain,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-299",),
    standards={},
    page=__doc__,
    advice="issue for 90 days, and let a timer renew it",
)
