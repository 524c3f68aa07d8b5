"""Scan: look at files, judge what was seen, and say what would end each finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from everyhop.config import Settings
from everyhop.deploy import profiles
from everyhop.errors import SourceError
from everyhop.model.report import Report
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from everyhop.rules.rule import Rule
from everyhop.scan import collector, workspace
from everyhop.scan.observe import Observed, observe
from everyhop.scan.pace import Pace
from everyhop.scan.quote import quoted
from everyhop.scan.rewrite.announce import announced
from everyhop.scan.rewrite.remedy import attach
from everyhop.scan.workspace import Source, Workspace

PROFILE: Final = "intermediate"
"""What listeners are to allow where a fix names suites: whoever may dial them, browsers among them."""
AS_IT_COMES: Final = Pace()


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A text that is not in its file yet, as an editor has it: the path from the scanned root, with `/`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The report on a workspace, with what it was made of: `policy` has the waivers of comments as well."""

    report: Report
    observed: Observed
    policy: Policy


def scan(
    paths: Sequence[Path],
    settings: Settings,
    now: datetime,
    *,
    exclude: Sequence[str] = (),
    rules: Mapping[str, Rule[Any]] | None = None,
    unsaved: Unsaved | None = None,
    pace: Pace = AS_IT_COMES,
) -> Report:
    """The report on everything below `paths`. `exclude` are globs, `rules` whose findings are told (default: all).

    `unsaved` takes the place of a file, or stands beside what there is. The `pace`
    changes nothing of the report. Raises `SourceError` for a path that does not
    exist; all else that cannot be looked at is a gap in the report.
    """
    read = workspace.read(paths, exclude, pace) if paths else Workspace((), ())
    if unsaved is not None:
        read = _with(unsaved, read)
    return shown(said(look(read, settings, now, rules, pace), read), read)


@collector.paused()  # fixes are tried out on syntax trees as well
def said(looked: Looked, read: Workspace) -> Report:
    """The report with what would end each finding; no line of a source stands in it."""
    sources = {source.path: source for source in read.sources}
    report = attach(looked.report, looked.observed.settings, looked.policy)
    return announced(report, looked.observed.settings, looked.policy, sources, profiles.load(PROFILE))


def shown(report: Report, read: Workspace) -> Report:
    """The report with the lines that its findings point at."""
    return quoted(report, {source.path: source.text for source in read.sources}.get)


def look(
    read: Workspace,
    settings: Settings,
    now: datetime,
    rules: Mapping[str, Rule[Any]] | None = None,
    pace: Pace = AS_IT_COMES,
) -> Looked:
    """What there is to say about texts that were read, without words on what to do about it.

    Every rule is asked: a grade that comes of some of them would call a hop good that nobody has judged.
    """
    observed = observe(read, settings.topology, pace)
    policy = replace(settings.policy, waivers=(*settings.policy.waivers, *observed.waivers))
    report = judge(observed.sightings, catalogue(), policy, command="scan", started=now)
    if rules is not None:
        told = tuple(finding for finding in report.findings if finding.rule in rules)
        report = replace(report, findings=told, waived=tuple(f for f in report.waived if f.rule in rules))
    return Looked(report, observed, policy)


def _with(unsaved: Unsaved, read: Workspace) -> Workspace:
    kind = workspace.kind_of(Path(unsaved.path))
    if kind is None:
        raise SourceError(
            "scan reads no file of this name", path=unsaved.path, hint="name it as it will be called: app/config.py"
        )
    others = tuple(source for source in read.sources if source.path != unsaved.path)
    return replace(read, sources=(*others, Source(unsaved.path, kind, unsaved.text)))
