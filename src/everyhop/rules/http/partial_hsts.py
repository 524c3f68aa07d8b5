"""Some answers of the site leave without its Strict-Transport-Security.

nginx inherits `add_header` all or nothing: one of them in a location drops those of the server around it, this header
too. And without `always` it stands on successful answers and redirects only: a visit that ends with 404 or 502 sets
nothing.

    server {
        add_header Strict-Transport-Security "max-age=31536000" always;
        location /static/ {
            # the next line drops the one above: say it again here
            add_header Cache-Control "public";
        }
    }

Fires where the site sends the header and some of its answers go without. A site that never sends it is `missing-hsts`.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Site
from everyhop.rules.rule import Context, Fault, Rule


def _judge(site: Site, context: Context) -> Fault | None:
    if not (site.https and site.hsts_applies and site.hsts_max_age) or not site.hsts_without:
        return None
    if context.demand.assurance is Assurance.PLAINTEXT:
        return None
    return Fault(
        f"{site.product} leaves Strict-Transport-Security out of some answers: {'; '.join(site.hsts_without)}",
        "a browser that sees only these answers is not told to stay on HTTPS",
    )


RULE = Rule(
    name="partial-hsts",
    subject=Site,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"asvs": "3.4.1"},
    page=__doc__,
    advice="write the header again where others are added, with always",
)
