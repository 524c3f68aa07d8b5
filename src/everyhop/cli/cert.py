"""`everyhop cert`: certificates, issued, shown, deployed, revoked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.cert_issue import issue
from everyhop.cli.deployed import exit_code, tell_deployed, tell_files
from everyhop.cli.deployment import DeploymentOptions, deployment_of, deployment_options
from everyhop.cli.document import document_options, show
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.options import colour_wanted
from everyhop.cli.program import own_program
from everyhop.cli.state import state_option
from everyhop.jobs import show as show_job
from everyhop.jobs.adopt import adopt as adopt_lineage
from everyhop.jobs.issue import deploy_more as deploy_lineage
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.overviews import overviews
from everyhop.jobs.revoke import revoke as revoke_leaf
from everyhop.lineage.terms import IssuerName
from everyhop.model.certificate import CertificateRequest, RevocationReason
from everyhop.render.certificate import certificate_json, certificate_text
from everyhop.render.ink import coloured, plain
from everyhop.render.json import finding_json, gap_json
from everyhop.render.lineages import lineage_json, lineages_text
from everyhop.render.printable import printable_lines


@click.group()
def cert() -> None:
    """Have certificates issued, by the internal authority or by ACME, and keep them as lineages that renew themselves.

    \b
      everyhop cert issue db.internal --for postgresql
      everyhop cert list

    A lineage is a certificate through time: everyhop renew makes its next version before the last one is over.
    """


cert.add_command(issue)


@cert.command("list", short_help="List them: life left, when due, where deployed.")
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


@cert.command("show", short_help="Show one, and what is wrong with it.")
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


@cert.command(short_help="Deploy what certbot renews.")
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
    tell_deployed(done.deployed)
    tell_files(deployments)
    if not deployments:
        click.echo(f"  nobody uses it yet: everyhop cert deploy {done.name} --for PRODUCT")
    sys.exit(exit_code(done.deployed))


@cert.command(short_help="Put one where one more product uses it.")
@click.argument("lineage", metavar="LINEAGE")
@deployment_options
@state_option
def deploy(office: Office, lineage: str, deployment: DeploymentOptions) -> None:
    """Put a lineage where one more product uses it; renewal keeps it up to date there, too.

    \b
      everyhop cert deploy tips.example.org --for nginx
      everyhop cert deploy db.internal --out /srv/backup/tls --owner backup:backup
    """
    terms = office.store.open(lineage).terms()
    more = deployment_of(deployment, terms.request, lineage, terms.issuer)
    if not more:
        raise click.UsageError("name the product (--for) or a folder (--out)", click.get_current_context())
    done = deploy_lineage(office, lineage, more)
    tell_deployed(done)
    tell_files(more)
    sys.exit(exit_code(done))


@cert.command(short_help="Revoke one, and say which servers to tell.")
@click.argument("named", metavar="LINEAGE|SERIAL|FILE")
@click.option(
    "--reason", type=click.Choice([one.value for one in RevocationReason]), default="unspecified", show_default=True,
    metavar="REASON", help="keyCompromise, superseded, cACompromise: a lineage is renewed at once. "
    "cessationOfOperation, affiliationChanged: it ends.",
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
    done = revoke_leaf(office, named, RevocationReason(reason), Help(passphrase.asks(passphrase_file)))
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
