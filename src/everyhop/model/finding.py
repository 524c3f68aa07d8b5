"""A rule that a reading does not meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from everyhop.model.endpoint import Endpoint
from everyhop.model.evidence import Evidence, SourceSpan
from everyhop.model.hop import Hop
from everyhop.model.place import Place


class Severity(IntEnum):
    """How bad it is if it is so."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word in text and JSON."""
        return self.name.lower()


class Certainty(Enum):
    """How sure everyhop is: CERTAIN if even the best that is still possible falls short."""

    POSSIBLE = "possible"
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class Remediation:
    """What would end a finding: words, and where possible the text to put in place (secrets masked)."""

    text: str
    replacement: str | None = None
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Leniency:
    """Why a finding is told and weighs little: nobody deploys what it is about. `usual` is its severity elsewhere."""

    place: Place
    usual: Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, how bad, how sure, where, why, and what to do. `fingerprint` survives moved lines.

    `milder` is there where policy has lowered the severity: such a finding costs no grade.
    """

    rule: str
    severity: Severity
    certainty: Certainty
    message: str
    why: str
    cwe: tuple[str, ...]
    standards: Mapping[str, str]
    hop: Hop | None
    endpoint: Endpoint | None
    evidence: tuple[Evidence, ...]
    fingerprint: str
    remediation: Remediation | None = field(default=None)
    milder: Leniency | None = None

    @property
    def span(self) -> SourceSpan | None:
        """The place in a file, where there is one."""
        return next((item for item in self.evidence if isinstance(item, SourceSpan)), None)

    @property
    def anchor(self) -> SourceSpan | None:
        """Where to point at: its place in a file, or for what was only seen live the line that names the endpoint."""
        return self.span or (self.hop.span if self.hop else None)
