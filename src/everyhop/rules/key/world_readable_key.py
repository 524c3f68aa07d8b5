"""Every user of the machine can read a private key.

A key file belongs to the one account that serves with it. Readable by all, any program that runs there, and anybody who
finds a way to make one read a file, has the identity of the server.

    chmod 600 /etc/ssl/private/app.key

Fires on a key whose file mode lets others read it. Silent on files in a repository (a checkout has its own modes;
`key-in-repository` is told of them) and on encrypted keys.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import Custody, KeyFile
from everyhop.rules.rule import Context, Fault, Rule

_OTHERS_READ = 0o004


def _judge(key: KeyFile, context: Context) -> Fault | None:
    if key.mode is None or not key.mode & _OTHERS_READ or key.encrypted:
        return None
    if key.custody is not Custody.KEPT:
        return None
    return Fault(
        f"the key {key.path} is readable by every user (mode {key.mode:04o})",
        "any program on this machine can take the identity of the server that serves with it",
    )


RULE = Rule(
    name="world-readable-key",
    subject=KeyFile,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-732",),
    standards={"asvs": "13.3.2"},
    page=__doc__,
    advice="chmod 600, owned by the account that serves with it",
)
