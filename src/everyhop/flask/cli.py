"""`flask tls …`: what the application itself can say about its hops."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import click
from flask.cli import ScriptInfo

from everyhop.errors import EveryhopError, SettingsError

if TYPE_CHECKING:
    from flask import Flask

    from everyhop.flask.state import State

NEVER = "never"


@click.group()
def tls() -> None:
    """Show and judge TLS on every hop of this application.

    \b
      flask tls check     the chain, the first broken hop named
      flask tls routes    which routes plain HTTP reaches
      flask tls headers   what browsers are told
      flask tls explain   what each database URL really does
    """


@tls.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "critical", NEVER]),
    default="medium",
    show_default=True,
    help="The lowest severity that makes the exit code 1.",
)
@click.option("--strict", is_flag=True, help="Let possible findings count like certain ones.")
def check(form: str, fail_on: str, strict: bool) -> None:  # noqa: FBT001 - click's flag
    """Judge the chain browser → proxy → app → database as this application sees it.

    The application is asked in this process, and no connection is opened: `everyhop verify` opens them.
    Exit codes: 0 clean, 1 findings, 2 settings that cannot be meant, 3 something cannot be seen from here.
    """
    app, state = _application()
    from everyhop.flask import check as job  # noqa: PLC0415 - a process that serves needs no rules
    from everyhop.model.finding import Certainty, Severity  # noqa: PLC0415
    from everyhop.model.secret import masked  # noqa: PLC0415
    from everyhop.render.json import document  # noqa: PLC0415
    from everyhop.render.printable import printable  # noqa: PLC0415
    from everyhop.render.text import Detail, text_report  # noqa: PLC0415

    report = job.check(app, state, datetime.now(UTC))
    links = tuple(job.chain(state, report))
    if form == "json":
        chain = [{"ends": link.ends, "state": link.state, "broken": list(link.broken)} for link in links]
        click.echo(masked(document(report, {"chain": chain})))
    else:
        broken = next((link for link in links if link.broken), None)
        for link in links:
            click.echo(printable(masked(f"{link.ends:<20}  {link.state}  {', '.join(link.broken)}")).rstrip())
        click.echo(f"\nfirst broken hop: {broken.ends} ({broken.broken[0]})\n" if broken else "")
        click.echo(text_report(report, Detail.QUIET))
        if app.debug or app.testing:
            click.echo("DEBUG or TESTING is on: plain HTTP is served by rule; ask again with production's settings")
    least = None if fail_on == NEVER else Severity[fail_on.upper()]
    sys.exit(job.exit_code(report, least, Certainty.POSSIBLE if strict else Certainty.CERTAIN))


@tls.command()
def routes() -> None:
    """Show what plain HTTP gets on each route: sent to HTTPS, refused, or served because it is exempt."""
    app, state = _application()
    from everyhop.flask.listing import listed  # noqa: PLC0415 - as above

    for line in listed(app, state):
        click.echo(line)


@tls.command()
def headers() -> None:
    """Show the headers that every answer over HTTPS carries, and when the next stage of HSTS begins."""
    _, state = _application()
    from everyhop.flask.listing import sent  # noqa: PLC0415 - as above

    for line in sent(state, datetime.now(UTC)):
        click.echo(line)


@tls.command()
def explain() -> None:
    """Explain what each database URL of this application really does."""
    _, state = _application()
    from everyhop.flask.listing import explained  # noqa: PLC0415 - as above

    for line in explained(state):
        click.echo(line)


def _application() -> tuple[Flask, State]:
    """The application that `flask --app` names; the process ends with 2 where there is none to ask."""
    from everyhop.flask.state import state_of  # noqa: PLC0415 - as above

    info = click.get_current_context().ensure_object(ScriptInfo)
    try:
        app = info.load_app()
    except EveryhopError as error:
        _fail(error)
    state = state_of(app)
    if state is None:
        _fail(SettingsError(f"Everyhop does not stand in front of {app.name}", hint="write Everyhop(app)"))
    return app, state


def _fail(error: EveryhopError) -> NoReturn:
    from everyhop.model.secret import masked  # noqa: PLC0415 - as above
    from everyhop.render.printable import printable_lines  # noqa: PLC0415

    click.echo(printable_lines(masked(f"everyhop: {error}")), err=True)
    if error.hint:
        click.echo(printable_lines(masked(f"hint: {error.hint}")), err=True)
    sys.exit(error.exit_code)
