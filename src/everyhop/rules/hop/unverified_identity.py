"""The dialer verifies the chain and not the name.

`sslmode=verify-ca`, `sslmode=require` with a root certificate, `VERIFY_CA`: any certificate from the same authority
will do. With a public authority that is anybody's; with an internal one it is every other service's.

    ?sslmode=verify-ca&sslrootcert=/etc/ssl/ca.pem        # this
    ?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem      # becomes this

Fires on a dialer whose assurance is `verify-ca` where `verify-full` is demanded.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.shortfall import fault_at


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    return fault_at(
        Assurance.CHAIN_VERIFIED,
        dialer,
        context,
        f"the name in the certificate of {dialer.product} is not verified",
        f"the name in the certificate of {dialer.product} may not be verified",
        "every certificate of the same authority is accepted, whatever name it was issued for",
    )


RULE = Rule(
    name="unverified-identity",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-297",),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.2", "nist-800-52r2": "4.5"},
    page=__doc__,
)
