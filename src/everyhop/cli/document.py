"""How a command shows what it looked up: as text or as a JSON document, on stdout or in a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from everyhop.cli.failure import nobody_reads_on
from everyhop.model.secret import masked
from everyhop.model.tool import VERSION
from everyhop.render.file import write_whole
from everyhop.render.json import SCHEMA
from everyhop.render.json_values import dumped
from everyhop.render.printable import printable_lines
from everyhop.render.words import instant

R = TypeVar("R")
JSON = "json"


def document_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--format text|json` and `--output`, as `form` and `output`."""
    output = click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Instead of stdout."
    )
    form = click.option(
        "--format", "form", type=click.Choice(["text", JSON]), default="text", show_default=True, help="How it is told."
    )
    return form(output(command))


def show(
    command: str,
    form: str,
    output: Path | None,
    text: Callable[[], str],
    keys: Callable[[], Mapping[str, object]],
    now: datetime,
) -> None:
    """Write the text, or the JSON document with these keys beside those that every document has."""
    if form == JSON:
        head = {"schema": SCHEMA, "command": command, "tool": {"version": VERSION}, "started": instant(now)}
        told = dumped({**head, **keys()})
    else:
        told = printable_lines(masked(text()))
    if output is not None:
        write_whole(output, told + "\n")
        click.echo(f"written: {output}", err=True)
        return
    try:
        click.echo(told)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        nobody_reads_on()


def write(content: bytes, output: Path | None) -> None:
    """Write a file that programs read (a PEM text, a keystore), whole, or to stdout as it is."""
    if output is not None:
        from everyhop.disk import place  # noqa: PLC0415 - most output goes elsewhere
        from everyhop.disk.account import own_numbers  # noqa: PLC0415 - as above

        path = str(output.absolute())
        place.write(path, place.Snapshot(content, _PUBLIC, *own_numbers()), f".{output.name}.everyhop-part")
        click.echo(f"written: {output}", err=True)
        return
    try:
        click.echo(content, nl=False)
    except BrokenPipeError:  # as above
        nobody_reads_on()


_PUBLIC = 0o644
"""Of anchors, chains and revocation lists: no secret."""
