"""`everyhop scan`: reads source and configuration, offline, and judges every hop."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from everyhop.cli import progress
from everyhop.cli.fixing import agree, keep, show
from everyhop.cli.options import Options, finish, finish_beside, remark, report_options, settings
from everyhop.config import baseline as baselines
from everyhop.errors import SettingsError, SourceError
from everyhop.jobs import remembered
from everyhop.jobs.baseline import set_against
from everyhop.model.baseline import Baseline
from everyhop.model.nearest import did_you_mean
from everyhop.model.report import Report
from everyhop.render.file import write_whole
from everyhop.rules.rule import Rule
from everyhop.scan.pace import Pace
from everyhop.scan.workspace import LARGEST, root_of

if TYPE_CHECKING:  # a scan of a tree that has not changed loads nothing of what looks, judges and fixes
    from everyhop.jobs.fix import Seen
    from everyhop.jobs.scan import Unsaved

_STDIN: Final = Path("-")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(readable=False, path_type=Path), metavar="[PATH…]")
@click.option("--select", multiple=True, metavar="RULE", help="Tell the findings of this rule only (repeatable).")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave this rule out (repeatable).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match (repeatable).")
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Findings that FILE names do not count; those that are gone are told.",
)
@click.option(
    "--write-baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what is found now to FILE, so that it is known from now on.",
)
@click.option("--fix", is_flag=True, help="Write the safe fixes into the files, and report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: those that are not safe, too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, secrets masked, and write none of it.")
@click.option(
    "--anchors",
    metavar="FILE",
    help="With --fix or --diff: the trust anchors for settings that name none, as a path where the app runs.",
)
@click.option("--stdin-filename", metavar="NAME", help="Read stdin as the file NAME, which need not exist.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Look with at most N processes (default: 1, and 2 for large trees).",
)
@click.option("--no-cache", is_flag=True, envvar="EVERYHOP_NO_CACHE", help="Look anew, and keep nothing of it.")
@report_options
def scan(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    baseline: Path | None,
    write_baseline: Path | None,
    *,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    anchors: str | None,
    stdin_filename: str | None,
    jobs: int | None,
    no_cache: bool,
    options: Options,
) -> None:
    """Read source and configuration, offline, and judge every hop.

    \b
      everyhop scan                                 the project in this folder
      everyhop scan app/ docker-compose.yml .env    only these
      everyhop scan --format sarif --output everyhop.sarif --fail-on high
      everyhop scan --write-baseline known.json     what is there is known;
      everyhop scan --baseline known.json           only what is new counts
      everyhop scan --diff --anchors /etc/ssl/db-ca.pem    what --fix would change
      everyhop scan --fix --anchors /etc/ssl/db-ca.pem
      everyhop scan - --stdin-filename config.py    a text that is not saved yet

    It reads Python, dotenv, compose, YAML, TOML, JSON and ini files, units, Dockerfiles, scripts, pins of versions,
    certificates and keys, and the settings of nginx, Apache, HAProxy, PostgreSQL, MariaDB, MySQL and PgBouncer. None of
    it is executed or imported.
    """
    agree(fix=fix, unsafe_fixes=unsafe_fixes, diff=diff, anchors=anchors, stdin=stdin_filename is not None)
    chosen = _chosen(select, ignore)
    known = baselines.load(baseline) if baseline is not None else None
    named, unsaved = _stdin(paths, stdin_filename)
    _readable(named)
    folder = next((path for path in named if path.is_dir()), None)
    decided, now = settings(options, folder), datetime.now(UTC)

    def against(report: Report) -> Report:
        return report if known is None else set_against(report, known, _rules() if chosen is None else chosen)

    seen: Seen | None = None
    if fix or diff:
        from everyhop.jobs.fix import Extent, propose  # noqa: PLC0415 - as above

        extent = Extent.ALL if unsafe_fixes else Extent.SAFE
        with progress.shown(wanted=not options.quiet) as tell:
            proposal = propose(
                named,
                decided,
                now,
                extent,
                anchors=anchors,
                exclude=exclude,
                rules=chosen,
                narrowed=against,
                pace=Pace(jobs, tell),
            )
        if diff:
            show(proposal, options)
        seen = proposal.before if diff else keep(proposal, root_of(named), options).left
    with progress.shown(wanted=not options.quiet) as tell:
        pace = Pace(jobs, tell)
        if seen is not None:
            report = seen.report()
        elif no_cache or fix or unsaved is not None:
            from everyhop.jobs import scan as job  # noqa: PLC0415 - as above

            report = job.scan(named, decided, now, exclude=exclude, rules=chosen, unsaved=unsaved, pace=pace)
        else:
            report = remembered.scan(named, decided, now, exclude=exclude, rules=chosen, pace=pace)
    if write_baseline is not None:
        known = _written(report, write_baseline, options)
    report = against(report)
    if diff and options.output is None:
        finish_beside(report, options, base=_base(named))
    finish(report, options, base=_base(named))


def _stdin(paths: tuple[Path, ...], name: str | None) -> tuple[tuple[Path, ...], Unsaved | None]:
    """The paths to read, by default this folder, and what stands on stdin, where that is asked for."""
    named = tuple(path for path in paths if path != _STDIN)
    if name is None:
        if len(named) < len(paths):
            message = "- needs the name of what stdin is: --stdin-filename app/config.py"
            raise click.UsageError(message, click.get_current_context())
        return named or (Path(),), None
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise SourceError(f"stdin has more than the {LARGEST // 1_000_000} MB that are read", hint="scan the file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError("this is not UTF-8 text", path="stdin", hint="save it as UTF-8, or scan the file") from None
    from everyhop.jobs.scan import Unsaved  # noqa: PLC0415 - as above

    return named, Unsaved(Path(name).as_posix(), text)


def _written(report: Report, path: Path, options: Options) -> Baseline:
    """Write the findings there are; what is waived has a reason already, and is none of a baseline's business."""
    baseline = Baseline.of(report.findings)
    write_whole(path, baselines.written(baseline) + "\n")
    remark(f"written: {path}, with {len(baseline.known)} known", options)
    return baseline


def _base(paths: tuple[Path, ...]) -> str:
    """What reported paths are relative to, seen from here; empty where that is here, or nowhere below."""
    here, root = Path.cwd().resolve(), root_of(paths) if paths else Path.cwd().resolve()
    return root.relative_to(here).as_posix() if root != here and root.is_relative_to(here) else ""


def _readable(paths: tuple[Path, ...]) -> None:
    """Refuse a path that is named and cannot be read; one that is found on the way is a gap."""
    for path in paths:
        wanted = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
        if path.exists() and not os.access(path, wanted):
            hint = "grant read permission, or run this as a user who has it"
            raise SourceError("cannot be read: permission denied", path=str(path), hint=hint)


def _chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> Mapping[str, Rule[Any]] | None:
    """The rules whose findings are told; None for all of them."""
    if not select and not ignore:
        return None
    known = _rules()
    for name in (*select, *ignore):
        if name not in known:
            raise SettingsError(
                f"there is no rule {name!r}{did_you_mean(name, known)}", hint="everyhop rules lists them"
            )
    return {name: rule for name, rule in known.items() if (not select or name in select) and name not in ignore}


def _rules() -> Mapping[str, Rule[Any]]:
    from everyhop.rules.catalogue import catalogue  # noqa: PLC0415 - as above

    return catalogue()
