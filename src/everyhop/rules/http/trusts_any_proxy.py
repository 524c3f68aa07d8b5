"""The app believes anybody about where a request came from.

`X-Forwarded-For` and `X-Forwarded-Proto` are a proxy's word, and anybody can write them. An app that takes them from
every peer takes a stranger's address for the log and the rate limit, and a plain request for HTTPS.

    FORWARDED_ALLOW_IPS=*                         # this
    FORWARDED_ALLOW_IPS=10.0.0.5                  # becomes this

Fires on `forwarded_allow_ips = "*"` of gunicorn and uvicorn, `--forwarded-allow-ips=*`, and `FORWARDED_ALLOW_IPS=*`.
Silent where the server listens on a unix socket or the loopback only: then nobody but the proxy can be the peer.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import ProxyTrust
from everyhop.rules.rule import Context, Fault, Rule


def _judge(trust: ProxyTrust, context: Context) -> Fault | None:
    if "*" not in trust.trusted.split(","):
        return None
    return Fault(
        f"{trust.product} takes X-Forwarded-… from anybody",
        "a client that reaches it writes its own address and scheme: a plain request passes for HTTPS",
    )


RULE = Rule(
    name="trusts-any-proxy",
    subject=ProxyTrust,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-348",),
    standards={"asvs": "4.1.3"},
    page=__doc__,
    advice="name the addresses of the proxies in front, or listen on a unix socket that only the proxy can open",
)
