"""`everyhop init`: writes everyhop.toml from what `scan` finds."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from everyhop.config import Settings
from everyhop.errors import SettingsError
from everyhop.jobs.init import outline
from everyhop.jobs.scan import scan
from everyhop.model.secret import masked
from everyhop.render.file import write_whole
from everyhop.render.lines import wrapped

_NAME: Final = "everyhop.toml"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), default=Path())
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match (repeatable).")
@click.option("--force", is_flag=True, help="Write it anew where there is one.")
def init(folder: Path, exclude: tuple[str, ...], *, force: bool) -> None:
    """Write everyhop.toml from what scan finds in FOLDER, and tell what nobody could find out.

    \b
      everyhop init                 for the project in this folder
      everyhop init backend/        writes backend/everyhop.toml

    It asks nothing, runs nothing and connects to nothing.
    """
    path = folder / _NAME
    if not force:
        _refuse(folder)
    found = outline(scan([folder], Settings(), datetime.now(UTC), exclude=exclude))
    write_whole(path, found.text)
    hops = found.settings.topology.hops
    click.echo(f"{path}: {len(hops)} hop{'' if len(hops) == 1 else 's'}")
    for hop in hops:
        click.echo(masked(f"  {hop.name}  {hop.dialer} → {hop.listener}  {hop.endpoint or 'known only at run time'}"))
    if found.unknown:
        click.echo("not known, and left for you:")
        for unknown in found.unknown:
            click.echo("\n".join(wrapped("  ", unknown)))


def _refuse(folder: Path) -> None:
    """Settings that somebody wrote are not written over unasked."""
    if (folder / _NAME).exists():
        raise SettingsError("there is one already", path=str(folder / _NAME), hint="--force writes it anew")
    shared = folder / "pyproject.toml"
    with suppress(OSError, ValueError, RecursionError):
        if "everyhop" in tomllib.loads(shared.read_text(encoding="utf-8")).get("tool", {}):
            hint = f"--force writes {_NAME}, which wins over it"
            raise SettingsError("[tool.everyhop] has settings already", path=str(shared), hint=hint)
