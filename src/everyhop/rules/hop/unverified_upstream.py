"""The proxy encrypts to its upstream, and believes whoever answers.

nginx, Apache and HAProxy do not look at an upstream's certificate unless they are told to: `proxy_pass https://…` alone
keeps out those who listen, and nobody who answers in the upstream's place.

    proxy_pass https://app.internal:8443;         # this needs
    proxy_ssl_verify on;                          # these as well
    proxy_ssl_trusted_certificate /etc/ssl/ca.pem;

Fires on a proxy that dials an upstream over TLS and verifies no certificate, or no name, where that is demanded; it
stands in the place of the dialers' own four rules. An upstream without any TLS is `plaintext-dial`.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.model.wire import Wire
from everyhop.rules.rule import Context, Fault, Rule
from everyhop.rules.shortfall import shortfall


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = shortfall(dialer, context) if context.wire is Wire.HTTP else None
    if found is None or found[0] is Assurance.PLAINTEXT:
        return None
    assurance, certainty = found
    what = "name of its upstream" if assurance is Assurance.CHAIN_VERIFIED else "certificate of its upstream"
    does = "does not verify" if certainty is Certainty.CERTAIN else "may not verify"
    return Fault(
        f"{dialer.driver or dialer.product} {does} the {what}",
        dialer.why or "whoever answers in the upstream's place is believed, and reads every request",
        certainty,
    )


RULE = Rule(
    name="unverified-upstream",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-295",),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.2", "nist-800-52r2": "4.5"},
    page=__doc__,
    advice="verify the upstream: nginx's proxy_ssl_verify on with proxy_ssl_trusted_certificate, Apache's "
    "SSLProxyVerify require with SSLProxyCACertificateFile, HAProxy's verify required with ca-file and verifyhost",
)
