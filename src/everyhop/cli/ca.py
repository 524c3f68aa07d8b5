"""`everyhop ca`: the internal authority."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.ca_init import init
from everyhop.cli.ca_roll import roll
from everyhop.cli.document import document_options, show, write
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.state import state_option
from everyhop.jobs import crl as crl_job
from everyhop.jobs import export as export_job
from everyhop.jobs.ledger import entries, verdict
from everyhop.jobs.office import Office
from everyhop.lineage.ledger.chain import Broken, Witness
from everyhop.lineage.standing import standing
from everyhop.render.authority import standing_json, standing_text
from everyhop.render.ledger import entries_json, entries_text


@click.group()
def ca() -> None:
    """Keep an authority of your own: for databases, for clients, for every name that no public authority may know.

    \b
      everyhop ca init --permit db.internal,10.0.0.0/8   asks two passphrases
      everyhop ca show                                    how it stands

    A root, whose key belongs into a drawer, and an intermediate, which issues. Both keys are sealed by passphrases, and
    the names for which they may speak are in their certificates.
    """


ca.add_command(init)


@ca.command("show", short_help="Show its certificates, keys, lists and roll-over.")
@document_options
@state_option
def show_authority(office: Office, form: str, output: Path | None) -> None:
    """Show how the authority stands: certificates, keys, revocation lists, and a roll-over under way.

    \b
      everyhop ca show
      everyhop ca show --format json
    """
    here, now = standing(office.authority(), office.home), office.now()
    show("ca show", form, output, lambda: standing_text(here, now), lambda: {"authority": standing_json(here)}, now)


@ca.command(short_help="Write what dialers are to believe; take a key offline.")
@click.option(
    "--format", "form", type=click.Choice(["pem", "der", "java"]), default="pem", show_default=True,
    help="pem: one file of all; der: one certificate; java: a keystore (PKCS#12).",
)  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Instead of stdout.")
@click.option(
    "--root-key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Move the root's sealed key into FILE: a stick, a drawer. It is offline then.",
)  # fmt: skip
@state_option
def export(office: Office, form: str, output: Path | None, root_key: Path | None) -> None:
    """Write what dialers are to believe: the root, and during a roll-over both.

    \b
      everyhop ca export --output /etc/ssl/internal-ca.pem     sslrootcert, ssl_ca
      everyhop ca export --root-key /media/stick/root.key    its key goes offline
    """
    if root_key is not None:
        moved = export_job.move_root_key(office, root_key)
        click.echo(
            f"root {moved.generation}: its sealed key is in {moved.path}, read back, and no longer in {office.home}\n"
            "It is missed only by everyhop ca roll --root-key FILE. Without it, or its passphrase, no roll-over:\n"
            "keep two copies."
        )
        return
    write(export_job.anchors(office, export_job.Format(form)), output)
    if form == export_job.Format.JAVA.value:
        click.echo("its password is Java's usual one, changeit: there are certificates alone in it", err=True)


@ca.command(short_help="Print the revocation lists, or make new ones.")
@click.option("--renew", is_flag=True, help="Make new lists now, with the next number.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Instead of stdout.")
@passphrase.passphrase_option
@state_option
def crl(office: Office, output: Path | None, passphrase_file: Path | None, *, renew: bool) -> None:
    """Print the revocation lists (PEM), for ssl_crl_file and ssl_crl; number and next update go to stderr.

    \b
      everyhop ca crl --output /etc/postgresql/everyhop/ca.crl
      everyhop ca crl --renew --passphrase-file /etc/everyhop.pass

    Servers that are given a list refuse every client when its next update is over: everyhop renew looks after that.
    """
    if renew:
        text = crl_job.renew(office, lambda: passphrase.needed(passphrase_file, os.environ))
    else:
        text = office.authority().crl_pem()
    for one in standing(office.authority(), office.home).generations:
        click.echo(
            f"intermediate {one.number}: number {one.crl}, {len(one.revoked)} revoked, "
            f"next update {one.crl_validity.not_after:%Y-%m-%d %H:%M} UTC",
            err=True,
        )
    write(text.encode(), output)


ca.add_command(roll)


@ca.command(short_help="Show what was done, or prove it unchanged.")
@click.option("--verify", is_flag=True, help="Hold every entry against the one before; exit code 1 if one was changed.")
@click.option("--witness", metavar="NUMBER:DIGEST", help="The last entry as it was noted elsewhere (with --verify).")
@document_options
@state_option
def ledger(office: Office, form: str, output: Path | None, witness: str | None, *, verify: bool) -> None:
    """Show what was issued, renewed, revoked and deployed, when and by whom; or prove that nothing of it was changed.

    \b
      everyhop ca ledger
      everyhop ca ledger --verify --witness 17:9f1c…

    Each entry covers the one before. Who may write the file could write all of it anew: so --verify tells a witness,
    to be noted where they cannot write. EVERYHOP_LEDGER and EVERYHOP_LEDGER_CA name a shared ledger: an SQLAlchemy
    URL, and the file of whom to believe there.
    """
    if witness is not None and not verify:
        raise click.UsageError("--witness goes with --verify", click.get_current_context())
    now = office.now()
    if not verify:
        all_entries = entries(office)
        shown = entries_json(all_entries)
        show("ca ledger", form, output, lambda: entries_text(all_entries), lambda: {"entries": shown}, now)
        return
    seen = verdict(office, Witness.parse(witness) if witness else None)
    broken = isinstance(seen, Broken)
    head = None if isinstance(seen, Broken) or seen.head is None else str(seen.head)
    text = seen.text() if head is None else f"{seen.text()}\nwitness {head}"
    show(
        "ca ledger", form, output, lambda: text,
        lambda: {"intact": not broken, "said": seen.text(), "witness": head}, now,
    )  # fmt: skip
    sys.exit(ExitCode.FINDINGS if broken else ExitCode.CLEAN)
