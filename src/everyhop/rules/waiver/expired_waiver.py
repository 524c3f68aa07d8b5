"""A waiver is past its date.

Somebody decided, with a reason and until a day, that a finding is acceptable. That day has passed: the finding counts
again, and the exception has to be renewed with a reason or taken out.

Fires on a waiver whose `until` lies in the past.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.waiver import Waiver
from everyhop.rules.rule import Context, Fault, Rule


def _judge(waiver: Waiver, context: Context) -> Fault | None:
    if waiver.flaw or waiver.until is None or context.now.date() <= waiver.until:
        return None
    return Fault(
        f"the waiver of {waiver.rule} for {waiver.where} ended on {waiver.until.isoformat()}",
        f"it was given because: {waiver.reason}",
    )


RULE = Rule(
    name="expired-waiver",
    subject=Waiver,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-1188",),
    standards={},
    page=__doc__,
    advice="renew it with a reason and a date, or take it out and mend what it excused",
)
