"""The policy demands a client certificate, and the app has none to show.

With `client_auth = "required"` a hop is to be authenticated from both sides: the app proves with a key of its own who
it is, so that a stolen password alone opens nothing. An app without a certificate is refused by a listener that keeps
the policy; one that is let in shows that the listener does not.

    [hop.db]
    endpoint = "postgresql://db.internal:5432"
    client_auth = "required"

    …?sslmode=verify-full&sslrootcert=ca.pem&sslcert=app.pem&sslkey=app.key

Fires on a dialer without certificate and key where `everyhop.toml` says `client_auth = "required"` for its hop;
possible, where settings that are known only at run time may name them.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import ClientAuth
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    low, high = dialer.bounds.low.client_auth, dialer.bounds.high.client_auth
    if context.demand.client_auth is not ClientAuth.REQUIRED or low is not ClientAuth.ABSENT:
        return None
    sure = high is ClientAuth.ABSENT
    return Fault(
        f"the app {'has' if sure else 'may have'} no certificate to show to {dialer.product}",
        'the policy says client_auth = "required": a password alone is not to open this hop',
        Certainty.CERTAIN if sure else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="missing-client-certificate",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-308",),
    standards={"asvs": "12.3.5", "nist-800-52r2": "4.2"},
    page=__doc__,
    advice="give the app a certificate and a key of its own and name both in its settings "
    "(sslcert and sslkey, or ssl_cert and ssl_key)",
)
