"""`everyhop trust`: what programs of this machine believe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.state import state_option
from everyhop.jobs import trust as job
from everyhop.jobs.office import Office
from everyhop.render.printable import printable_lines

_store_option = click.option(
    "--store", "stores", multiple=True, metavar="KIND",
    help="system, nss, java or bundle=FILE (repeatable; default: every one that is found).",
)  # fmt: skip
_file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)


@click.group()
def trust() -> None:
    """Have this machine's programs believe the internal authority, or forget it.

    \b
      everyhop trust install
      everyhop trust remove

    Databases' drivers read a file instead (sslrootcert, ssl_ca): everyhop ca export --output FILE.
    """


@trust.command(short_help="Put the root into this machine's stores.")
@_file_argument
@_store_option
@click.option("--unconstrained", is_flag=True, help="Take an authority that could speak for every site in the world.")
@state_option
def install(office: Office, file: Path | None, stores: tuple[str, ...], *, unconstrained: bool) -> None:
    """Put the internal authority's root, or the one in FILE, into the stores of this machine.

    \b
      everyhop trust install
      everyhop trust install other-ca.pem --store nss --store bundle=apps.pem

    system: what OpenSSL, curl, Python and Go read. nss: Firefox's and Chromium's databases of this account. java:
    cacerts.
    """
    anchors = job.anchors(office, file)
    if not unconstrained:
        job.refuse_unconstrained(anchors)
    _tell(job.install(anchors, job.stores(stores, Path.home())), "believes it now", "believed it already")


@trust.command(short_help="Take it out of them again.")
@_file_argument
@_store_option
@state_option
def remove(office: Office, file: Path | None, stores: tuple[str, ...]) -> None:
    """Take it out of the stores again.

    \b
      everyhop trust remove
      everyhop trust remove old-root.pem --store system
    """
    anchors = job.anchors(office, file)
    _tell(job.remove(anchors, job.stores(stores, Path.home())), "has forgotten it", "did not know it")


def _tell(told: Iterable[job.Told], done: str, nothing: str) -> None:
    failed = False
    for one in told:
        failed = failed or one.failure is not None
        what = f"FAILED: {one.failure}" if one.failure else done if one.changed else nothing
        click.echo(printable_lines(f"{one.store}: {what}  ({one.anchor.certificate.subject})"))
    sys.exit(ExitCode.FAILED if failed else ExitCode.CLEAN)
