"""Several listeners serve with one private key.

A key that stands in two servers has two ways to be stolen, and whoever takes it from the weaker one can pose as the
other. A certificate for the web site, copied to the database, makes the database's files open the web site.

Fires where settings in this tree give the same key file to listeners of different products, or of different services.
Possible, where the file itself is not here: one path can be two files on two machines. Silent on several sites of one
web server: that is one place where the key lies.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import Custody, KeyFile
from everyhop.rules.rule import Context, Fault, Rule


def _judge(key: KeyFile, context: Context) -> Fault | None:
    if len(key.used_by) < 2:
        return None
    return Fault(
        f"{' and '.join(key.used_by)} serve with the same key, {key.path}",
        "whoever takes it from one of them can pose as the other",
        Certainty.POSSIBLE if key.custody is Custody.ELSEWHERE else Certainty.CERTAIN,
    )


RULE = Rule(
    name="shared-key",
    subject=KeyFile,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-668",),
    standards={},
    page=__doc__,
    advice="give each listener a key and a certificate of its own",
)
