"""The database server takes passwords by a method that gives them away.

`md5` stores a hash that is itself the password: whoever reads it from a backup or from `pg_authid` logs in with it, and
what crosses the network is broken by trying words, at billions a second. `password` sends it as it is. SCRAM
(RFC 5802, PostgreSQL 10) does neither.

    host all all 10.0.0.0/8 md5                   # this
    host all all 10.0.0.0/8 scram-sha-256         # becomes this

Fires on `md5` and `password` rules in `pg_hba.conf` for connections over the network, and on such an `auth_type` of
PgBouncer. `md5` is possible only: PostgreSQL uses SCRAM there for every role whose stored verifier is a SCRAM one.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import LoginRule
from everyhop.rules.rule import Context, Fault, Rule

_WHY = {
    "md5": "a role with an MD5 verifier logs in with its hash: whoever reads that has the password",
    "password": "the password crosses the wire as it is",
    "plain": "passwords are kept and compared as they are",
}


def _judge(login: LoginRule, context: Context) -> Fault | None:
    if not login.network or login.method not in _WHY:
        return None
    sure = login.method != "md5"
    return Fault(
        f"{login.product} {'takes' if sure else 'may take'} passwords by {login.method}",
        _WHY[login.method],
        Certainty.CERTAIN if sure else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="md5-password-auth",
    subject=LoginRule,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-916", "CWE-522"),
    standards={"asvs": "11.4.2"},
    page=__doc__,
    advice="set password_encryption = scram-sha-256, give every role its password again, then write scram-sha-256 here",
)
