"""Exit codes: the one table, from which `--help` is made, and the one function that picks from it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--version` and `--help` answer without the model
    from everyhop.model.finding import Finding, Severity
    from everyhop.model.report import Report


class ExitCode(IntEnum):
    """How a command ended, for the program that called it."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    GAPS = 3
    FAILED = 4
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """One line for the table."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.CLEAN: "clean",
    ExitCode.FINDINGS: "findings at or above --fail-on (default: medium)",
    ExitCode.USAGE: "usage or bad input",
    ExitCode.GAPS: "nothing found wrong, but something could not be looked at",
    ExitCode.FAILED: "the tool failed, or a program it needs is missing",
    ExitCode.INTERRUPTED: "interrupted",
}


def table() -> list[tuple[str, str]]:
    """Every code with its meaning, as text."""
    return [(str(code.value), code.meaning) for code in ExitCode]


def exit_code(report: Report, fail_on: Severity | None, *, strict: bool) -> ExitCode:
    """What a report means for the caller.

    `fail_on` None is `--fail-on never`. Only certain findings count, unless `strict`. Those that are waived, or known
    in a baseline, never do.
    """
    if any(counts(finding, fail_on, strict=strict) for finding in report.findings):
        return ExitCode.FINDINGS
    return ExitCode.GAPS if report.gaps else ExitCode.CLEAN


def counts(finding: Finding, fail_on: Severity | None, *, strict: bool) -> bool:
    """Whether a finding makes the exit code 1. The arguments are those of `exit_code`."""
    from everyhop.model.finding import Certainty  # noqa: PLC0415 - as above

    sure = strict or finding.certainty is Certainty.CERTAIN
    return sure and fail_on is not None and finding.severity >= fail_on
