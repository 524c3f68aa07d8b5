"""Browsers forget soon that the site is HTTPS only.

Strict-Transport-Security protects for `max-age` seconds after the last visit (RFC 6797 section 6.1.1). Whoever comes
back later starts with a plain request again. A short age is right for the first days of a roll-out.

    add_header Strict-Transport-Security "max-age=31536000" always;

Fires on a `max-age` of more than zero and less than a year (31,536,000 seconds, as OWASP ASVS 5 demands in 3.4.1).
Silent on a live localhost, where it would bind every other port of the machine.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Site
from everyhop.rules.rule import Context, Fault, Rule

_YEAR = 31_536_000  # seconds; OWASP ASVS 5.0, 3.4.1


def _judge(site: Site, context: Context) -> Fault | None:
    if not (site.https and site.hsts_applies) or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    if not site.hsts_max_age or site.hsts_max_age >= _YEAR:
        return None
    return Fault(
        f"{site.product} lets browsers forget HTTPS after {_shown(site.hsts_max_age)}",
        "a visitor who comes back later than that starts over plain HTTP again",
    )


def _shown(seconds: int) -> str:
    return f"{seconds // 86_400} days" if seconds >= 2 * 86_400 else f"{seconds} seconds"


RULE = Rule(
    name="short-hsts",
    subject=Site,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-319",),
    standards={"asvs": "3.4.1"},
    page=__doc__,
    advice="raise max-age to 31536000 (a year) once everything works over HTTPS",
)
