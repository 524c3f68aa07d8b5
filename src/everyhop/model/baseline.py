"""What a project knew to be wrong on the day it began to gate its builds, by fingerprints that survive moved lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from everyhop.model.finding import Finding


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """One finding as a baseline keeps it. The fingerprint counts; all else is there for whoever reads the file.

    `where` is the file, or the endpoint of what was only seen live.
    """

    where: str
    rule: str
    fingerprint: str
    message: str

    @classmethod
    def of(cls, finding: Finding) -> Known:
        """A finding as a baseline keeps it."""
        where = finding.span.path if finding.span else str(finding.endpoint or "")
        return cls(where, finding.rule, finding.fingerprint, finding.message)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings. Two of one fingerprint are two: a third of the same kind is new."""

    known: tuple[Known, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Baseline:
        """The baseline after which none of these findings is new."""
        return cls(tuple(sorted(map(Known.of, findings))))

    def split(self, findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Known, ...]]:
        """The findings that are new, those that are known, and what is known and was not found."""
        left = Counter(known.fingerprint for known in self.known)
        new: list[Finding] = []
        old: list[Finding] = []
        for finding in findings:
            if left[finding.fingerprint] > 0:
                left[finding.fingerprint] -= 1
                old.append(finding)
            else:
                new.append(finding)
        gone: list[Known] = []
        for known in reversed(self.known):
            if left[known.fingerprint] > 0:
                left[known.fingerprint] -= 1
                gone.append(known)
        return tuple(new), tuple(old), tuple(reversed(gone))
