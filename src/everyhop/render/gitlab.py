"""A report as GitLab's code quality report: a list of findings, each with a file and a line.

The format is that of docs.gitlab.com, "Code Quality", "Code Quality report format". Gaps have no place in it: the exit
code tells of them.
"""

from __future__ import annotations

from typing import Final

from everyhop.model.finding import Certainty, Finding
from everyhop.model.report import Report
from everyhop.render.json_values import Json, dumped
from everyhop.render.pointing import numbered, pointed
from everyhop.render.words import milder_words, place_words

_DEGREES: Final = ("info", "minor", "major", "critical", "blocker")
"""In the order of our severities, whose lowest is 1. What is only possible stands one lower."""

_SETTINGS: Final = "everyhop.toml"


def code_quality(report: Report, base: str = "") -> str:
    """The document. `base` is what the report's paths are relative to, seen from the root of the repository."""
    return dumped([_entry(finding, own, base) for finding, own in numbered(report.findings)])


def _entry(finding: Finding, fingerprint: str, base: str) -> Json:
    at = pointed(finding, base)
    lower = 0 if finding.certainty is Certainty.CERTAIN else 1
    # GitLab refuses an entry without a file: what was only seen live belongs to the settings that should name it.
    path, line = (at.path, at.line) if at else (_SETTINGS, 1)
    described = f"{finding.message}: {finding.why}" if at else f"{place_words(finding)}: {finding.message}"
    if milder := milder_words(finding):
        described = f"{described} ({milder})"
    return {
        "description": described,
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _DEGREES[finding.severity - lower],
        "location": {"path": path, "lines": {"begin": line}},
    }
