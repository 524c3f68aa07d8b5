"""The site does not tell browsers to come back over HTTPS only.

Without Strict-Transport-Security (RFC 6797) each visit that starts with `http://` gives an attacker on the path one
plain request to answer, redirect or not.

Fires on a site with HTTPS that sends no HSTS header, or one with `max-age=0`; possible, where something that was not
seen may send it (the app behind a proxy, a file that is included). Silent for IP addresses, where browsers ignore the
header, and for localhost, where it would bind every other port of the machine.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Site
from everyhop.rules.rule import Context, Fault, Rule


def _judge(site: Site, context: Context) -> Fault | None:
    sent = bool(site.hsts_max_age) or site.hsts_unread or not (site.https and site.hsts_applies)
    if sent or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    return Fault(
        f"{site.product} {'may send' if site.hsts_elsewhere else 'sends'} no Strict-Transport-Security",
        "a browser that comes by http:// again can be kept on plain HTTP",
        Certainty.POSSIBLE if site.hsts_elsewhere else Certainty.CERTAIN,
    )


RULE = Rule(
    name="missing-hsts",
    subject=Site,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"asvs": "3.4.1"},
    page=__doc__,
    advice="send Strict-Transport-Security with every answer over HTTPS, first with a short max-age",
)
