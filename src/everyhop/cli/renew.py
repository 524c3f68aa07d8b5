"""`everyhop renew`: everything that is due, and what makes it run by itself."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.program import own_program
from everyhop.cli.state import LEDGER, state_option
from everyhop.errors import LineageError, SettingsError
from everyhop.jobs.deployment import Fate
from everyhop.jobs.install import CRON, SYSTEMD, install_cron, install_timer
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.renew import Extent, Outcome, Result
from everyhop.jobs.renew import renew as renew_all
from everyhop.model.secret import Secret, masked
from everyhop.render.printable import printable_lines

_QUIET = frozenset({Result.KEPT, Result.ENDED, Result.WAITING})


@click.command()
@click.argument("names", nargs=-1, metavar="[LINEAGE]…")
@click.option("--force", is_flag=True, help="Renew them whether they are due or not.")
@click.option("--dry-run", is_flag=True, help="Say what is due, and touch nothing.")
@click.option("--install", is_flag=True, help="Have it run by itself: a systemd timer, every six hours.")
@click.option("--cron", is_flag=True, help="With --install: a file for cron instead.")
@click.option(
    "--into", type=click.Path(path_type=Path), metavar="PATH",
    help=f"With --install: another place than {SYSTEMD}, or {CRON}.",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Say nothing of what is not due.")
@passphrase.passphrase_option
@state_option
def renew(
    office: Office,
    names: tuple[str, ...],
    passphrase_file: Path | None,
    into: Path | None,
    *,
    force: bool,
    dry_run: bool,
    install: bool,
    cron: bool,
    quiet: bool,
) -> None:
    """Renew what is due, give it to whoever uses it, and look whether it is served.

    \b
      everyhop renew                         everything, and the revocation lists
      everyhop renew db.internal --force
      everyhop renew --install --passphrase-file /etc/everyhop.pass

    Each lineage is by itself: one that fails keeps no other from being renewed, and is tried again later. A server that
    does not show its new certificate gets the old one back. Exit codes: 0 done and seen, 1 something was put back, 4
    something failed or stopped half-way.
    """
    if install:
        _install(office, passphrase_file, into, cron=cron)
        return
    if cron or into:
        raise click.UsageError("--cron and --into go with --install", click.get_current_context())
    if force and dry_run:
        raise click.UsageError("--force and --dry-run exclude each other", click.get_current_context())
    extent = Extent.FORCED if force else Extent.NONE if dry_run else Extent.DUE

    @cache
    def asked() -> Secret:
        return passphrase.needed(passphrase_file, os.environ)

    given = Help(asked, tell=lambda line: click.echo(printable_lines(masked(line)), err=True))
    worst = ExitCode.CLEAN
    nothing = True
    for outcome in renew_all(office, names, extent, given):
        nothing = False
        worst = max(worst, _exit_code(outcome))
        if not (quiet and outcome.result in _QUIET):
            _tell(outcome)
    if nothing and not quiet:
        click.echo("nothing to renew: there is no authority and no lineage yet", err=True)
    sys.exit(worst)


def _tell(outcome: Outcome) -> None:
    click.echo(printable_lines(masked(f"{outcome.name}: {outcome.result.value}: {outcome.sentence}")))
    for one in outcome.deployed:
        if one.fate is not Fate.NOTHING:
            reason = f": {one.reason}" if one.reason else ""
            click.echo(printable_lines(masked(f"  {one.fate.value}  {one.consumer}  {one.folder}{reason}")))
    if outcome.hint and outcome.result not in _QUIET:
        click.echo(printable_lines(masked(f"  hint: {outcome.hint}")))


def _exit_code(outcome: Outcome) -> ExitCode:
    if outcome.stopped:
        return ExitCode.FAILED
    return ExitCode.FINDINGS if outcome.result is Result.PUT_BACK else ExitCode.CLEAN


def _install(office: Office, passphrase_file: Path | None, into: Path | None, *, cron: bool) -> None:
    _refuse_unopened(office, passphrase_file)
    if cron:
        done = install_cron(office, own_program(), passphrase_file, into or Path(CRON))
    else:
        done = install_timer(office, own_program(), passphrase_file, into or Path(SYSTEMD))
    if office.shared is not None:
        click.echo(
            f"{LEDGER} holds here, and not for what was written: give it there as well, or it notes here", err=True
        )
    for path in done.paths:
        click.echo(f"{'written' if done.changed else 'as it was'}: {path}")
    if done.then:
        click.echo(f"then: {done.then}")
    elif not done.changed:
        click.echo("nothing to do")


def _refuse_unopened(office: Office, passphrase_file: Path | None) -> None:
    """A timer that finds out at night that nobody can be asked would be none."""
    if passphrase_file is not None:
        passphrase.from_file(passphrase_file)
        return
    try:
        sealed = office.authority().is_sealed()
    except LineageError:  # there is none: ACME and certbot need no passphrase
        return
    if sealed:
        raise SettingsError(
            "the intermediate's key is sealed, and nobody can be asked for its passphrase at night",
            hint="--passphrase-file FILE, of mode 0600: systemd hands it over as a credential",
        )
