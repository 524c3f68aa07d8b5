"""An option is written down that has no effect.

A typo (`sslmod=verify-full`), another driver's word, a key in the wrong place, or one that is thrown away because of
another: the connection is not what the person who wrote it believes.

    # PyMySQL takes `ca`; this dict turns TLS on and verifies nothing
    pymysql.connect(host="db.internal", ssl={"ssl_ca": "/etc/ssl/ca.pem"})

Fires on every option that this driver passes over in silence. Silent on one that it refuses (a TypeError, a
ValueError): with that nothing connects, so nothing is exposed; `everyhop explain` names it and what is raised.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import Dialer
from everyhop.rules.noted import noted
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = noted(dialer, "ignored-option")
    if found is None:
        return None
    return Fault(
        f"{dialer.driver or dialer.product} does not act on {found.shown}",
        "an option that has no effect protects nothing",
    )


RULE = Rule(
    name="ignored-option",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-440",),
    standards={},
    page=__doc__,
)
