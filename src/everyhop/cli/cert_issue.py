"""`everyhop cert issue`: a new lineage, or a leaf for a signing request."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.acme import AcmeOptions, acme_options
from everyhop.cli.deployed import exit_code, tell_deployed, tell_files
from everyhop.cli.deployment import DeploymentOptions, deployment_of, deployment_options
from everyhop.cli.document import write
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.state import state_option
from everyhop.errors import IssueError, SettingsError
from everyhop.jobs.claim import Strangers, refuse_present
from everyhop.jobs.issue import Made, sign
from everyhop.jobs.issue import issue as issue_lineage
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest, LeafProfile
from everyhop.pki.key import named_algorithm
from everyhop.pki.request import subscriber
from everyhop.render.printable import printable_lines

_LARGEST = 100_000  # a signing request has about 1,000 bytes
_ANCHORS = "ca.crt"


@click.command("issue", short_help="Issue one, and have it renewed from now on.")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option(
    "--profile", type=click.Choice([one.value for one in LeafProfile]), help="What it is for (default: server)."
)
@click.option("--user", metavar="USER", help="A client: the database user whose certificate it is.")
@click.option("--days", type=click.IntRange(1, 3650), metavar="N", help="How long it lives (default: 90).")
@click.option(
    "--key", "key_word", default="EC-P256", show_default=True, help="EC-P256, EC-P384, RSA-2048, -3072, -4096."
)
@click.option(
    "--issuer", type=click.Choice([IssuerName.INTERNAL.value, IssuerName.ACME.value]), default="internal",
    show_default=True, help="The authority of everyhop ca, or an ACME server (Let's Encrypt).",
)  # fmt: skip
@click.option(
    "--csr", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Sign this request instead."
)
@click.option("--lineage", metavar="NAME", help="What the lineage is called (default: the first name, or the user).")
@deployment_options
@acme_options
@passphrase.passphrase_option
@state_option
def issue(
    office: Office,
    names: tuple[str, ...],
    profile: str | None,
    user: str | None,
    days: int | None,
    key_word: str,
    issuer: str,
    csr: Path | None,
    lineage: str | None,
    passphrase_file: Path | None,
    deployment: DeploymentOptions,
    acme: AcmeOptions,
) -> None:
    """Issue a certificate, put it where it is used, and have it renewed from now on.

    \b
      everyhop cert issue db.internal 10.0.0.5 --for postgresql
      everyhop cert issue --user app --out /etc/tips/db
      everyhop cert issue tips.example.org --issuer acme --webroot /var/www/html \\
          --agree-terms --for nginx
      everyhop cert issue --csr server.csr > chain.pem    its key stays there

    A client (--user) gets a key of its own: a server's key is never given to a client. Public authorities certify
    servers alone; clients, nodes and databases get theirs from the internal one. 90 days, because a stolen key is
    believed until then.
    """
    wanted = _profile(profile, user)
    given = Help(passphrase.asks(passphrase_file), acme.account, _remark)
    lifetime = None if days is None else timedelta(days=days)
    if csr is not None:
        if issuer != IssuerName.INTERNAL.value:
            raise click.UsageError("--csr is for the internal authority", click.get_current_context())
        _sign(office, csr, wanted, lifetime, names, deployment, given)
        return
    request = CertificateRequest(names, lifetime, wanted, named_algorithm(key_word), user)
    name = lineage or next(iter(names), user)
    if name is None:
        raise click.UsageError("name at least one host, or a --user", click.get_current_context())
    _refuse_unsound(request)
    who = IssuerName(issuer)
    deployments = deployment_of(deployment, request, name, who)
    terms = Terms(request, who, deployments, acme=acme.terms if who is IssuerName.ACME else None)
    _tell_made(issue_lineage(office, name, terms, given, deployment.strangers), terms)


def _remark(line: str) -> None:
    click.echo(printable_lines(line), err=True)


def _refuse_unsound(request: CertificateRequest) -> None:
    """What is no name is an argument that cannot be meant so, and is told before anything else is."""
    try:
        subscriber(request)
    except IssueError as error:
        raise SettingsError(error.message, hint=error.hint, key=error.key) from error


def _profile(word: str | None, user: str | None) -> LeafProfile:
    if user is not None:
        if word not in {None, LeafProfile.CLIENT.value}:
            raise click.UsageError("--user is for the profile client", click.get_current_context())
        return LeafProfile.CLIENT
    return LeafProfile(word) if word else LeafProfile.SERVER


def _sign(
    office: Office,
    csr: Path,
    profile: LeafProfile,
    lifetime: timedelta | None,
    names: tuple[str, ...],
    deployment: DeploymentOptions,
    given: Help,
) -> None:
    if names:
        raise click.UsageError("the names stand in the signing request", click.get_current_context())
    try:
        with csr.open("rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(
            f"cannot be read: {reason}", path=str(csr), key="--csr", hint="is the path right?"
        ) from error
    folder, chain_name = deployment.out, f"{csr.stem}.crt"
    if folder is not None:
        _refuse_unwritable(office, folder, chain_name, deployment.strangers)
    request = CertificateRequest((), lifetime, profile)
    signed = sign(office, text, profile, Terms(request, IssuerName.INTERNAL), given)
    leaf = signed.chain.leaf
    click.echo(f"issued: serial {leaf.serial:x}, until {leaf.validity.not_after:%Y-%m-%d}; its key is not here, "
               "so nothing renews it", err=True)  # fmt: skip
    write(signed.chain_pem.encode(), None if folder is None else folder / chain_name)
    if folder is not None:
        write(signed.anchors_pem.encode(), folder / _ANCHORS)


def _refuse_unwritable(office: Office, folder: Path, chain_name: str, strangers: Strangers) -> None:
    """Before it is issued: a certificate that then could not be written would be lost."""
    if not folder.is_dir():
        raise SettingsError("there is no such directory", path=str(folder), key="--out", hint=f"mkdir {folder}")
    if strangers is Strangers.KEPT:
        refuse_present(str((folder / chain_name).absolute()))
        refuse_present(str((folder / _ANCHORS).absolute()), office.authority().anchors_pem())


def _tell_made(made: Made, terms: Terms) -> None:
    leaf = made.version.leaf
    whose = ", ".join(leaf.names) or leaf.subject
    click.echo(printable_lines(f"{made.name}: {terms.request.profile.value} certificate for {whose}"))
    click.echo(f"  serial  {leaf.serial:x}, until {leaf.validity.not_after:%Y-%m-%d}, from {leaf.issuer}")
    click.echo(f"  kept    {made.path}/live")
    tell_deployed(made.deployed)
    if exit_code(made.deployed) is ExitCode.CLEAN:
        tell_files(terms.deployments)
    else:
        click.echo(f"  next    mend that, then everyhop renew {made.name}: it deploys what is kept")
    if not terms.deployments:
        click.echo(f"  nobody uses it yet: everyhop cert deploy {made.name} --for PRODUCT")
    click.echo("  everyhop renew --install has it renewed by itself")
    sys.exit(exit_code(made.deployed))
