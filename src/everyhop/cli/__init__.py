"""The command `everyhop`: a group that imports a command when it is called, and tells every failure in one place."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from click.exceptions import Exit

from everyhop.cli.commands import COMMANDS, Movement
from everyhop.cli.exit_codes import ExitCode, table
from everyhop.cli.failure import nobody_reads_on, told
from everyhop.cli.lazy_group import LazyGroup
from everyhop.model.tool import NAME, VERSION


class Commands(LazyGroup):
    """The group of all commands."""

    def places(self) -> Mapping[str, str]:
        """From the table in `cli.commands`."""
        return {name: entry.place for name, entry in COMMANDS.items()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """The commands under their movements, without importing any."""
        widest = max(map(len, COMMANDS))
        for movement in Movement:
            rows = [(n.ljust(widest), e.summary) for n, e in COMMANDS.items() if e.movement is movement]
            if rows:
                with formatter.section(movement.value):
                    formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands before options: they are what a reader came for."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """The exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl(table())

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run; every failure ends here, in plain words on stderr and with the documented exit code."""
        _write_what_can_be_written()
        words = sys.argv[1:] if args is None else list(args)
        self._main_shell_completion(extra, NAME)
        extra.pop("prog_name", None)
        extra.pop("standalone_mode", None)
        try:
            with self.make_context(NAME, words, **extra) as context:
                self.invoke(context)
                context.exit()
        except Exit as end:
            sys.exit(end.exit_code)
        except (click.Abort, KeyboardInterrupt, EOFError):
            sys.exit(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            nobody_reads_on()
            sys.exit(ExitCode.INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - the last door: nobody above would catch it
            sys.exit(told(error))


def _write_what_can_be_written() -> None:
    """Let a terminal that knows no arrows show their code points: output never fails for its encoding.

    A stream that the caller has closed (`everyhop scan >&-`) goes nowhere: the exit code still counts.
    """
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@click.command(NAME, cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name=NAME, message="%(prog)s %(version)s")
def main() -> None:
    """Verified TLS on every hop of a Flask application, from the browser to the database, and the proof of it.

    \b
      everyhop demo                                 the whole story, on real servers
      everyhop scan                                 what is exposed in this directory?
      everyhop explain --url-env DATABASE_URL       what does this URL really do?
    """
