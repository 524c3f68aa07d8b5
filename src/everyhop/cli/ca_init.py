"""`everyhop ca init`: make the internal authority."""

from __future__ import annotations

import os
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.state import state_option
from everyhop.errors import LineageError, SettingsError
from everyhop.jobs.found import found
from everyhop.jobs.office import Office
from everyhop.lineage.authority import UNSEALED, Founding, Seal
from everyhop.lineage.standing import Standing
from everyhop.model.secret import Secret
from everyhop.pki.constraints import Constraints
from everyhop.pki.key import named_algorithm
from everyhop.render.authority import permitted_words, standing_text


@click.command(short_help="Make it: a root and an intermediate, both sealed.")
@click.option("--name", default="everyhop", show_default=True, help="What people read in its certificates.")
@click.option(
    "--permit", multiple=True, metavar="NAME,NETWORK", help="For which domains (and all below) and networks it speaks."
)
@click.option("--unconstrained", is_flag=True, help="Let it speak for every name there is, instead of --permit.")
@click.option(
    "--key", "key_word", default="EC-P256", show_default=True, help="EC-P256, EC-P384, RSA-2048, RSA-3072 or RSA-4096."
)
@passphrase.root_passphrase_option
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
        passphrase.from_file(root_file, passphrase.ROOT_OPTION)
        if root_file is not None
        else passphrase.chosen(
            "New passphrase for the root key, which is needed again in years", passphrase.ROOT_OPTION
        )
    )
    if unsealed:
        return root, UNSEALED
    given = passphrase.given(file, os.environ)
    return root, given or passphrase.chosen(
        "New passphrase for the intermediate key, needed to issue", passphrase.OPTION
    )


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
