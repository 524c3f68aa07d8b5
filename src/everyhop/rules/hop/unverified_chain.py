"""The dialer encrypts, to whoever answers.

`sslmode=require` without a root certificate, PyMySQL with `ssl_cert` and `ssl_key` but no `ssl_ca`, a context with
`CERT_NONE`: the certificate is not looked at, so an attacker on the path answers with one of his own, reads everything
and passes it on.

    ?sslmode=require                                      # this
    ?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem      # becomes this

Fires on a dialer whose assurance is `encrypted` where more is demanded.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.shortfall import fault_at


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    return fault_at(
        Assurance.ENCRYPTED,
        dialer,
        context,
        f"the certificate of {dialer.product} is not verified",
        f"the certificate of {dialer.product} may not be verified",
        "any certificate is accepted: whoever answers is believed",
    )


RULE = Rule(
    name="unverified-chain",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-295",),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.2", "pci-dss": "4.2.1", "nist-800-52r2": "4.5"},
    page=__doc__,
)
