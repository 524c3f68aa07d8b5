"""The listener takes plaintext connections.

A server with a certificate that also answers without it leaves the choice to every client, to every typo in a client's
settings and to every attacker on the path.

Fires on a listener that accepts plaintext where TLS is demanded; possible, where the protocol does not tell from
outside (MariaDB 10.11 answers a plaintext login with "access denied" either way).
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Listener
from everyhop.model.wire import Wire
from everyhop.rules.rule import Context, Fault, Rule


def _judge(listener: Listener, context: Context) -> Fault | None:
    low, high = listener.bounds.low.assurance, listener.bounds.high.assurance
    if context.demand.assurance is Assurance.PLAINTEXT or low >= Assurance.ENCRYPTED:
        return None
    if context.wire is Wire.HTTP or context.wire is None:
        # A web site's plain port is there to redirect: `missing-redirect` says whether it does. And an app's own server
        # is plain behind its proxy: on no hop that is known.
        return None
    if high >= Assurance.ENCRYPTED:
        return Fault(
            f"{listener.product} may accept plaintext",
            listener.why or "the protocol does not tell from outside whether plaintext is refused",
            Certainty.POSSIBLE,
        )
    offers = "has no TLS at all" if high is Assurance.PLAINTEXT else "offers TLS and takes plaintext too"
    return Fault(f"{listener.product} accepts plaintext", listener.why or f"{listener.product} {offers}")


RULE = Rule(
    name="plaintext-accepted",
    subject=Listener,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"owasp-api": "API8:2023", "asvs": "12.3.1", "pci-dss": "4.2.1"},
    page=__doc__,
    advice="give the server a certificate and let it refuse connections without TLS",
)
