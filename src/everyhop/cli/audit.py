"""`everyhop audit`: scan, probe and sample over everyhop.toml, in one report."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from everyhop.cli.options import Options, finish, remark, report_options, settings
from everyhop.errors import SettingsError
from everyhop.jobs import audit as job
from everyhop.jobs import verify
from everyhop.probe import anchors
from everyhop.render.verify import engines_text, verify_json
from everyhop.runtime.interpreter import choose


@click.command()
@click.option(
    "--python",
    metavar="PATH",
    help="The app's interpreter. Default: the active virtual environment's, .venv's, everyhop's own.",
)
@click.option(
    "--ca", metavar="FILE|system", help="Trust anchors to judge chains by (default: the system's, for https)."
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0.1, max=3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For loading each app and opening all of its connections.",
)
@report_options
def audit(python: str | None, ca: str | None, deadline: float, options: Options) -> None:
    """Look at every hop of everyhop.toml: its source, its listener, the application's own connection. One grade.

    \b
      everyhop audit                              the project of this folder
      everyhop audit --ca ca.pem --format html --output audit.html

    Unlike scan it loads the applications that everyhop.toml names, each in a process of its own with this command's
    environment, and connects to what it names. Without an everyhop.toml, everyhop init writes one.
    """
    configured = settings(options)
    if configured.path is None or not configured.topology.hops:
        raise SettingsError(
            "there is no hop to look at",
            path=str(configured.path) if configured.path else None,
            hint="everyhop init writes everyhop.toml from what scan finds",
        )
    directory = configured.path.resolve().parent
    interpreter = choose(python, os.environ, directory)
    sources = verify.named(configured)
    if sources:
        remark(f"asking {', '.join(map(str, sources))} in {interpreter.path} ({interpreter.reason})", options)
    pem = _anchors(ca)
    asked = verify.Asked(sources, interpreter, os.environ, directory, deadline, pem)
    seen = job.audit(asked, configured, datetime.now(UTC), web_anchors=pem or anchors.of_system())
    finish(
        seen.report,
        options,
        json_extra=verify_json(seen.report.hops, seen.samples, seen.rows),
        text_extra=engines_text(seen.samples, seen.rows),
        base=_base(directory),
    )


def _anchors(ca: str | None) -> str | None:
    if ca is None:
        return None
    return anchors.of_system() if ca == "system" else anchors.from_file(Path(ca))


def _base(directory: Path) -> str:
    """What reported paths are relative to, seen from here; empty where that is here, or nowhere below."""
    here = Path.cwd().resolve()
    return directory.relative_to(here).as_posix() if directory != here and directory.is_relative_to(here) else ""
