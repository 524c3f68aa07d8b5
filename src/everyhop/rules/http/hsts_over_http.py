"""Strict-Transport-Security is sent in plaintext, where browsers ignore it.

The header counts only over a verified connection, and must not be sent over any other (RFC 6797 sections 7.2 and 8.1).
Standing in a block for plain HTTP it protects nobody, and hides that there is no redirect.

Fires where settings add the header to answers over plain HTTP that are no redirect to HTTPS.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Site
from everyhop.rules.rule import Context, Fault, Rule


def _judge(site: Site, context: Context) -> Fault | None:
    if not site.hsts_over_http or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    return Fault(
        f"{site.product} sends Strict-Transport-Security over plain HTTP",
        "browsers ignore it there: it does nothing for whoever came without TLS",
    )


RULE = Rule(
    name="hsts-over-http",
    subject=Site,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-319",),
    standards={},
    page=__doc__,
    advice="answer plain HTTP with a redirect only, and send the header over HTTPS",
)
