"""`everyhop cert revoke`: what is not to be believed any more."""

from __future__ import annotations

from pathlib import Path

import click

from everyhop.cli import passphrase
from everyhop.cli.state import state_option
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.revoke import revoke as revoke_leaf
from everyhop.model.certificate import RevocationReason
from everyhop.render.printable import printable_lines


@click.command(short_help="Revoke one, and say which servers to tell.")
@click.argument("named", metavar="LINEAGE|SERIAL|FILE")
@click.option(
    "--reason", type=click.Choice([one.value for one in RevocationReason], case_sensitive=False),
    default="unspecified", show_default=True,
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
    if done.earlier is None:
        click.echo(printable_lines(f"revoked: {whose}, serial {done.leaf.serial:x} ({reason})"))
    else:
        since = f"{done.earlier.since:%Y-%m-%d} ({done.earlier.reason.value})"
        click.echo(printable_lines(f"revoked since {since}, which stays: {whose}, serial {done.leaf.serial:x}"))
    if done.crl is None:
        click.echo("  the ACME server keeps the list; everyhop renew replaces the certificate")
        return
    click.echo(f"  CRL number {done.crl} says so. Servers believe the certificate until they have it:")
    for path in done.readers:
        click.echo(f"    {path}  (everyhop renew writes it, and reloads)")
    if not done.readers:
        click.echo("    no lineage deploys it: everyhop ca crl --output FILE, or --crl with everyhop cert issue")
    if done.renewed and not RevocationReason(reason).is_the_end:
        click.echo(f"  next  everyhop renew {done.lineage}: it gets another one")
