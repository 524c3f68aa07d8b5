"""`everyhop rules`: the catalogue, or one rule's page."""

from __future__ import annotations

import click

from everyhop.cli.options import Format, Options, colour_wanted, emit
from everyhop.errors import SettingsError
from everyhop.model.nearest import did_you_mean
from everyhop.render.catalogue import catalogue_json, page_text, table_text
from everyhop.render.ink import coloured, plain
from everyhop.rules.catalogue import catalogue


@click.command()
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice([Format.TEXT.value, Format.JSON.value]),
    default=Format.TEXT.value,
    show_default=True,
    help="How it is written.",
)
def rules(name: str | None, form: str) -> None:
    """Show the catalogue of rules, or one rule's page.

    \b
      everyhop rules                     every rule: its severity, what is wrong
      everyhop rules unverified-chain    one rule: why it matters, when it fires
    """
    known = catalogue()
    if name is not None and name not in known:
        raise SettingsError(f"there is no rule {name!r}{did_you_mean(name, known)}", hint="everyhop rules lists them")
    chosen = [known[name]] if name is not None else list(known.values())
    ink = coloured if colour_wanted() else plain
    if form == Format.JSON.value:
        document = catalogue_json(chosen)
    else:
        document = page_text(chosen[0], ink) if name is not None else table_text(chosen, ink)
    emit(document, Options())
