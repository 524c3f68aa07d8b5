"""The options that every command with a report shares, and the end that they all come to: `finish`."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from everyhop.cli.exit_codes import counts, exit_code
from everyhop.cli.failure import nobody_reads_on
from everyhop.config import Settings, load
from everyhop.model.finding import Finding, Severity
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.render.ink import coloured, plain
from everyhop.render.printable import printable_lines
from everyhop.render.text import Detail, text_report

R = TypeVar("R")
NEVER = "never"


class Format(Enum):
    """The forms that a report is offered in."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    GITLAB = "gitlab"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller wants of a report. `output` None is stdout, `fail_on` None is `--fail-on never`.

    `also` are further forms of the same report, each with its file.
    """

    format: Format = Format.TEXT
    output: Path | None = None
    fail_on: Severity | None = Severity.MEDIUM
    strict: bool = False
    config: Path | None = None
    detail: Detail = Detail.NORMAL
    also: tuple[tuple[Format, Path], ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether remarks and progress are unwanted."""
        return self.detail is Detail.QUIET

    @property
    def verbose(self) -> bool:
        """Whether everything that was looked at is to be shown, the good too."""
        return self.detail is Detail.VERBOSE


_OPTIONS = (
    click.option(
        "--format", "form", type=click.Choice([form.value for form in Format]), default=Format.TEXT.value,
        show_default=True, help="How the report is written.",
    ),
    click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Write the report to FILE instead of stdout.",
    ),
    click.option(
        "--also", multiple=True, metavar="FORMAT=FILE",
        help="Write the same report in a further form: sarif=everyhop.sarif (repeatable).",
    ),
    click.option(
        "--fail-on", type=click.Choice([*(severity.word for severity in Severity), NEVER]),
        default=Severity.MEDIUM.word, show_default=True, help="The lowest severity that makes the exit code 1.",
    ),
    click.option("--strict", is_flag=True, help="Let possible findings count like certain ones."),
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE",
        help="Settings to use (default: everyhop.toml or pyproject.toml, here or above).",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Only findings, gaps and the summary; no progress."),
    click.option("--verbose", "-v", is_flag=True, help="Everything that was looked at, the good too."),
)  # fmt: skip


def report_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the shared options, as one argument `options: Options`."""

    @functools.wraps(command)
    def with_options(
        *args: Any, form: str, output: Path | None, fail_on: str, quiet: bool, verbose: bool, **rest: Any
    ) -> R:
        also = tuple(map(_form_and_file, rest.pop("also")))
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose exclude each other", click.get_current_context())
        options = Options(
            format=Format(form),
            output=output,
            fail_on=None if fail_on == NEVER else Severity[fail_on.upper()],
            strict=rest.pop("strict"),
            config=rest.pop("config"),
            detail=Detail.QUIET if quiet else Detail.VERBOSE if verbose else Detail.NORMAL,
            also=also,
        )
        return command(*args, options=options, **rest)

    decorated: Callable[..., R] = with_options
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _form_and_file(text: str) -> tuple[Format, Path]:
    form, equals, path = text.partition("=")
    known = [known.value for known in Format]
    if not equals or not path or form not in known:
        message = f"--also {text!r} is not FORMAT=FILE, with one of {', '.join(known)}"
        raise click.UsageError(message, click.get_current_context())
    return Format(form), Path(path)


def settings(options: Options, directory: Path | None = None) -> Settings:
    """Load `--config`, or what lies in `directory` (the current one by default) or above it."""
    return load(options.config, directory or Path.cwd())


def rendered(
    report: Report,
    options: Options,
    *,
    json_extra: Mapping[str, object] | None = None,
    text_extra: str = "",
    text: str | None = None,
    base: str = "",
) -> str:
    """The report in the form that is wanted, without a final line feed.

    `json_extra` is merged into the JSON document. `text_extra` is a block of lines between the hop map and the
    findings; `text` takes the place of the text form altogether. `base` is the folder that the report's paths are
    relative to, seen from the current one, where a build server begins to count.
    """

    def counted(finding: Finding) -> bool:
        return counts(finding, options.fail_on, strict=options.strict)

    match options.format:
        case Format.JSON:
            from everyhop.render.json import document  # noqa: PLC0415 - each form is imported where it is wanted

            return document(report, json_extra)
        case Format.HTML:
            from everyhop.render.html import html  # noqa: PLC0415 - jinja2 is slow to import

            return html(report)
        case Format.SARIF:
            from everyhop.render.sarif import sarif  # noqa: PLC0415 - one form is wanted, and there are eight

            return sarif(report, base)
        case Format.JUNIT:
            from everyhop.render.junit import junit  # noqa: PLC0415 - as above

            return junit(report, counted, base)
        case Format.GITHUB:
            from everyhop.render.github import workflow_commands  # noqa: PLC0415 - as above

            return workflow_commands(report, counted, base)
        case Format.GITLAB:
            from everyhop.render.gitlab import code_quality  # noqa: PLC0415 - as above

            return code_quality(report, base)
        case Format.MARKDOWN:
            from everyhop.render.markdown import markdown  # noqa: PLC0415 - as above

            return markdown(report)
        case Format.TEXT:
            ink = coloured if options.output is None and colour_wanted() else plain
            return text if text is not None else text_report(report, options.detail, ink, extra=text_extra)


def finish(
    report: Report,
    options: Options,
    *,
    json_extra: Mapping[str, object] | None = None,
    text_extra: str = "",
    text: str | None = None,
    base: str = "",
) -> NoReturn:
    """Write the report where it is wanted and exit with the documented code. The arguments are those of `rendered`."""
    for wanted in (*(replace(options, format=form, output=path) for form, path in options.also), options):
        emit(rendered(report, wanted, json_extra=json_extra, text_extra=text_extra, text=text, base=base), wanted)
    sys.exit(exit_code(report, options.fail_on, strict=options.strict))


def finish_beside(report: Report, options: Options, *, base: str = "") -> NoReturn:
    """As `finish`, where stdout is taken already: only the further forms are written."""
    for form, path in options.also:
        wanted = replace(options, format=form, output=path)
        emit(rendered(report, wanted, base=base), wanted)
    sys.exit(exit_code(report, options.fail_on, strict=options.strict))


def emit(document: str, options: Options) -> None:
    """Write a finished document to `--output`, whole or not at all, or to stdout."""
    if options.output is not None:
        from everyhop.render.file import write_whole  # noqa: PLC0415 - as above

        write_whole(options.output, document + "\n")
        remark(f"written: {options.output}", options)
        return
    try:
        click.echo(document)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough; the exit code still counts
        nobody_reads_on()


def remark(text: str, options: Options) -> None:
    """Say something in passing: on stderr, made harmless, and not with `--quiet`."""
    if not options.quiet:
        click.echo(printable_lines(masked(text)), err=True)


def colour_wanted() -> bool:
    """Whether stdout is a terminal that takes colour: not with NO_COLOR (no-color.org) nor TERM=dumb."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
