"""Where certificates are kept, who acts, and the options that say so: the same for every command that keeps any."""

from __future__ import annotations

import functools
import os
import pwd
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from everyhop.errors import SettingsError
from everyhop.jobs.office import Office, SharedPlace
from everyhop.model.secret import Secret

R = TypeVar("R")

VARIABLE: Final = "EVERYHOP_STATE"
LEDGER: Final = "EVERYHOP_LEDGER"
LEDGER_ANCHORS: Final = "EVERYHOP_LEDGER_CA"
_SYSTEM: Final = "/var/lib/everyhop"


def state_option(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--state`, as one argument `office: Office`."""

    @functools.wraps(command)
    def with_office(*args: Any, state: Path | None, **rest: Any) -> R:
        return command(*args, office=office(state, os.environ), **rest)

    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=f"Where everything is kept. Default: ${VARIABLE}, {_SYSTEM} for root, ~/.local/state/everyhop.",
    )(with_office)


def office(state: Path | None, environment: Mapping[str, str]) -> Office:
    """The office in this directory, or in the one that the environment names, or in the usual one."""
    return Office(str(_home(state, environment)), lambda: datetime.now(UTC), _actor(), _shared(environment))


def _home(state: Path | None, environment: Mapping[str, str]) -> Path:
    named = state or (Path(environment[VARIABLE]) if environment.get(VARIABLE) else None)
    if named is not None:
        return Path(os.path.abspath(named))  # noqa: PTH100 - resolve() would follow a link that is to be refused
    if os.geteuid() == 0:
        return Path(_SYSTEM)
    base = environment.get("XDG_STATE_HOME", "")
    return Path(base if base.startswith("/") else Path.home() / ".local" / "state") / "everyhop"


def _actor() -> str:
    """Who does it, for the ledger: the account that this process has, and whoever became it by sudo; the machine."""
    try:
        account = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        account = str(os.geteuid())
    behind = os.environ.get("SUDO_USER", "")
    return f"{account}@{os.uname().nodename}" + (f" ({behind[:64]})" if behind.isprintable() and behind else "")


def _shared(environment: Mapping[str, str]) -> SharedPlace | None:
    url = environment.get(LEDGER)
    if not url:
        return None
    anchors = environment.get(LEDGER_ANCHORS)
    if not anchors:
        raise SettingsError(
            f"{LEDGER} names a shared ledger, and nothing says whom to believe there",
            key=LEDGER_ANCHORS,
            hint=f"{LEDGER_ANCHORS}=FILE with the authority of that database: the ledger goes over verified TLS only",
        )
    return SharedPlace(Secret(url), anchors)
