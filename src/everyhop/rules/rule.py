"""What a rule is: a name, what it weighs, and one pure function from a subject to a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Generic, TypeVar

from everyhop.model.endpoint import Locality
from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Posture
from everyhop.model.sighting import Subject
from everyhop.model.waiver import Waiver
from everyhop.model.wire import Wire

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides its subject: the posture demanded here, the wire, and the time.

    `local` is where plaintext would be acceptable on this hop: for a dialer whose endpoint is known only in part.
    """

    demand: Posture
    wire: Wire | None
    now: datetime
    local: frozenset[Locality] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule has to say against a subject."""

    message: str
    why: str
    certainty: Certainty = Certainty.CERTAIN


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """A rule is named after the defect, so that "allow …" reads well before it.

    `page` is the module's docstring: the text of `everyhop rules NAME` and of the reference page. `standards` names the
    exact control, or is left empty where there is none. `advice` is what ends a finding where the dialer's own settings
    do not; where it is empty, the dialect writes the settings that do.
    """

    name: str
    subject: type[S] | UnionType
    severity: Severity
    judge: Callable[[S, Context], Fault | None]
    cwe: tuple[str, ...]
    standards: Mapping[str, str]
    page: str
    advice: str = ""

    def ask(self, subject: Subject | Waiver, context: Context) -> Fault | None:
        """What this rule says of a subject; nothing, if the subject is not of its kind."""
        return self.judge(subject, context) if isinstance(subject, self.subject) else None
