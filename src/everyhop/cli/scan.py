"""`everyhop scan`: reads source and configuration, offline, and judges every hop."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from everyhop.cli.options import Options, finish, report_options, settings
from everyhop.errors import SettingsError, SourceError
from everyhop.jobs.scan import scan as look
from everyhop.model.nearest import did_you_mean
from everyhop.rules.catalogue import catalogue
from everyhop.rules.rule import Rule


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False, path_type=Path), metavar="[PATH…]")
@click.option("--select", multiple=True, metavar="RULE", help="Judge by this rule only (repeatable).")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave this rule out (repeatable).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match (repeatable).")
@report_options
def scan(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    options: Options,
) -> None:
    """Read source and configuration, offline, and judge every hop.

    \b
      everyhop scan                                 the project in this folder
      everyhop scan app/ docker-compose.yml .env    only these
      everyhop scan --format json --output scan.json --fail-on high

    It reads Python, dotenv, docker-compose and lock files. None of what it reads is executed or imported.
    """
    chosen = _chosen(select, ignore)
    _readable(paths)
    folder = next((path for path in paths if path.is_dir()), None)
    report = look(paths or (Path(),), settings(options, folder), datetime.now(UTC), exclude=exclude, rules=chosen)
    finish(report, options)


def _readable(paths: tuple[Path, ...]) -> None:
    """Refuse a path that is named and cannot be read; one that is found on the way is a gap."""
    for path in paths:
        wanted = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
        if path.exists() and not os.access(path, wanted):
            hint = "grant read permission, or run this as a user who has it"
            raise SourceError("cannot be read: permission denied", path=str(path), hint=hint)


def _chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> Mapping[str, Rule[Any]]:
    known = catalogue()
    for name in (*select, *ignore):
        if name not in known:
            raise SettingsError(
                f"there is no rule {name!r}{did_you_mean(name, known)}", hint="everyhop rules lists them"
            )
    return {name: rule for name, rule in known.items() if (not select or name in select) and name not in ignore}
