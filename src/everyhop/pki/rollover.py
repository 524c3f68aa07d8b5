"""From one root to the next without an hour in which somebody is not believed: steps as values, each with a way back.

First every dialer learns to believe the new root beside the old one, then leaves come from the new one, and only when
no leaf of the old one is left is the old one withdrawn. Each root certifies the other's key meanwhile, and what is
issued carries that certificate along, so that a side which is a step behind, or ahead, finds a path as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from cryptography import x509

from everyhop.errors import IssueError


class Step(Enum):
    """How far a roll-over is, in order."""

    INTRODUCED = "introduced"
    """Both roots are to be believed; the old one's intermediate issues."""
    SWITCHED = "switched"
    """Both are to be believed; the new one's intermediate issues."""
    WITHDRAWN = "withdrawn"
    """The new one alone is to be believed; the old one is kept for the way back."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A root and its intermediate; `cross` is the same root, certified by the one beside it, while there is one."""

    number: int
    root: x509.Certificate
    intermediate: x509.Certificate
    cross: x509.Certificate | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """One root, and nothing under way."""

    only: Generation


@dataclass(frozen=True, slots=True)
class Rolling:
    """Between two roots."""

    step: Step
    old: Generation
    new: Generation


Roll = Settled | Rolling


def generations(roll: Roll) -> tuple[Generation, ...]:
    """All there are, the older first."""
    match roll:
        case Settled(only):
            return (only,)
        case Rolling(_, old, new):
            return old, new
        case _:
            assert_never(roll)


def anchors(roll: Roll) -> tuple[x509.Certificate, ...]:
    """What is to be believed at this step."""
    match roll:
        case Settled(only):
            return (only.root,)
        case Rolling(Step.WITHDRAWN, _, new):
            return (new.root,)
        case Rolling(_, old, new):
            return old.root, new.root
        case _:
            assert_never(roll)


def issuing(roll: Roll) -> Generation:
    """Whose intermediate makes leaves at this step."""
    match roll:
        case Settled(only):
            return only
        case Rolling(Step.INTRODUCED, old, _):
            return old
        case Rolling(_, _, new):
            return new
        case _:
            assert_never(roll)


def above(roll: Roll) -> tuple[x509.Certificate, ...]:
    """What stands in a chain above the issuing intermediate: its root, certified by the other one."""
    cross = issuing(roll).cross
    if cross is None or not isinstance(roll, Rolling) or roll.step is Step.WITHDRAWN:
        return ()
    return (cross,)


def begun(roll: Roll, new: Generation, old_by_new: x509.Certificate) -> Rolling:
    """The first step towards a new generation, which carries its own cross-certificate. Raises `IssueError`."""
    match roll:
        case Settled(only):
            return Rolling(Step.INTRODUCED, replace(only, cross=old_by_new), new)
        case Rolling():
            raise IssueError("the authority is being rolled over already", hint="finish that first, or undo it")
        case _:
            assert_never(roll)


def advanced(roll: Roll) -> Roll:
    """The next step: the last one forgets the old root. Raises `IssueError` where nothing is under way."""
    match roll:
        case Rolling(Step.INTRODUCED):
            return replace(roll, step=Step.SWITCHED)
        case Rolling(Step.SWITCHED):
            return replace(roll, step=Step.WITHDRAWN)
        case Rolling(Step.WITHDRAWN, _, new):
            return Settled(replace(new, cross=None))
        case _:
            raise _nothing_under_way()


def undone(roll: Roll) -> Roll:
    """The step before: of the first one, the old root alone. Raises `IssueError` where nothing is under way."""
    match roll:
        case Rolling(Step.INTRODUCED, old, _):
            return Settled(replace(old, cross=None))
        case Rolling(Step.SWITCHED):
            return replace(roll, step=Step.INTRODUCED)
        case Rolling(Step.WITHDRAWN):
            return replace(roll, step=Step.SWITCHED)
        case _:
            raise _nothing_under_way()


def _nothing_under_way() -> IssueError:
    return IssueError("the authority is not being rolled over", hint="begin with a new root (`everyhop ca roll`)")
