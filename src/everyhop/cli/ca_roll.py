"""`everyhop ca roll`: to a new root, one step at a time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.state import state_option
from everyhop.errors import LineageError, SettingsError
from everyhop.jobs import export as export_job
from everyhop.jobs import roll as roll_job
from everyhop.jobs.office import Office
from everyhop.lineage.authority import UNSEALED, Seal
from everyhop.lineage.prospect import Move
from everyhop.model.secret import Secret
from everyhop.render.roll import prospect_text


@click.command(short_help="Roll over to a new root, step by step.")
@click.option("--yes", is_flag=True, help="Do the next step without asking.")
@click.option("--undo", is_flag=True, help="Go back to the step before.")
@click.option("--plan", "only_plan", is_flag=True, help="Show where it stands and what comes next; do nothing.")
@click.option(
    "--root-key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The old root's sealed key, where it was taken away.",
)  # fmt: skip
@passphrase.root_passphrase_option
@passphrase.passphrase_option
@state_option
def roll(
    office: Office,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    passphrase_file: Path | None,
    *,
    yes: bool,
    undo: bool,
    only_plan: bool,
) -> None:
    """Roll over to a new root, one step at a time, without an hour in which somebody is not believed.

    \b
      everyhop ca roll --plan       where it stands, and what the next step does
      everyhop ca roll              shows that, asks, and does it

    1 introduced: both roots are believed. 2 switched: the new one issues. 3 withdrawn: the new one alone is believed.
    4 settled: the old one is forgotten. Between them everyhop renew brings every lineage up to date, and a step is
    refused until that is proven. --undo leads back from each but the last.
    """
    before = roll_job.prospect(office, Move.BACK if undo else Move.NEXT)
    click.echo(prospect_text(before))
    if only_plan:
        return
    if before.obstacles:
        raise LineageError("the next step would leave somebody behind", hint="everyhop renew first, then again")
    if not yes:
        _confirm()
    roll_job.step(office, before, lambda: _signers(office, root_key, root_passphrase_file, passphrase_file))
    click.echo()
    click.echo(prospect_text(roll_job.prospect(office)))


def _signers(
    office: Office, root_key: Path | None, root_file: Path | None, file: Path | None
) -> tuple[Secret, Seal, Secret | None]:
    """The passphrases that open the old keys and seal the new ones; and the old root's key, where it was elsewhere."""
    root = (
        passphrase.from_file(root_file, passphrase.ROOT_OPTION)
        if root_file is not None
        else passphrase.asked("Passphrase for the root key", passphrase.ROOT_OPTION)
    )
    sealed = office.authority().is_sealed()
    below: Seal = passphrase.needed(file, os.environ) if sealed else UNSEALED
    return root, below, None if root_key is None else export_job.read_root_key(root_key)


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise SettingsError("nobody can be asked here, so nothing was done", hint="--yes does it, --plan only shows it")
    if not click.confirm("\nDo it?", default=False, err=True):
        raise click.Abort
