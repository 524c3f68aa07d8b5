"""A state directory with an authority in it, and the commands that work there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main, state
from everyhop.jobs.office import Office

ROOT_PASSPHRASE = "seven drawers, one root"
PASSPHRASE = "opened for each issuing"


@dataclass(frozen=True)
class Desk:
    """`run` calls a command with this state directory; all that it printed is kept in `said`."""

    home: Path
    folder: Path
    said: list[str]

    @property
    def file(self) -> Path:
        """The intermediate's passphrase."""
        return self.folder / "passphrase"

    @property
    def root_file(self) -> Path:
        """The root's passphrase."""
        return self.folder / "root-passphrase"

    def run(self, *words: str | Path, **more: str) -> Result:
        """Without a passphrase."""
        environment = {"EVERYHOP_STATE": str(self.home), "CREDENTIALS_DIRECTORY": "", "EVERYHOP_LEDGER": "", **more}
        result = CliRunner().invoke(main, [str(word) for word in words], env=environment)
        self.said.append(result.output)
        return result

    def opened(self, *words: str | Path) -> Result:
        """With the intermediate's passphrase."""
        return self.run(*words, "--passphrase-file", self.file)

    def done(self, *words: str | Path) -> str:
        """With it, and it has to succeed; what it printed."""
        result = self.opened(*words)
        assert result.exit_code == 0, result.output
        return result.output


def new_desk(folder: Path) -> Desk:
    """With passphrases in files, and no authority yet."""
    desk = Desk(folder / "home", folder, [])
    for file, text in ((desk.file, PASSPHRASE), (desk.root_file, ROOT_PASSPHRASE)):
        file.touch(mode=0o600)
        file.write_text(f"{text}\n")
    return desk


def found(desk: Desk, *words: str) -> str:
    """Make an authority for `db.internal` and `10.0.0.0/8`."""
    permit = words or ("--permit", "db.internal,10.0.0.0/8")
    return desk.done("ca", "init", "--name", "Tips", *permit, "--root-passphrase-file", desk.root_file)


def copied(desk: Desk, folder: Path) -> Desk:
    """The same in another folder: sealing keys takes a while, on purpose."""
    other = new_desk(folder)
    shutil.copytree(desk.home, other.home, symlinks=True)
    return other


def at(desk: Desk, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on commands go by this clock."""
    monkeypatch.setattr(state, "office", lambda _state, _environment: Office(str(desk.home), lambda: clock, "a test"))


def later(days: int) -> datetime:
    """So many days from now; before, where negative."""
    return datetime.now(UTC) + timedelta(days=days)
