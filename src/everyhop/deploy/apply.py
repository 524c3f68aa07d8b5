"""The only writer: journal, then one change after the other; if one fails, everything is put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from everyhop.deploy import journal as journals
from everyhop.deploy.change import Change, MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.control import Control, Controls
from everyhop.deploy.journal import FileStep, Journal, Stage, Step
from everyhop.deploy.look import ENCODING
from everyhop.deploy.plan import Plan
from everyhop.deploy.rollback import undo
from everyhop.disk import account, place
from everyhop.errors import DeployError, EveryhopError


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done. `journal` is where the way back lies; None if there was nothing to do."""

    done: tuple[Change, ...]
    journal: Path | None

    def text(self) -> str:
        """A line for a person."""
        if self.journal is None:
            return "nothing to do: everything is as planned already"
        return f"{len(self.done)} changes made; the way back lies in {self.journal}"


def remaining(plan: Plan) -> Plan:
    """What of the plan is not there yet.

    Raises `DeployError` for a file that is neither as it was when the plan was made nor as the plan wants it: what was
    reviewed is what is done.
    """
    return plan.without(change for change in plan.changes if _is_done(change))


def apply(plan: Plan, root: Path, controls: Controls, *, told: Callable[[Change], None] | None = None) -> Receipt:
    """Make the changes that are not made yet; `told` hears of each before it is made.

    `root` is the directory of all journals. Raises `DeployError` if a change could not be made: everything is then as
    before, unless it says otherwise.
    """
    with journals.locked(root):
        _refuse_unfinished(root)
        todo = remaining(plan)
        if not todo:
            return Receipt((), None)
        _refuse_impossible(todo, controls)
        journal = journals.begin(root, todo.changes)
        try:
            for index, (change, step) in enumerate(zip(todo.changes, journal.steps, strict=True)):
                if told is not None:
                    told(change)
                _make(change, step)
                if isinstance(change, Reload | Restart):
                    _take_up(change, index, journal, controls[change.listener])
        except BaseException as error:
            _put_back(journal, controls, error)
            raise
        journal.note(Stage.DONE)
        return Receipt(todo.changes, journal.directory)


def _put_back(journal: Journal, controls: Controls, error: BaseException) -> None:
    """Undo, and say why; an interrupt (no `Exception`) passes through as what it is."""
    try:
        undo(journal, controls)
    except EveryhopError as failure:
        reason = _reason(error)
        twice = str(failure).removesuffix(f": {reason}")  # a listener that is down refuses both in the same words
        raise DeployError(
            f"{reason}; and putting things back failed: {twice}",
            hint=f"what was there before lies in {journal.directory}",
        ) from error
    if isinstance(error, EveryhopError):
        raise DeployError(
            f"{error.message}; everything was put back",
            path=error.path,
            line=error.line,
            key=error.key,
            hint=error.hint,
        ) from error
    if isinstance(error, Exception):
        raise DeployError(f"{_reason(error)}; everything was put back") from error


def _reason(error: BaseException) -> str:
    """Our own words as they are; of anything else only the kind, since nobody knows what its text holds."""
    return str(error) if isinstance(error, EveryhopError) else f"stopped by {type(error).__name__}"


def _make(change: Change, step: Step) -> None:
    match change, step:
        case MakeDirectory(), _:
            place.make_directory(change.path, change.mode, *_numbers(change, None))
        case WriteFile(), FileStep():
            _refuse_moved(change, step.before)
            new = place.Snapshot(change.revealed().encode(*ENCODING), change.mode, *_numbers(change, step.before))
            place.write(change.path, new, step.temporary)
        case _:  # a reload or restart: nothing to put in place
            pass


def _take_up(change: Reload | Restart, index: int, journal: Journal, control: Control) -> None:
    control.test()
    journal.note_control(index)
    if isinstance(change, Restart):
        control.restart()
    else:
        control.reload()


def _is_done(change: Change) -> bool:
    match change:
        case MakeDirectory():
            return place.is_directory(change.path)
        case WriteFile():
            now = place.read(change.path)
            wanted = change.revealed().encode(*ENCODING)
            if now is None or now.content != wanted:
                _refuse_moved(change, now)
                return False
            return now.mode == change.mode and _numbers(change, now) == (now.uid, now.gid)
        case Reload() | Restart():
            return False
        case _:
            assert_never(change)


def _refuse_moved(change: WriteFile, now: place.Snapshot | None) -> None:
    """Whatever is there has to be what the plan saw, or what the plan wants."""
    seen = change.before.content.reveal().encode(*ENCODING) if change.before else None
    present = now.content if now else None
    if present not in (seen, change.revealed().encode(*ENCODING)):
        raise DeployError("has changed since the plan was made", path=change.path, hint="plan again")


def _numbers(change: WriteFile | MakeDirectory, now: place.Snapshot | None) -> tuple[int, int]:
    """The owner that is asked for; else the present one; else whoever applies."""
    if change.owner is not None:
        return account.numbers(change.owner)
    return (now.uid, now.gid) if now else account.own_numbers()


def _refuse_impossible(plan: Plan, controls: Controls) -> None:
    """What can be known to fail, fails before anything is touched."""
    for change in plan.changes:
        if isinstance(change, Reload | Restart) and change.listener not in controls:
            raise DeployError(f"nobody said how to reload {change.listener}", hint="give a control for it")
        if isinstance(change, WriteFile | MakeDirectory) and change.owner is not None:
            account.numbers(change.owner)


def _refuse_unfinished(root: Path) -> None:
    journal = journals.latest(root)
    if journal is not None and journal.stage is Stage.BEGUN:
        hint = "put that back first"
        raise DeployError("an earlier apply stopped half-way", path=str(journal.directory), hint=hint)
