"""What was seen, what is wrong with it, and the grade that it earns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from everyhop.model.baseline import Known
from everyhop.model.finding import Finding
from everyhop.model.hop import Hop
from everyhop.model.posture import Bounds
from everyhop.model.sighting import Gap, Reading


class Grade(IntEnum):
    """From caps, never from averages (the caps are `rules.grade`)."""

    F = 0
    C = 1
    B = 2
    A_MINUS = 3
    A = 4
    A_PLUS = 5

    @property
    def word(self) -> str:
        """`A+`, `A`, `A-`, `B`, `C`, `F`."""
        return self.name.replace("_PLUS", "+").replace("_MINUS", "-")


@dataclass(frozen=True, slots=True)
class HopState:
    """A hop as it stands: what is known of either side (None: not looked at), and what that makes.

    `tls_version` is the version that a connection was seen to use, if one was.
    `local` says that policy accepts plaintext here.
    """

    hop: Hop
    dialer: Bounds | None
    listener: Bounds | None
    settled: Bounds | None
    tls_version: str | None
    local: bool
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a command has to say; `render` turns it into text, JSON, HTML and what build servers read.

    `waived` are findings that a dated, reasoned waiver covers: they cost no grade and no exit code, and stay visible.
    `known` are those of a baseline: they cost no exit code, while the grade stays what it is. `gone` is what the
    baseline names and nobody finds any more.
    """

    command: str
    started: datetime
    hops: tuple[HopState, ...]
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    grade: Grade | None
    waived: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    gone: tuple[Known, ...] = ()
