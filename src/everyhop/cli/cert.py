"""`everyhop cert`: certificates, issued, shown, deployed, revoked."""

from __future__ import annotations

import click

from everyhop.cli.lazy_group import LazyGroup


@click.command(
    cls=LazyGroup,
    places={
        "issue": "everyhop.cli.cert_issue:issue",
        "list": "everyhop.cli.cert_list:list_lineages",
        "show": "everyhop.cli.cert_show:show_certificate",
        "adopt": "everyhop.cli.cert_deploy:adopt",
        "deploy": "everyhop.cli.cert_deploy:deploy",
        "revoke": "everyhop.cli.cert_revoke:revoke",
    },
)
def cert() -> None:
    """Have certificates issued, by the internal authority or by ACME, and keep them as lineages that renew themselves.

    \b
      everyhop cert issue db.internal --for postgresql
      everyhop cert list

    A lineage is a certificate through time: everyhop renew makes its next version before the last one is over.
    """
