"""A person's reasoned, dated exception."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a file, from the first to the last, both counted."""

    first: int
    last: int

    def meet(self, span: SourceSpan) -> bool:
        """Whether a place begins or ends in these lines, or goes around them."""
        return span.line <= self.last and self.first <= span.end_line


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuses the findings of one rule. `where` is a glob over paths and hop names; `until` is its last day.

    One that stands in a comment binds the `lines` of its own file and no others. `flaw` is what is wrong with how a
    waiver is written (no reason, no date): such a one excuses nothing, and `until` may be None.
    """

    rule: str
    where: str
    reason: str
    until: date | None
    span: SourceSpan
    lines: Lines | None = None
    flaw: str = ""

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether this waiver excuses that finding today."""
        if finding.rule != self.rule or self.flaw or self.until is None or today > self.until:
            return False
        if self.lines is not None:
            return finding.span is not None and finding.span.path == self.where and self.lines.meet(finding.span)
        names = [finding.span.path if finding.span else None, finding.hop.name if finding.hop else None]
        return any(name is not None and fnmatchcase(name, self.where) for name in names)
