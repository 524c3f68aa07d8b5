"""`everyhop verify`: connect as the app does, and ask its own connections."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from everyhop.cli.options import Options, finish, remark, report_options, settings
from everyhop.jobs import verify as job
from everyhop.probe import anchors
from everyhop.render.verify import engines_text, verify_json
from everyhop.runtime.interpreter import choose
from everyhop.runtime.sample import AppModule, AppSource, UrlVariable


@click.command()
@click.option(
    "--app", metavar="MODULE:ATTR", help="The app, as gunicorn and flask name it: wsgi:app, tips:create_app()."
)
@click.option("--url-env", metavar="NAME", help="A variable that holds an SQLAlchemy URL.")
@click.option(
    "--python",
    metavar="PATH",
    help="The app's interpreter. Default: the active virtual environment's, .venv's, everyhop's own.",
)
@click.option("--ca", metavar="FILE|system", help="Trust anchors to judge the listeners' chains by.")
@click.option(
    "--deadline",
    type=click.FloatRange(min=0.1, max=3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For loading the app and opening all of its connections.",
)
@report_options
def verify(
    app: str | None, url_env: str | None, python: str | None, ca: str | None, deadline: float, options: Options
) -> None:
    """Open every connection of the app with the app's own driver and settings, and ask the client's own objects.

    \b
      everyhop verify --app wsgi:app            every engine, binds too
      everyhop verify --url-env DATABASE_URL    the URL in that variable
      everyhop verify                           the hops of everyhop.toml

    The app is loaded in a process of its own, with this command's environment, and is not served. What the server says
    of a connection is shown beside it: a relay on the path makes every server say "encrypted".
    """
    configured = settings(options)
    given: tuple[AppSource, ...] = (*([AppModule(app)] if app else []), *([UrlVariable(url_env)] if url_env else []))
    asked = given or job.sources(configured)
    directory = Path.cwd() if given or configured.path is None else configured.path.resolve().parent
    interpreter = choose(python, os.environ, directory)
    remark(f"asking {', '.join(map(str, asked))} in {interpreter.path} ({interpreter.reason})", options)
    question = job.Asked(asked, interpreter, os.environ, directory, deadline, _anchors(ca))
    seen = job.verify(question, configured, datetime.now(UTC))
    finish(
        seen.report,
        options,
        json_extra=verify_json(seen.report.hops, seen.samples, seen.rows),
        text_extra=engines_text(seen.samples, seen.rows),
    )


def _anchors(ca: str | None) -> str | None:
    if ca is None:
        return None
    return anchors.of_system() if ca == "system" else anchors.from_file(Path(ca))
