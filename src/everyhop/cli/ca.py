"""`everyhop ca`: the internal authority."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.document import document_options, show, write
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.state import state_option
from everyhop.errors import LineageError, SettingsError
from everyhop.jobs import crl as crl_job
from everyhop.jobs import export as export_job
from everyhop.jobs import roll as roll_job
from everyhop.jobs.found import found
from everyhop.jobs.ledger import entries, verdict
from everyhop.jobs.office import Office
from everyhop.lineage.authority import UNSEALED, Founding, Seal
from everyhop.lineage.ledger.chain import Broken, Witness
from everyhop.lineage.prospect import Move
from everyhop.lineage.standing import Standing, standing
from everyhop.model.secret import Secret
from everyhop.pki.constraints import Constraints
from everyhop.pki.key import named_algorithm
from everyhop.render.authority import permitted_words, standing_json, standing_text
from everyhop.render.ledger import entries_json, entries_text
from everyhop.render.roll import prospect_text

_ROOT_OPTION = "--root-passphrase-file"


@click.group()
def ca() -> None:
    """Keep an authority of your own: for databases, for clients, for every name that no public authority may know.

    \b
      everyhop ca init --permit db.internal,10.0.0.0/8    once; asks two passphrases
      everyhop ca show                                    how it stands

    A root, whose key belongs into a drawer, and an intermediate, which issues. Both keys are sealed by passphrases, and
    the names for which they may speak are in their certificates.
    """


@ca.command()
@click.option("--name", default="everyhop", show_default=True, help="What people read in its certificates.")
@click.option(
    "--permit", multiple=True, metavar="NAME,NETWORK", help="For which domains (and all below) and networks it speaks."
)
@click.option("--unconstrained", is_flag=True, help="Let it speak for every name there is, instead of --permit.")
@click.option(
    "--key", "key_word", default="EC-P256", show_default=True, help="EC-P256, EC-P384, RSA-2048, RSA-3072 or RSA-4096."
)
@click.option(
    _ROOT_OPTION, type=click.Path(path_type=Path), metavar="FILE", help="The root's passphrase (else it is asked for)."
)
@passphrase.passphrase_option
@click.option("--unsealed", is_flag=True, help="Keep the intermediate's key in the clear: nobody needs to be asked.")
@state_option
def init(
    office: Office,
    name: str,
    permit: tuple[str, ...],
    key_word: str,
    root_passphrase_file: Path | None,
    passphrase_file: Path | None,
    *,
    unconstrained: bool,
    unsealed: bool,
) -> None:
    """Make the authority: a root and an intermediate below it.

    \b
      everyhop ca init --permit db.internal,10.0.0.0/8
      everyhop ca init --permit tips.internal --root-passphrase-file root.pass \\
          --passphrase-file /etc/everyhop.pass        nobody is asked: for scripts

    Who has the key of an authority can pose as every name for which it may speak. So it is told which ones
    (--permit), and dialers hold it to that. Ed25519 is not offered: PostgreSQL's channel binding breaks with it.
    """
    founding = Founding(name, _constraints(permit, unconstrained=unconstrained), named_algorithm(key_word))
    if unsealed and passphrase_file is not None:
        raise click.UsageError("--unsealed and --passphrase-file exclude each other", click.get_current_context())
    _refuse_second(office)
    root, intermediate = _new_passphrases(root_passphrase_file, passphrase_file, unsealed=unsealed)
    made = found(office, founding, root, intermediate)
    click.echo(standing_text(made, office.now()))
    click.echo(_next_steps(made, passphrase_file))


@ca.command("show")
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


@ca.command()
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


@ca.command()
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


@ca.command()
@click.option("--yes", is_flag=True, help="Do the next step without asking.")
@click.option("--undo", is_flag=True, help="Go back to the step before.")
@click.option("--plan", "only_plan", is_flag=True, help="Show where it stands and what comes next; do nothing.")
@click.option(
    "--root-key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The old root's sealed key, where it was taken away.",
)  # fmt: skip
@click.option(
    _ROOT_OPTION, type=click.Path(path_type=Path), metavar="FILE", help="The root's passphrase (else it is asked for)."
)
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


@ca.command()
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


def _constraints(permit: tuple[str, ...], *, unconstrained: bool) -> Constraints | None:
    if unconstrained and permit:
        raise click.UsageError("--unconstrained and --permit exclude each other", click.get_current_context())
    if unconstrained:
        return None
    if not permit:
        raise SettingsError(
            "an authority is told for which names it may speak",
            key="--permit",
            hint="--permit db.internal,10.0.0.0/8 (a domain and all below it, a network); or --unconstrained, where a "
            "stolen key would speak for every name in the world",
        )
    return Constraints.parse(permit)


def _refuse_second(office: Office) -> None:
    """Nobody types two passphrases to be told that there is an authority already."""
    from everyhop.disk.private import PrivateDirectory  # noqa: PLC0415 - for this one question
    from everyhop.lineage.authority import DIRECTORY  # noqa: PLC0415 - as above

    home = PrivateDirectory.open(office.home)
    if home is not None:
        with home:
            if DIRECTORY in home.names():
                raise LineageError(
                    "there is an authority already",
                    path=f"{office.home}/{DIRECTORY}",
                    hint="everyhop ca show tells about it; everyhop ca roll puts a new root beside it",
                )


def _new_passphrases(root_file: Path | None, file: Path | None, *, unsealed: bool) -> tuple[Secret, Seal]:
    root = (
        passphrase.from_file(root_file, _ROOT_OPTION)
        if root_file is not None
        else passphrase.chosen("New passphrase for the root key, which is needed again in years", _ROOT_OPTION)
    )
    if unsealed:
        return root, UNSEALED
    given = passphrase.given(file, os.environ)
    return root, given or passphrase.chosen(
        "New passphrase for the intermediate key, which is needed to issue", passphrase.OPTION
    )


def _signers(
    office: Office, root_key: Path | None, root_file: Path | None, file: Path | None
) -> tuple[Secret, Seal, Secret | None]:
    """The passphrases that open the old keys and seal the new ones; and the old root's key, where it was elsewhere."""
    root = (
        passphrase.from_file(root_file, _ROOT_OPTION)
        if root_file is not None
        else passphrase.asked("Passphrase for the root key", _ROOT_OPTION)
    )
    sealed = office.authority().is_sealed()
    below: Seal = passphrase.needed(file, os.environ) if sealed else UNSEALED
    return root, below, None if root_key is None else export_job.read_root_key(root_key)


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise SettingsError("nobody can be asked here, so nothing was done", hint="--yes does it, --plan only shows it")
    if not click.confirm("\nDo it?", default=False, err=True):
        raise click.Abort


def _next_steps(made: Standing, passphrase_file: Path | None) -> str:
    root, file = made.issuing.root_key, f" --passphrase-file {passphrase_file}" if passphrase_file else ""
    sealed = (
        "The intermediate's key opens with its passphrase, at each issuing and renewal."
        if made.sealed
        else "The intermediate's key lies IN THE CLEAR, as --unsealed asked for: whoever reads that file issues."
    )
    first = (made.permitted or ("db.internal",))[0]
    name = first if "/" not in first else "ADDRESS"
    return (
        f"\n{sealed}\n"
        f"The root's key is missed only by everyhop ca roll. Take it offline, then keep two copies:\n"
        f"  everyhop ca export --root-key /media/stick/{Path(root or '').name}\n"
        f"\nNext, for {permitted_words(made)}:\n"
        f"  everyhop cert issue {name} --for postgresql{file}\n"
        f"  everyhop cert issue --user app --out ./app{file}\n"
        f"  everyhop trust install                    programs of this machine believe it\n"
        f"  everyhop renew --install{file}"
    )
