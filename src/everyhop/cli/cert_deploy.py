"""`everyhop cert adopt` and `everyhop cert deploy`: a lineage, put where it is used."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from everyhop.cli.deployed import exit_code, tell_deployed, tell_files
from everyhop.cli.deployment import DeploymentOptions, deployment_of, deployment_options
from everyhop.cli.program import own_program
from everyhop.cli.state import state_option
from everyhop.jobs.adopt import adopt as adopt_lineage
from everyhop.jobs.issue import deploy_more as deploy_lineage
from everyhop.jobs.office import Office
from everyhop.lineage.terms import IssuerName
from everyhop.model.certificate import CertificateRequest


@click.command(short_help="Deploy what certbot renews.")
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
    done = adopt_lineage(office, directory, lineage, deployments, own_program(), deployment.strangers)
    click.echo(f"{done.name}: adopted, until {done.version.validity.not_after:%Y-%m-%d}; certbot renews it")
    click.echo(f"  hook  {done.hook}")
    tell_deployed(done.deployed)
    tell_files(deployments)
    if not deployments:
        click.echo(f"  nobody uses it yet: everyhop cert deploy {done.name} --for PRODUCT")
    sys.exit(exit_code(done.deployed))


@click.command(short_help="Put one where one more product uses it.")
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
    done = deploy_lineage(office, lineage, more, deployment.strangers)
    tell_deployed(done)
    tell_files(more)
    sys.exit(exit_code(done))
