"""The dialer uses TLS only as long as nobody on the path objects.

libpq's default `sslmode=prefer`, PyMySQL without any `ssl_*` option and their like encrypt when the server offers it
and go on in plaintext when an answer says that it does not. That answer travels unprotected: one changed byte strips
the TLS of every connection, and neither side logs a thing.

    ?sslmode=prefer                                       # this
    ?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem      # becomes this

Fires on a dialer whose assurance is `opportunistic` where more is demanded.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.shortfall import fault_at


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    return fault_at(
        Assurance.OPPORTUNISTIC,
        dialer,
        context,
        f"the connection to {dialer.product} falls back to plaintext",
        f"the connection to {dialer.product} may fall back to plaintext",
        "TLS is used if the server offers it; whoever sits on the path answers that it does not",
    )


RULE = Rule(
    name="opportunistic-dial",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-757", "CWE-319"),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.1", "pci-dss": "4.2.1"},
    page=__doc__,
)
