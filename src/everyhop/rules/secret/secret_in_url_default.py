"""A variable that is not set falls back to a password in the source.

`os.environ.get("DATABASE_URL", "postgresql://app:s3cr3t@db/app")` and `${DB_PASSWORD:-s3cr3t}` keep a working password
in the repository. Worse, a deployment that lost its variable does not stop: it logs in with the default, and nobody is
told.

    os.environ.get("DB_PASSWORD", "s3cr3t")    # this
    os.environ["DB_PASSWORD"]                  # becomes this

Fires on a literal password in the default of an environment variable or of a function's parameter, in Python source and
in compose files. Possible, where the word is one that is often written as an example (`postgres`, `password`, the
user's own name). Silent where the default leads to the loopback or a unix socket: that is a developer's own database;
and on tests, examples and documentation.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import Dialer
from everyhop.rules.noted import noted
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = noted(dialer, "default-secret")
    if found is None:
        return None
    return Fault(
        f"without {found.shown} the app logs in to {dialer.product} with a password from the source",
        "whoever reads the source knows the default, and a deployment without the variable uses it without a word",
        found.certainty,
    )


RULE = Rule(
    name="secret-in-url-default",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-798", "CWE-1188"),
    standards={"asvs": "13.3.1", "pci-dss": "8.6.2"},
    page=__doc__,
    advice="leave the default out, so that the app stops where the variable is missing, and change that password",
)
