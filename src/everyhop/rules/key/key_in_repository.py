"""A private key lies in the repository.

Everybody who ever cloned it has the key, and so has every fork, mirror and build cache; taking the file out does not
take it back. Whoever has it can pose as the server that serves with it. A key of tests or examples weighs less, as the
policy's `undeployed` says: nobody should serve with it, and some day somebody does.

Fires on a PEM or OpenSSH private key that version control tracks. Possible for a key that is encrypted, or belongs to
tests or examples, or lies beside a project's sources with no version control to be seen. Silent on files that are
ignored or not added.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import Custody, KeyFile
from everyhop.rules.rule import Context, Fault, Rule


def _judge(key: KeyFile, context: Context) -> Fault | None:
    if key.custody not in (Custody.TRACKED, Custody.SHIPPED):
        return None
    sure = key.custody is Custody.TRACKED and not (key.encrypted or key.for_show)
    what = f"private key ({key.key})" if key.key else "private key"
    return Fault(
        f"{'an encrypted' if key.encrypted else 'a'} {what} is in the repository",
        "a passphrase is all that keeps everybody with a copy from using it"
        if key.encrypted
        else "everybody who has a copy of the repository can use it, also after the file is gone",
        Certainty.CERTAIN if sure else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="key-in-repository",
    subject=KeyFile,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-321", "CWE-540"),
    standards={"asvs": "13.3.1"},
    page=__doc__,
    advice="make a new key where it is used, revoke what the old one certified, and keep keys out of the repository",
)
