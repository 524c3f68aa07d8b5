"""Runs a store's own program: no shell, nothing secret in its arguments, a limit in time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from everyhop.errors import ToolError
from everyhop.x509.parse import printable

PATIENCE: Final = 120.0
"""Seconds. update-ca-certificates takes 1.5 on two cores, with its hook for Java 10."""

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where stores' programs lie: Debian leaves half of it out of an account's own PATH."""

_LONGEST: Final = 300  # characters of a complaint that are passed on


def run(command: Sequence[str], text: str = "", environment: Mapping[str, str] | None = None) -> str:
    """What the program printed, given `text` on its standard input. Raises `ToolError`, also where it failed."""
    try:
        seen = subprocess.run(
            command,
            check=False,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", **(environment or {})},
        )
    except FileNotFoundError as error:
        raise ToolError(f"there is no program {command[0]} here") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command[0]} did not end within {PATIENCE:.0f} seconds") from error
    if seen.returncode != 0:
        # keytool says on stderr what it did, and on stdout what went wrong: both are told.
        said = printable(" ".join(f"{seen.stderr} {seen.stdout}".split()))[-_LONGEST:]
        raise ToolError(f"{command[0]} failed: {said or f'exit code {seen.returncode}'}")
    return seen.stdout
