"""What was there before an apply, on disk before the first change: enough to put everything back after any crash.

    <root>/            private: a `disk.private.PrivateDirectory`
      lock             held while an apply or a rollback runs
      000001/          one apply; its appearance (by rename) is the moment from which things may be changed
        journal.json   every step
        before-0       content of the first file beforehand, 0600
        progress       one word a line: control steps begun, then `done` or `rolled-back`

Backups hold whatever the files held, passwords too: hence the modes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from everyhop.deploy.change import Change, MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.look import ENCODING
from everyhop.disk import place
from everyhop.disk.private import PrivateDirectory
from everyhop.errors import DeployError, DiskError

SCHEMA: Final = "everyhop-journal/1"
_JOURNAL, _PROGRESS = "journal.json", "progress"


class Stage(Enum):
    """How far an apply came."""

    BEGUN = "begun"
    DONE = "done"
    ROLLED_BACK = "rolled-back"


@dataclass(frozen=True, slots=True)
class FileStep:
    """A file to be written: what was there (`before`, None: nothing), and the digest of what is to be there."""

    listener: str
    path: str
    temporary: str
    before: place.Snapshot | None
    digest: str
    mode: int


@dataclass(frozen=True, slots=True)
class DirectoryStep:
    """A directory that was not there."""

    listener: str
    path: str


@dataclass(frozen=True, slots=True)
class ControlStep:
    """A listener to be reloaded or restarted (`how`)."""

    listener: str
    how: str


Step = FileStep | DirectoryStep | ControlStep


@dataclass(frozen=True, slots=True)
class Journal:
    """One apply: where its record lies, and its steps in the order of the plan."""

    directory: Path
    steps: tuple[Step, ...]

    @property
    def stage(self) -> Stage:
        """How far it came."""
        words = self._progress()
        for stage in (Stage.ROLLED_BACK, Stage.DONE):
            if stage.value in words:
                return stage
        return Stage.BEGUN

    @property
    def controls_begun(self) -> tuple[ControlStep, ...]:
        """The reloads and restarts that were begun, in order."""
        words = self._progress()
        begun = {word.removeprefix("control ") for word in words if word.startswith("control ")}
        return tuple(
            step for index, step in enumerate(self.steps) if isinstance(step, ControlStep) and str(index) in begun
        )

    def note_control(self, index: int) -> None:
        """Say on disk that this step is about to be made."""
        self._append(f"control {index}")

    def note(self, stage: Stage) -> None:
        """Say on disk how far it came."""
        self._append(stage.value)

    def _progress(self) -> list[str]:
        try:
            text = (self.directory / _PROGRESS).read_text("ascii", "replace")
        except FileNotFoundError:
            return []
        # What follows the last line break was being written when the machine stopped.
        return text.split("\n")[:-1]

    def _append(self, line: str) -> None:
        with _opened(self.directory) as directory:
            # A line that was cut off by a crash must not swallow this one.
            directory.append(_PROGRESS, f"\n{line}\n".encode())


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Nobody else applies or rolls back below this root meanwhile. Raises `DiskError` if somebody does."""
    with PrivateDirectory.make(str(root.absolute())) as directory, directory.locked("apply or rollback", patience=0):
        yield


def begin(root: Path, changes: tuple[Change, ...]) -> Journal:
    """Write down, durably, what is there now for each change. Raises `DiskError`; nothing is changed then."""
    number = max((int(path.name) for path in _numbered(root)), default=0) + 1
    name = f"{number:06d}"
    steps = tuple(_step(change, number, index) for index, change in enumerate(changes))
    document = {"schema": SCHEMA, "steps": [_record(step) for step in steps]}
    backups = {
        f"before-{index}": step.before.content
        for index, step in enumerate(steps)
        if isinstance(step, FileStep) and step.before is not None
    }
    with _opened(root) as directory:
        directory.fill(name, backups | {_JOURNAL: json.dumps(document, indent=1).encode()})
    return Journal(root / name, steps)


def latest(root: Path) -> Journal | None:
    """The last apply that could have changed anything, if there was one. Raises `DeployError` for a broken journal."""
    newest = max(_numbered(root), default=None)
    return _load(newest) if newest else None


def forget(root: Path, keep: int) -> None:
    """Let go of all but the last `keep` applies: what they replaced were keys, perhaps. The caller holds no lock."""
    if root.is_dir():
        with _opened(root) as directory, directory.locked("forget old journals"):
            for name in [name for name in directory.names() if name.isdigit()][:-keep]:
                directory.remove_inside(name)


def digest(content: bytes) -> str:
    """SHA-256, by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def _numbered(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.name.isdigit() and path.is_dir()]


def _step(change: Change, number: int, index: int) -> Step:
    match change:
        case WriteFile():
            content = change.revealed().encode(*ENCODING)
            temporary = f".everyhop-{number:06d}-{index}"
            before = place.read(change.path)
            return FileStep(change.listener, change.path, temporary, before, digest(content), change.mode)
        case MakeDirectory():
            return DirectoryStep(change.listener, change.path)
        case Reload():
            return ControlStep(change.listener, "reload")
        case Restart():
            return ControlStep(change.listener, "restart")


def _record(step: Step) -> dict[str, Any]:
    match step:
        case FileStep():
            record = {"step": "file", "listener": step.listener, "path": step.path, "temporary": step.temporary}
            before = None
            if step.before is not None:
                was = step.before
                before = {"mode": was.mode, "uid": was.uid, "gid": was.gid, "digest": digest(was.content)}
            return record | {"before": before, "digest": step.digest, "mode": step.mode}
        case DirectoryStep():
            return {"step": "directory", "listener": step.listener, "path": step.path}
        case ControlStep():
            return {"step": "control", "listener": step.listener, "how": step.how}


def _load(directory: Path) -> Journal:
    try:
        document = json.loads((directory / _JOURNAL).read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        records = enumerate(document["steps"])
        return Journal(directory, tuple(_read_step(record, index, directory) for index, record in records))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeployError("the journal cannot be read", path=str(directory / _JOURNAL)) from error


def _read_step(record: dict[str, Any], index: int, directory: Path) -> Step:
    if record["step"] == "directory":
        return DirectoryStep(record["listener"], record["path"])
    if record["step"] == "control":
        return ControlStep(record["listener"], record["how"])
    before, was = None, record["before"]
    if was is not None:
        content = (directory / f"before-{index}").read_bytes()
        if digest(content) != was["digest"]:
            raise ValueError(f"before-{index} is damaged")
        before = place.Snapshot(content, was["mode"], was["uid"], was["gid"])
    return FileStep(record["listener"], record["path"], record["temporary"], before, record["digest"], record["mode"])


def _opened(path: Path) -> PrivateDirectory:
    found = PrivateDirectory.open(str(path.absolute()))
    if found is None:
        raise DiskError("was taken away", path=str(path))
    return found
