"""Baseline: set a report against what was known to be wrong, so that only what is new counts."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from everyhop.model.baseline import Baseline
from everyhop.model.report import Report


def set_against(report: Report, baseline: Baseline, judged_by: Container[str]) -> Report:
    """The report with its known findings apart. Grades stay: a hop is as exposed as it was.

    `judged_by` holds the rules that were asked; what others found before is not gone, only nobody asked.
    """
    new, known, gone = baseline.split(report.findings)
    return replace(report, findings=new, known=known, gone=tuple(one for one in gone if one.rule in judged_by))
