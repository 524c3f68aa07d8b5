"""`everyhop cert list`: every lineage at a glance."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from everyhop.cli.document import document_options, show
from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.options import colour_wanted
from everyhop.cli.state import state_option
from everyhop.jobs.office import Office
from everyhop.jobs.overviews import overviews
from everyhop.render.ink import coloured, plain
from everyhop.render.lineages import lineage_json, lineages_text
from everyhop.render.printable import printable_lines


@click.command("list", short_help="List them: life left, when due, where deployed.")
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
