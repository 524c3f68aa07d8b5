"""The dialer never speaks TLS, or is content without it.

Everything on this hop can be read and changed by whoever sits on the path: the SQL, its results, the session data. With
most MySQL drivers the password goes with it, because a server that asks for it in clear gets it.

    postgresql+psycopg://…?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem
    mysql+pymysql://…?ssl_ca=/etc/ssl/ca.pem    (PyMySQL 1.2.0 and later)

Fires on a dialer whose best possible assurance is `plaintext` where more is demanded; possible, where it may be more,
as with a URL that is known only at run time. Silent on unix sockets and, by the default policy, on the loopback.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.shortfall import fault_at


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    return fault_at(
        Assurance.PLAINTEXT,
        dialer,
        context,
        f"the connection to {dialer.product} is not encrypted",
        f"the connection to {dialer.product} may not be encrypted",
        "no TLS is asked for: everything can be read and changed on the way",
    )


RULE = Rule(
    name="plaintext-dial",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.1", "pci-dss": "4.2.1"},
    page=__doc__,
)
