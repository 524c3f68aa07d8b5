"""Puts back what an apply changed, byte for byte, whether it was finished or stopped half-way."""

from __future__ import annotations

from pathlib import Path

from everyhop.deploy.control import Controls
from everyhop.deploy.journal import ControlStep, DirectoryStep, FileStep, Journal, Stage, digest, latest, locked
from everyhop.disk import place
from everyhop.errors import DeployError, EveryhopError


def rollback(root: Path, controls: Controls) -> Journal | None:
    """Undo the last apply below `root`; None if there is nothing to undo (any more).

    Raises `DeployError`, with nothing touched, if somebody has changed one of the files since, or a listener that has
    to be reloaded has no control.
    """
    with locked(root):
        journal = latest(root)
        if journal is None or journal.stage is Stage.ROLLED_BACK:
            return None
        undo(journal, controls)
        return journal


def undo(journal: Journal, controls: Controls) -> None:
    """Undo one apply; the caller holds the lock. Safe to repeat: it looks at what is there, not at what was done."""
    begun = journal.controls_begun
    missing = sorted({step.listener for step in begun} - set(controls))
    if missing:
        raise DeployError(f"nobody said how to reload {', '.join(missing)}", hint="name it as the apply did")
    _refuse_foreign_changes(journal)
    for step in reversed(journal.steps):
        _put_back(step)
    _again(begun, controls)
    journal.note(Stage.ROLLED_BACK)


def _refuse_foreign_changes(journal: Journal) -> None:
    """A file that is neither as it was nor as the apply made it is somebody else's work, which is not thrown away."""
    for step in journal.steps:
        if not isinstance(step, FileStep):
            continue
        now = place.read(step.path)
        known = {step.digest, digest(step.before.content) if step.before else None}
        if (digest(now.content) if now else None) not in known:
            hint = f"what was there before lies in {journal.directory}"
            raise DeployError("was changed by somebody else since", path=step.path, hint=hint)


def _put_back(step: FileStep | DirectoryStep | ControlStep) -> None:
    match step:
        case FileStep():
            place.remove(str(Path(step.path).parent / step.temporary))
            if step.before is None:
                place.remove(step.path)
            elif place.read(step.path) != step.before:
                place.write(step.path, step.before, step.temporary)
        case DirectoryStep():
            place.remove_directory(step.path)
        case ControlStep():
            pass


def _again(begun: tuple[ControlStep, ...], controls: Controls) -> None:
    """Have each listener read its old configuration, all of them even where one refuses."""
    refusals: list[EveryhopError] = []
    for step in reversed(begun):
        try:
            control = controls[step.listener]
            if step.how == "restart":
                control.restart()
            else:
                control.reload()
        except EveryhopError as error:
            refusals.append(error)
    if refusals:
        raise DeployError(
            f"the files are as before, but a listener did not take them up again: {refusals[0]}",
            hint="mend that first",
        ) from refusals[0]
