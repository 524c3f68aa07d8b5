"""A person's reasoned, dated exception."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuses the findings of one rule. `where` is a glob over paths and hop names; `until` is its last day."""

    rule: str
    where: str
    reason: str
    until: date
    span: SourceSpan

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether this waiver excuses that finding today."""
        if finding.rule != self.rule or today > self.until:
            return False
        names = [finding.span.path if finding.span else None, finding.hop.name if finding.hop else None]
        return any(name is not None and fnmatchcase(name, self.where) for name in names)
