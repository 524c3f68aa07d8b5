"""The app is handed a server's own private key.

`ssl_cert` and `ssl_key` are the *app's* certificate and key, to be shown to a server that asks for them. Guides that
point them at the database server's files (`server-key.pem`, `/etc/letsencrypt/live/…/privkey.pem`) make nothing safer:
the connection is as unverified as before. They hand the one secret that proves the server's identity to every machine
that the app runs on. Whoever takes over the app, or reads its image, can pose as the server to everybody who does
verify it.

    ?ssl_cert=/etc/mysql/server-cert.pem&ssl_key=/etc/mysql/server-key.pem
    ?ssl_ca=/etc/ssl/certs/internal-ca.pem    (in its place)

Fires where the client key of a dialer is the file that a listener of the same project serves with, lies below
`/etc/letsencrypt/live/` or among a database server's own files (`/etc/mysql/`, `/var/lib/postgresql/` …), or is named
as servers' keys are named (`server.key`, `server-key.pem`, CockroachDB's `node.key`). Possible for a `privkey.pem`
elsewhere: certbot names a server's key so, and OpenSSL any. Silent on paths with `client` in them.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import Dialer
from everyhop.rules.noted import noted
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = noted(dialer, "server-key")
    if found is None:
        return None
    sure = found.certainty is Certainty.CERTAIN
    return Fault(
        f"the key that the app shows to {dialer.product} {'is' if sure else 'may be'} a server's own: {found.shown}",
        "whoever takes over the app can pose as that server; to verify a server its authority's certificate is enough",
        found.certainty,
    )


RULE = Rule(
    name="server-key-as-client-key",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-522",),
    standards={"asvs": "13.3.2"},
    page=__doc__,
    advice="take certificate and key out and name the authority instead (ssl_ca, sslrootcert); "
    "where the server asks for a certificate, give the app one of its own",
)
