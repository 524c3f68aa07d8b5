"""`everyhop demo`: the whole story on real servers, each step shown as it happens."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import click

from everyhop.cli.exit_codes import ExitCode
from everyhop.cli.options import colour_wanted
from everyhop.cli.signals import terminated_like_interrupted
from everyhop.errors import SettingsError


@click.command()
@click.option(
    "--report",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("everyhop-demo.html"),
    show_default=True,
    metavar="FILE",
    help="Where the HTML report goes.",
)
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C, and say where it is.")
@click.option("--verbose", "-v", is_flag=True, help="Show the plan with every diff.")
def demo(page: Path, *, keep: bool, verbose: bool) -> None:
    """Watch an exposed application found, closed and proven, on real servers that live for about a minute.

    \b
      everyhop demo           the story, and everyhop-demo.html
      everyhop demo --keep    the same, and try the tip line in a browser

    The application is a small tip line: Flask under gunicorn, behind nginx, with MariaDB and PostgreSQL. All of it is
    private, unprivileged and on the loopback, where nothing is left of it afterwards. The exit code is 0 only if every
    step held.
    """
    from everyhop.jobs.demo.stage import set_up  # noqa: PLC0415 - servers, drivers and templates: not for --help
    from everyhop.jobs.demo.story import Story  # noqa: PLC0415 - as above
    from everyhop.lab.session import Lab  # noqa: PLC0415 - as above
    from everyhop.render.file import write_whole  # noqa: PLC0415 - as above
    from everyhop.render.html import html  # noqa: PLC0415 - as above
    from everyhop.render.ink import coloured, plain  # noqa: PLC0415 - as above
    from everyhop.render.story import Outcome  # noqa: PLC0415 - as above
    from everyhop.render.teller import Teller  # noqa: PLC0415 - as above

    if not os.access(page.resolve().parent, os.W_OK | os.X_OK):  # said now, not when the story is over
        raise SettingsError(
            "no report could be written there",
            path=str(page),
            hint="name a file in an existing folder that you may write to (--report FILE)",
        )
    teller = Teller(click.echo, coloured if colour_wanted() else plain, **({"most": None} if verbose else {}))
    steps = []
    with terminated_like_interrupted(), Lab.open("demo") as lab:
        teller.begin("Stage", "Start the tip line as such an app is usually deployed")
        with set_up(lab) as stage:
            story = Story(stage, teller.remark)
            teller.tell(story.opening())
            for act in story.acts():
                teller.begin(act.movement, act.title)
                steps.append(act.play())
                teller.tell(steps[-1])
            if story.before and story.after:
                teller.maps(story.before, story.after)
                write_whole(page, html(story.after, story.before, steps) + "\n")
                teller.say(f"\nThe report: {page}")
            held = all(step.outcome is not Outcome.FAILED for step in steps)
            teller.say("Every step held." if held else "Not every step held: see ✗ above.")
            if keep:
                teller.say(story.invitation())
                threading.Event().wait()
    sys.exit(ExitCode.CLEAN if held else ExitCode.FINDINGS)
