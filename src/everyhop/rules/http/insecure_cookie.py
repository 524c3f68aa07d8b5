"""A cookie may travel over plain HTTP.

Without the `Secure` attribute (RFC 6265 section 4.1.2.5) a browser sends the cookie on any plain request to the same
host, one that an attacker's page can provoke. A session cookie read that way is the session.

Fires on a cookie that is set without `Secure`; possible, where settings that could not be read may say otherwise.
Silent where nothing makes the app send the cookie: Flask has no session without a secret key.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Cookie
from everyhop.rules.rule import Context, Fault, Rule


def _judge(cookie: Cookie, context: Context) -> Fault | None:
    if cookie.secure or not cookie.sent or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    known = cookie.secure is not None
    return Fault(
        f"the cookie {cookie.name!r} {'is' if known else 'may be'} set without Secure",
        "a browser also sends it over plain HTTP, where it can be read",
        Certainty.CERTAIN if known else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="insecure-cookie",
    subject=Cookie,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-614",),
    standards={"asvs": "3.3.1"},
    page=__doc__,
    advice="set SESSION_COOKIE_SECURE = True where the app is served over HTTPS",
)
