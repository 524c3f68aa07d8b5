"""What was there before an apply, on disk before the first change: enough to put everything back after any crash.

    <root>/            0700, root's or the caller's own
      lock             held while an apply or a rollback runs
      000001/          one apply
        journal.json   every step; its appearance (by rename) is the moment from which things may be changed
        before-0       content of the first file beforehand, 0600
        progress       one word a line: control steps begun, then `done` or `rolled-back`

Backups hold whatever the files held, passwords too: hence the modes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from everyhop.deploy import place
from everyhop.deploy.change import Change, MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.look import ENCODING
from everyhop.errors import DeployError

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
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self.directory / _PROGRESS, flags, 0o600), "w") as file:
            # A line that was cut off by a crash must not swallow this one.
            file.write(f"\n{line}\n")
            file.flush()
            os.fsync(file.fileno())
        _sync(self.directory)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Nobody else applies or rolls back below this root meanwhile. Raises `DeployError` if somebody does."""
    _private(root)
    descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DeployError("another apply or rollback is running", path=str(root), hint="wait for it") from error
    try:
        yield
    finally:
        os.close(descriptor)


def begin(root: Path, changes: tuple[Change, ...]) -> Journal:
    """Write down, durably, what is there now for each change. Raises `DeployError`; nothing is changed then."""
    _sweep(root)
    number = max((int(path.name) for path in _numbered(root)), default=0) + 1
    directory = root / f"{number:06d}"
    try:
        directory.mkdir(mode=0o700)
        steps = tuple(_step(change, number, index) for index, change in enumerate(changes))
        records = [_record(step, index, directory) for index, step in enumerate(steps)]
        _save(directory / f"{_JOURNAL}.new", json.dumps({"schema": SCHEMA, "steps": records}, indent=1).encode())
        (directory / f"{_JOURNAL}.new").rename(directory / _JOURNAL)
        _sync(directory)
        _sync(root)
    except OSError as error:
        raise DeployError(f"the journal cannot be written: {error.strerror}", path=str(directory)) from error
    return Journal(directory, steps)


def latest(root: Path) -> Journal | None:
    """The last apply that could have changed anything, if there was one. Raises `DeployError` for a broken journal."""
    for directory in sorted(_numbered(root), reverse=True):
        # Without its journal.json an apply had stopped before the first change.
        if (directory / _JOURNAL).exists():
            return _load(directory)
    return None


def digest(content: bytes) -> str:
    """SHA-256, by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def _numbered(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.name.isdigit() and path.is_dir()]


def _sweep(root: Path) -> None:
    """What was left by an apply that stopped before its first change: backups that nobody needs."""
    for directory in _numbered(root):
        if not (directory / _JOURNAL).exists():
            shutil.rmtree(directory)


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


def _record(step: Step, index: int, directory: Path) -> dict[str, Any]:
    match step:
        case FileStep():
            record = {"step": "file", "listener": step.listener, "path": step.path, "temporary": step.temporary}
            before = None
            if step.before is not None:
                was = step.before
                _save(directory / f"before-{index}", was.content)
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


def _private(root: Path) -> None:
    """The root of all journals: made 0700; one that others may look into is refused, not mended."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = root.lstat()
    except OSError as error:
        raise DeployError(f"the journal's directory cannot be made: {error.strerror}", path=str(root)) from error
    if not root.is_dir() or root.is_symlink() or status.st_mode & 0o077 or status.st_uid != os.geteuid():
        hint = f"chmod 700 {root}, owned by who applies"
        raise DeployError("others can look into the journal's directory", path=str(root), hint=hint)


def _save(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
