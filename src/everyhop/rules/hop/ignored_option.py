"""An option is written down that the driver does not know.

A typo (`sslmod=verify-full`), another driver's word (`ssl_ca` for psycopg) or a key in the wrong place. Some drivers
refuse it, some pass over it in silence, and then the connection is not what the person who wrote it believes.

Fires on every option that the dialect of this driver does not know or that this driver throws away.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import Dialer
from everyhop.rules.rule import Context, Fault, Rule

_NOTE = "ignored-option:"


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    ignored = [note.removeprefix(_NOTE) for note in dialer.notes if note.startswith(_NOTE)]
    if not ignored:
        return None
    return Fault(
        f"{dialer.driver or dialer.product} does not act on {', '.join(ignored)}",
        "an option that has no effect protects nothing",
    )


RULE = Rule(
    name="ignored-option",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-1188",),
    standards={},
    page=__doc__,
)
