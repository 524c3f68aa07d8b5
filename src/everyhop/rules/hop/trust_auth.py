"""The database server lets people in over the network without asking who they are.

`trust` believes whatever role a client names, superuser included; `ident` believes what the client's own machine says
of its user. Everybody who reaches the port is in.

    host all all 10.0.0.0/8 trust                 # this
    hostssl all all 10.0.0.0/8 scram-sha-256      # becomes this

Fires on `trust` and `ident` rules in `pg_hba.conf` that speak of the network, on `auth_type = any` and `trust` of
PgBouncer, and on `POSTGRES_HOST_AUTH_METHOD=trust`. Silent on sockets, the loopback and rules for no other network.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import LoginRule
from everyhop.rules.rule import Context, Fault, Rule

_TRUSTING = frozenset({"trust", "ident", "any"})


def _judge(login: LoginRule, context: Context) -> Fault | None:
    if not login.network or login.method not in _TRUSTING:
        return None
    return Fault(
        f"{login.product} lets clients in by {login.method}",
        "whoever reaches the port is whoever he says he is: no password is asked for",
    )


RULE = Rule(
    name="trust-auth",
    subject=LoginRule,
    severity=Severity.CRITICAL,
    judge=_judge,
    cwe=("CWE-306",),
    standards={"owasp-api": "API2:2023", "asvs": "13.2.1"},
    page=__doc__,
    advice="ask for a password by scram-sha-256, or for a certificate by cert",
)
