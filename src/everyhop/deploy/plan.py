"""From what is there and what is wanted to the changes that lead from one to the other. Touches no machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from everyhop.deploy.change import Change, MakeDirectory, WriteFile
from everyhop.deploy.files import Files
from everyhop.model.posture import Assurance, Bounds, Posture
from everyhop.model.profile import Profile
from everyhop.model.report import Report


class Target(Protocol):
    """One listener, proxy or application that is to be changed, with what is wanted of it."""

    @property
    def listener(self) -> str:
        """Its name in the topology (for an application: its name as a dialer)."""
        ...

    def paths(self) -> tuple[str, ...]:
        """The files and directories that `changes` needs to know of, to be read by `look`."""
        ...

    def changes(self, files: Files, profile: Profile) -> tuple[Change, ...]:
        """Every change, whether it is still to be made or not. Raises `SettingsError` or `SourceError`."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order in which they are made."""

    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def text(self) -> str:
        """What is going to happen, for a person to read before it does."""
        return "\n".join(change.text() for change in self.changes) or "nothing to do"

    def without(self, done: Iterable[Change]) -> Plan:
        """What is left when these are done; a listener with no file left to write needs no reload either."""
        made = {id(change) for change in done}
        left = [change for change in self.changes if id(change) not in made]
        busy = {change.listener for change in left if isinstance(change, WriteFile)}
        return Plan(tuple(change for change in left if change.listener in busy))


def remedy(targets: Iterable[Target], files: Files, profile: Profile) -> Plan:
    """The plan that brings these targets to what is wanted of them, from the `files` as they were found."""
    changes = [change for target in targets for change in target.changes(files, profile)]
    return Plan(tuple(changes)).without(change for change in changes if _is_there(change, files))


def raised(wanted: Posture, present: Bounds) -> Posture:
    """What is wanted, with the present floor where that is higher: no plan takes protection away."""
    if present.low.assurance is Assurance.PLAINTEXT:
        return wanted
    return replace(wanted, floor=max(wanted.floor, present.low.floor))


def concerning(report: Report, targets: Iterable[Target]) -> tuple[Target, ...]:
    """The targets that stand at either end of a hop with a finding: the others need nothing."""
    hops = [finding.hop for finding in report.findings if finding.hop is not None]
    named = {hop.dialer for hop in hops} | {hop.listener for hop in hops}
    return tuple(target for target in targets if target.listener in named)


def _is_there(change: Change, files: Files) -> bool:
    found = files.get(change.path) if isinstance(change, WriteFile | MakeDirectory) else None
    if found is None or not isinstance(change, WriteFile):
        return False
    same_owner = change.owner is None or change.owner == found.owner
    return found.content.reveal() == change.revealed() and found.mode == change.mode and same_owner
