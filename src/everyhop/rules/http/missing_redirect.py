"""The site answers on plain HTTP instead of sending the browser to HTTPS.

People type a name without a scheme. What the site then answers in plaintext, and every form and cookie on that page, is
anybody's to read and change.

Fires where a site with HTTPS answers on its plain-HTTP port with anything but a redirect to HTTPS. A site without any
HTTPS is `plaintext-dial`.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Site
from everyhop.rules.rule import Context, Fault, Rule


def _judge(site: Site, context: Context) -> Fault | None:
    if not site.https or site.redirects is not False or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    return Fault(
        f"{site.product} serves the site over plain HTTP",
        "the plain-HTTP port answers itself instead of redirecting to HTTPS",
    )


RULE = Rule(
    name="missing-redirect",
    subject=Site,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"asvs": "12.2.1", "pci-dss": "4.2.1"},
    page=__doc__,
    advice="let the plain-HTTP port answer with a redirect to https:// and nothing else",
)
