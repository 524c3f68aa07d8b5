"""A waiver excuses nothing, because it gives no reason, no last day, or no rule that there is.

An exception without a reason is one that nobody can judge later, and one without an end is no exception. What it was
to excuse still counts, so that nothing is silenced by half a sentence.

Fires on a comment `everyhop: waive[…]` that names no known rule, has no `reason="…"`, or no `until=` with a date such
as 2027-06-30. (In `everyhop.toml` the same is an error.)
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.waiver import Waiver
from everyhop.rules.rule import Context, Fault, Rule


def _judge(waiver: Waiver, context: Context) -> Fault | None:
    if not waiver.flaw:
        return None
    named = f" of {waiver.rule}" if waiver.rule else ""
    return Fault(
        f"the waiver{named} excuses nothing: {waiver.flaw}",
        'a waiver has a rule, a reason and a last day: waive[RULE] reason="…" until=2027-06-30',
    )


RULE = Rule(
    name="broken-waiver",
    subject=Waiver,
    severity=Severity.LOW,
    judge=_judge,
    cwe=("CWE-1188",),
    standards={},
    page=__doc__,
    advice='give it a rule, a reason="…" and a last day until=2027-06-30, or take it out',
)
