"""What was declared and what happened exclude each other.

The settings say `verify-full` and the live connection is plaintext, or the configuration file requires TLS and the
server takes plaintext: an environment variable wins, a file was never reloaded, a wrapper changes the options. Whatever
was proven from the files alone is void.

Fires where the declared and the observed bounds of one side have nothing in common.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.sighting import Agreement
from everyhop.rules.rule import Context, Fault, Rule


def _judge(agreement: Agreement, context: Context) -> Fault | None:
    if agreement.declared.narrow(agreement.observed) is not None:
        return None
    declared, observed = agreement.declared.low.assurance, agreement.observed.high.assurance
    return Fault(
        f"{agreement.product} was declared {declared.word} and seen at most {observed.word}"
        if observed < declared
        else f"{agreement.product} does not do what was declared ({declared.word})",
        "what was declared and what was observed exclude each other: something overrides the settings",
    )


RULE = Rule(
    name="drift",
    subject=Agreement,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-440",),
    standards={},
    page=__doc__,
    advice="look for what overrides the settings (a variable, a file never reloaded, a wrapper), and look again",
)
