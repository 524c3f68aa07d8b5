"""Scan: look at files, judge what was seen, and say what would end each finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from everyhop.config import Settings
from everyhop.model.report import Report
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.rule import Rule
from everyhop.scan import workspace
from everyhop.scan.observe import observe
from everyhop.scan.rewrite.remedy import attach


def scan(
    paths: Sequence[Path],
    settings: Settings,
    now: datetime,
    *,
    exclude: Sequence[str] = (),
    rules: Mapping[str, Rule[Any]] | None = None,
) -> Report:
    """The report on everything below `paths`. `exclude` are globs, `rules` the rules to judge by (default: all).

    Raises `SourceError` for a path that does not exist; all else that cannot be looked at is a gap in the report.
    """
    observed = observe(workspace.read(paths, exclude), settings.topology)
    chosen = catalogue() if rules is None else rules
    report = judge(observed.sightings, chosen, settings.policy, command="scan", started=now)
    return attach(report, observed.settings, settings.policy)
