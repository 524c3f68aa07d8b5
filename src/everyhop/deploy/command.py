"""A `Control` for a consumer that is told by one command, as its deployment names it. No shell is in between."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

from everyhop.errors import DeployError, ToolError
from everyhop.model.secret import masked
from everyhop.x509.parse import printable

PATIENCE: Final = 60.0
"""Seconds; a reload takes a quarter of one at most (measured: nginx, Apache, PostgreSQL, MariaDB, MySQL)."""

_ANOTHER: Final = "everyhop cert deploy LINEAGE with the same --for and --out, and --reload COMMAND, names another way"
_LONGEST: Final = 600  # characters of a complaint that are passed on


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` have the consumer take up its files; empty where nobody is to be told."""

    arguments: tuple[str, ...]

    def test(self) -> None:
        """Nothing: what is deployed was held together before, and is looked at afterwards."""

    def reload(self) -> None:
        """Run it. Raises `DeployError` with what it said, `ToolError` where there is no such program."""
        if not self.arguments:
            return
        try:
            seen = subprocess.run(
                self.arguments, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, cwd="/"
            )
        except OSError as error:
            raise ToolError(
                f"{self.arguments[0]} cannot be run: {error.strerror or error}",
                hint=_ANOTHER,
            ) from error
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"{self.arguments[0]} did not end within {PATIENCE:.0f} seconds") from error
        if seen.returncode != 0:
            text = " ".join((seen.stderr or seen.stdout).decode("utf-8", "replace").split())
            said = printable(masked(text))[-_LONGEST:] or f"exit code {seen.returncode}"
            raise DeployError(f"{self.arguments[0]} refused to reload: {said}", hint=f"is it running? {_ANOTHER}")

    def restart(self) -> None:
        """The same: no deployment here ends sessions."""
        self.reload()
