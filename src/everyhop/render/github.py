"""A report as GitHub's workflow commands: each finding becomes an annotation of its line.

`::error file=…,line=…::message`, as in docs.github.com, "Workflow commands for GitHub Actions"; escaped as
the runner unescapes it (actions/toolkit, core/command). GitHub shows ten of a kind for a step, so the worst come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from everyhop.model.finding import Certainty, Finding
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Gap
from everyhop.render.pointing import pointed
from everyhop.render.printable import printable, printable_lines
from everyhop.render.summary import summary
from everyhop.render.words import place_words, told_words


def workflow_commands(report: Report, counts: Callable[[Finding], bool], base: str = "") -> str:
    """The commands, and the summary as a last line. What `counts` is an error, as it is for the exit code.

    `base` is what the report's paths are relative to, seen from the root of the repository.
    """
    lines = [_finding(finding, counts, base) for finding in report.findings]
    lines += [_gap(gap) for gap in report.gaps]
    lines.append(_inert(printable(masked(summary(report)))))
    return "\n".join(lines)


def _finding(finding: Finding, counts: Callable[[Finding], bool], base: str) -> str:
    at = pointed(finding, base)
    properties: dict[str, object] = {}
    if at is not None:
        properties = {"file": at.path, "line": at.line, "endLine": at.end_line, "col": at.column}
        if at.line == at.end_line:  # a column without its line would be one of the first
            properties["endColumn"] = at.end_column
    properties["title"] = f"{finding.rule} ({finding.severity.word}, {finding.certainty.value})"
    kind = "error" if counts(finding) else "warning" if finding.certainty is Certainty.CERTAIN else "notice"
    told = told_words(finding) if at else f"{place_words(finding)}\n{told_words(finding)}"
    return _command(kind, properties, told)


def _gap(gap: Gap) -> str:
    hint = f"\n{gap.hint}" if gap.hint else ""
    return _command("warning", {"title": "could not be looked at"}, f"{gap.where}: {gap.reason}{hint}")


def _command(name: str, properties: dict[str, object], message: str) -> str:
    listed = ",".join(_pairs(properties))
    return f"::{name} {listed}::{_data(printable_lines(masked(message)))}"


def _pairs(properties: dict[str, object]) -> Iterator[str]:
    for name, value in properties.items():
        text = _data(printable(masked(str(value))))
        yield f"{name}={text.replace(':', '%3A').replace(',', '%2C')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _inert(line: str) -> str:
    """A line that is no command: the runner still obeys an older spelling (`##[…]`) wherever it stands."""
    return line.replace("##[", "# #[").replace("::", ": :")
