"""How a command that could not do its work says so: what happened, where, what to do next, and the exit code."""

from __future__ import annotations

import errno
import os
import sys

import click
from click.exceptions import NoArgsIsHelpError

from everyhop.cli.exit_codes import ExitCode
from everyhop.errors import EveryhopError
from everyhop.model.secret import masked
from everyhop.model.tool import NAME
from everyhop.render.printable import printable_lines

DEBUG_VARIABLE = "EVERYHOP_DEBUG"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def told(error: Exception) -> int:
    """Tell a person on stderr, and give the exit code; never a traceback, unless EVERYHOP_DEBUG asks for it."""
    if os.environ.get(DEBUG_VARIABLE):
        import traceback  # noqa: PLC0415 - slow to import

        _say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, NoArgsIsHelpError):  # a group without a subcommand: its help is the message
        error.show()
        return ExitCode.USAGE
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, EveryhopError):
        return _expected(error)
    return _unexpected(error)


def _expected(error: EveryhopError) -> int:
    _say(f"{NAME}: {error}")
    if error.hint:
        _say(f"hint: {error.hint}")
    return error.exit_code


def _usage(error: click.ClickException) -> int:
    message = error.format_message().strip().rstrip(".")
    _say(f"{NAME}: {message[:1].lower()}{message[1:]}")
    context = getattr(error, "ctx", None)
    if context is not None:
        _say(f"hint: {context.command_path} --help shows what there is")
    return ExitCode.USAGE


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _FULL:  # of all that fails unexpectedly, this is no bug
        _say(f"{NAME}: the output could not be written: {error.strerror}")
        _say("hint: make room where it goes, or send it elsewhere (--output FILE)")
        nobody_reads_on()
        return ExitCode.FAILED
    reason = " ".join(str(error).split())
    story = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    _say(f"{NAME} failed: {story} (this is a bug in everyhop; {DEBUG_VARIABLE}=1 shows the traceback)")
    return ExitCode.FAILED


def _say(text: str) -> None:
    click.echo(printable_lines(masked(text)), err=True)


def nobody_reads_on() -> None:
    """Let the interpreter's last flush go nowhere: the reader of a pipe has left (`| head`), or a disk is full."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(sink, stream.fileno())
