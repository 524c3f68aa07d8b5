"""A `Control` for a product that runs here: its own test of its configuration, and the caller's reload and restart."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from everyhop.disk import account
from everyhop.errors import DeployError, ToolError
from everyhop.model.owner import Owner
from everyhop.model.secret import masked

PATIENCE: Final = 30.0
"""Seconds for a test of a configuration; measured on two cores: nginx 0.02, postgres 0.03, mariadbd 0.1."""

# Nothing of the caller's: the account that the test runs as can read it, and there may be passwords in it.
_ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_LONGEST: Final = 600  # characters of a product's complaint that are passed on


@dataclass(frozen=True, slots=True)
class Steering:
    """`command` is the product's own test (`nginx_test` …; empty: it has none), run as `account` (None: as we are).

    `reloading` and `restarting` return when the listener has taken up its configuration; `restarting` also starts what
    does not run.
    """

    command: tuple[str, ...]
    account: Owner | None
    reloading: Callable[[], None]
    restarting: Callable[[], None]

    def test(self) -> None:
        """Run the product's test. Raises `DeployError` with what it said, `ToolError` if there is no such program."""
        if not self.command:
            return
        user, group = account.numbers(self.account) if self.account else (None, None)
        try:
            seen = subprocess.run(
                self.command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=PATIENCE,
                cwd="/",
                env=_ENVIRONMENT,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )
        except FileNotFoundError as error:
            raise ToolError(f"there is no program {self.command[0]} here") from error
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"{self.command[0]} did not end its test within {PATIENCE:.0f} seconds") from error
        if seen.returncode != 0:
            raise DeployError(f"the product refuses the new configuration: {_complaint(seen.stderr)}")

    def reload(self) -> None:
        """As the caller said."""
        self.reloading()

    def restart(self) -> None:
        """As the caller said."""
        self.restarting()


def nginx_test(program: str, config: str, prefix: str) -> tuple[str, ...]:
    """`nginx -t`: reads everything, certificates and keys too."""
    return program, "-t", "-q", "-p", prefix, "-e", "stderr", "-c", config


def postgresql_test(program: str, config: str) -> tuple[str, ...]:
    """`postgres -C`: reads `postgresql.conf` with its includes; not `pg_hba.conf`, and no certificate."""
    return program, "-C", "ssl", "-c", f"config_file={config}"


def mariadb_test(program: str, defaults: str) -> tuple[str, ...]:
    """`mariadbd --help --verbose`: reads the option files, refuses what it does not know; looks at no certificate."""
    return program, f"--defaults-file={defaults}", "--help", "--verbose"


def _complaint(stderr: bytes) -> str:
    """The last lines, fit for a terminal, without passwords."""
    lines = stderr.decode("ascii", "replace").split("\n")
    text = "; ".join(re.sub(r"[^\x20-\x7e]", "?", masked(line)) for line in lines if line.strip())
    return text[-_LONGEST:] or "it does not say why"
