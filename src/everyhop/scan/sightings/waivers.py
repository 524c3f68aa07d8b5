"""Comments that waive, as waivers of their own file."""

from __future__ import annotations

from collections.abc import Iterator

from everyhop.model.evidence import SourceSpan
from everyhop.model.nearest import did_you_mean
from everyhop.model.secret import masked
from everyhop.model.waiver import Lines, Waiver
from everyhop.rules.catalogue import catalogue
from everyhop.scan.syntax import waive
from everyhop.scan.workspace import Kind, Source


def read(source: Source) -> Iterator[Waiver]:
    """A waiver for each rule that a comment names; one that is badly written excuses nothing, and says why."""
    if waive.MARK not in source.text:
        return
    for found in waive.in_python(source.text) if source.kind is Kind.PYTHON else waive.in_lines(source.text):
        at = found.span
        span = SourceSpan(source.path, at.line, at.column, at.end_line, at.end_column, masked(found.text))
        lines = Lines(found.first, found.last)
        for rule in found.rules or ("",):
            flaw = found.flaw
            if rule and rule not in catalogue():
                flaw = f"there is no rule {rule!r}{did_you_mean(rule, catalogue())}"
            yield Waiver(rule, source.path, found.reason, found.until, span, lines, flaw)
