"""`everyhop cert`: certificates, issued, shown, revoked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.acme import AcmeOptions, acme_options
from everyhop.cli.deployment import DeploymentOptions, deployment_of, deployment_options
from everyhop.cli.document import document_options, show, write
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.options import colour_wanted
from everyhop.cli.program import own_program
from everyhop.cli.state import state_option
from everyhop.errors import IssueError, SettingsError
from everyhop.jobs import show as show_job
from everyhop.jobs.adopt import adopt as adopt_lineage
from everyhop.jobs.deployment import Deployed, Fate
from everyhop.jobs.issue import Made, sign
from everyhop.jobs.issue import issue as issue_lineage
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.overviews import overviews
from everyhop.jobs.revoke import revoke as revoke_leaf
from everyhop.lineage.layout import SETTINGS
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest, LeafProfile, RevocationReason
from everyhop.model.secret import Secret
from everyhop.pki.key import named_algorithm
from everyhop.pki.request import subscriber
from everyhop.render.certificate import certificate_json, certificate_text
from everyhop.render.ink import coloured, plain
from everyhop.render.json import finding_json, gap_json
from everyhop.render.lineages import lineage_json, lineages_text
from everyhop.render.printable import printable_lines

_LARGEST = 100_000  # a signing request has about 1,000 bytes


@click.group()
def cert() -> None:
    """Have certificates issued, by the internal authority or by ACME, and keep them as lineages that renew themselves.

    \b
      everyhop cert issue db.internal --for postgresql
      everyhop cert list

    A lineage is a certificate through time: everyhop renew makes its next version before the last one is over.
    """


@cert.command()
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
    given = Help(_asks(passphrase_file), acme.account, lambda line: click.echo(printable_lines(line), err=True))
    lifetime = None if days is None else timedelta(days=days)
    if csr is not None:
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
    _tell_made(issue_lineage(office, name, terms, given), terms)


@cert.command("list")
@document_options
@state_option
def list_lineages(office: Office, form: str, output: Path | None) -> None:
    """List every lineage: the share of its life that is left, when it is due, where it is deployed.

    \b
      everyhop cert list
      everyhop cert list --format json
    """
    now = office.now()
    found, damaged = overviews(office)
    ink = coloured if output is None and colour_wanted() else plain
    show(
        "cert list",
        form,
        output,
        lambda: lineages_text(found, now, ink),
        lambda: {"lineages": [lineage_json(one, now) for one in found], "damaged": list(damaged)},
        now,
    )
    for sentence in damaged:
        click.echo(printable_lines(sentence), err=True)
    sys.exit(ExitCode.FAILED if damaged else ExitCode.CLEAN)


@cert.command("show")
@click.argument("named", metavar="FILE|LINEAGE|ENDPOINT")
@click.option(
    "--ca", metavar="FILE|system", help="Anchors to judge it by (default: its own, the internal authority's)."
)
@click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Does this private key belong to it?"
)
@document_options
@state_option
def show_certificate(
    office: Office, named: str, ca: str | None, key: Path | None, form: str, output: Path | None
) -> None:
    """Show a certificate, its chain and what is wrong with it; exit code 1 if something is.

    \b
      everyhop cert show db.internal                        a lineage
      everyhop cert show /etc/ssl/server.crt --key /etc/ssl/server.key
      everyhop cert show postgresql://db.internal:5432      what is served there
    """
    seen, now = show_job.show(office, named, ca, key), office.now()
    ink = coloured if output is None and colour_wanted() else plain

    def text() -> str:
        body = "" if seen.chain is None else certificate_text(seen.chain, seen.believed, seen.report, now, ink)
        gaps = [f"  unseen  {gap.reason}" for gap in seen.report.gaps] if seen.chain is None else []
        return "\n".join(
            part for part in (seen.what, body, *gaps, *(f"  key     {note}" for note in seen.notes)) if part
        )

    show(
        "cert show",
        form,
        output,
        text,
        lambda: {
            "what": seen.what,
            "chain": None if seen.chain is None else [certificate_json(one) for one in seen.chain.certificates],
            "trusted": None if seen.believed is None else not seen.believed.startswith("no: "),
            "trust": seen.believed,
            "findings": [finding_json(finding) for finding in seen.report.findings],
            "gaps": [gap_json(gap) for gap in seen.report.gaps],
            "notes": list(seen.notes),
        },
        now,
    )
    sys.exit(ExitCode.FINDINGS if seen.report.findings else ExitCode.GAPS if seen.report.gaps else ExitCode.CLEAN)


@cert.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--lineage", metavar="NAME", help="What the lineage is called (default: certbot's name for it).")
@deployment_options
@state_option
def adopt(office: Office, directory: Path, lineage: str | None, deployment: DeploymentOptions) -> None:
    """Deploy what certbot renews: to the database that cannot read /etc/letsencrypt, with its owner and mode.

    \b
      everyhop cert adopt /etc/letsencrypt/live/db.example.org --for mariadb
      everyhop cert adopt /etc/letsencrypt/live/tips.example.org --for nginx \\
          --endpoint https://tips.example.org

    Certbot goes on renewing it. A hook in renewal-hooks/deploy has everyhop deploy it each time, and look whether it
    is served.
    """
    request = CertificateRequest((), None)
    name = lineage or directory.name
    deployments = deployment_of(deployment, request, name, IssuerName.ADOPTED)
    done = adopt_lineage(office, directory, lineage, deployments, own_program())
    click.echo(f"{done.name}: adopted, until {done.version.validity.not_after:%Y-%m-%d}; certbot renews it")
    click.echo(f"  hook  {done.hook}")
    _tell_deployed(done.deployed)
    sys.exit(_exit_code(done.deployed))


@cert.command()
@click.argument("named", metavar="LINEAGE|SERIAL|FILE")
@click.option(
    "--reason", type=click.Choice([one.value for one in RevocationReason]), default="unspecified", show_default=True,
    metavar="REASON", help="keyCompromise, superseded, cACompromise: a lineage is renewed at once. cessationOfOperation, "
    "affiliationChanged: it ends.",
)  # fmt: skip
@passphrase.passphrase_option
@state_option
def revoke(office: Office, named: str, reason: str, passphrase_file: Path | None) -> None:
    """Revoke a certificate, and say which servers have to be given the new list.

    \b
      everyhop cert revoke app --reason keyCompromise
      everyhop cert revoke 4f1c09… --reason cessationOfOperation

    A revoked client is refused by servers that have the list: ssl_crl_file in PostgreSQL, ssl_crl in MySQL, MariaDB
    and nginx. Most dialers read no list: for a server, a new certificate and the old one's end are what counts.
    """
    done = revoke_leaf(office, named, RevocationReason(reason), Help(_asks(passphrase_file)))
    whose = done.lineage or ", ".join(done.leaf.names) or done.leaf.subject
    click.echo(printable_lines(f"revoked: {whose}, serial {done.leaf.serial:x} ({reason})"))
    if done.crl is None:
        click.echo("  the ACME server keeps the list; everyhop renew replaces the certificate")
        return
    click.echo(f"  CRL number {done.crl} says so. Servers believe the certificate until they have it:")
    for path in done.readers:
        click.echo(f"    {path}  (everyhop renew writes it, and reloads)")
    if not done.readers:
        click.echo("    no lineage deploys it: everyhop ca crl --output FILE, or --crl with everyhop cert issue")


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


def _asks(file: Path | None) -> Callable[[], Secret]:
    return lambda: passphrase.needed(file, os.environ)


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
    request = CertificateRequest((), lifetime, profile)
    signed = sign(office, text, profile, Terms(request, IssuerName.INTERNAL), given)
    leaf = signed.chain.leaf
    click.echo(f"issued: serial {leaf.serial:x}, until {leaf.validity.not_after:%Y-%m-%d}; its key is not here, "
               "so nothing renews it", err=True)  # fmt: skip
    folder = deployment.out
    write(signed.chain_pem.encode(), None if folder is None else folder / f"{csr.stem}.crt")
    if folder is not None:
        write(signed.anchors_pem.encode(), folder / "ca.crt")


def _tell_made(made: Made, terms: Terms) -> None:
    leaf = made.version.leaf
    whose = ", ".join(leaf.names) or leaf.subject
    click.echo(printable_lines(f"{made.name}: {terms.request.profile.value} certificate for {whose}"))
    click.echo(f"  serial  {leaf.serial:x}, until {leaf.validity.not_after:%Y-%m-%d}, from {leaf.issuer}")
    click.echo(f"  kept    {made.path}/live")
    _tell_deployed(made.deployed)
    for deployment in terms.deployments:
        for part, path in deployment.files.items():
            setting = SETTINGS.get(deployment.consumer, {}).get(part)
            click.echo(f"    {setting.format(path)}" if setting else f"    {path}")
        if deployment.reload:
            click.echo(f"  renewal runs: {' '.join(deployment.reload)}")
    if not terms.deployments:
        click.echo("  nobody uses it yet: --for PRODUCT or --out DIR put it where it is used")
    click.echo("  everyhop renew --install has it renewed by itself")
    sys.exit(_exit_code(made.deployed))


def _tell_deployed(deployed: tuple[Deployed, ...]) -> None:
    for one in deployed:
        reason = f": {one.reason}" if one.reason else ""
        click.echo(printable_lines(f"  {one.fate.value}  {one.consumer}  {one.folder}{reason}"))


def _exit_code(deployed: tuple[Deployed, ...]) -> ExitCode:
    fates = {one.fate for one in deployed}
    if Fate.STOPPED in fates:
        return ExitCode.FAILED
    return ExitCode.FINDINGS if Fate.PUT_BACK in fates else ExitCode.CLEAN
