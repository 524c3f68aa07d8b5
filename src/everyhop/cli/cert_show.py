"""`everyhop cert show`: a certificate, and what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from everyhop.cli.document import document_options, show
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.options import colour_wanted
from everyhop.cli.state import state_option
from everyhop.jobs import show as show_job
from everyhop.jobs.office import Office
from everyhop.render.certificate import certificate_json, certificate_text
from everyhop.render.ink import Role, coloured, plain
from everyhop.render.json import finding_json, gap_json
from everyhop.render.lines import wrapped


@click.command("show", short_help="Show one, and what is wrong with it.")
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
        told = [line for one in seen.wrong for line in wrapped(f"  {ink(Role.BAD, 'wrong')}   ", one)]
        told += [f"  note    {one}" for one in seen.notes]
        gaps = [f"  unseen  {gap.reason}" for gap in seen.report.gaps] if seen.chain is None else []
        return "\n".join(part for part in (seen.what, body, *gaps, *told) if part)

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
            "wrong": list(seen.wrong),
            "notes": list(seen.notes),
        },
        now,
    )
    sys.exit(
        ExitCode.FINDINGS
        if seen.report.findings or seen.wrong
        else ExitCode.GAPS
        if seen.report.gaps
        else ExitCode.CLEAN
    )
