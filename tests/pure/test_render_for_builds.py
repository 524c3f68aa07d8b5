"""The forms that build servers read: JUnit, GitHub's workflow commands, GitLab's code quality, Markdown."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from everyhop.model.baseline import Known
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.report import Report
from everyhop.render.github import workflow_commands
from everyhop.render.gitlab import code_quality
from everyhop.render.junit import junit
from everyhop.render.markdown import LONGEST, markdown
from tests import reports
from tests.snapshots import agrees

EVERY = [
    *(reports.empty, reports.exposed, reports.clean, reports.before, reports.undetermined, reports.crowded),
    reports.hostile,
]
EVERY_REPORT = pytest.mark.parametrize("report", [make() for make in EVERY], ids=[make.__name__ for make in EVERY])
FOUND = reports.exposed().findings[0]
KNOWN = Known("old.py", "plaintext-dial", "f" * 32, "the connection is not encrypted")


def certain(finding: Finding) -> bool:
    return finding.certainty is Certainty.CERTAIN


def told() -> Report:
    """A report with one of everything."""
    waived = reports.undetermined().waived
    return replace(reports.exposed(), waived=waived, known=(replace(FOUND, rule="low-floor"),), gone=(KNOWN,))


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("told.xml", junit(told(), certain)),
        ("told.github.txt", workflow_commands(told(), certain)),
        ("told.gitlab.json", code_quality(told())),
        ("told.md", markdown(told())),
    ],
)
def test_the_whole_output(name: str, output: str) -> None:
    """For a person to read, once."""
    agrees(name, output + "\n")


@EVERY_REPORT
def test_junit_counts_what_it_holds(report: Report) -> None:
    """The totals are those of the cases; only attributes that Jenkins' strict schema knows."""
    root = ElementTree.fromstring(junit(report, certain))  # noqa: S314 - our own
    (suite,) = root
    cases = list(suite)
    for tag, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.attrib[total]) == sum(case.find(tag) is not None for case in cases)
    assert int(root.attrib["tests"]) == int(suite.attrib["tests"]) == len(cases)
    assert all(case.attrib.keys() == {"classname", "name"} and len(case) <= 1 for case in cases)


def test_junit_fails_by_what_the_exit_code_counts() -> None:
    """What does not count is skipped with its reason, a gap is no pass, a good hop is one."""
    root = ElementTree.fromstring(junit(reports.exposed(), lambda _: False))  # noqa: S314 - our own
    assert root.find(".//failure") is None
    assert root.find(".//error[@type='gap']") is not None
    passed = [case.attrib["name"] for case in root.iter("testcase") if not len(case)]
    assert len(passed) == 2
    assert all(name.startswith(("browser → nginx", "nginx → flask")) for name in passed)


def unescaped(text: str) -> str:
    """As the runner does it (actions/runner, ActionCommand)."""
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_a_workflow_command_says_what_was_meant() -> None:
    """Whatever stands in a path or a message ends no property and begins no command."""
    path = "a,b:c%0A::error::x\n.py"
    hostile = replace(FOUND, evidence=(SourceSpan(path, 3, 5, 3, 9),), message="100% wrong\n::add-mask::x")
    report = replace(reports.empty(), findings=(hostile,))
    line, summary = workflow_commands(report, certain).split("\n")
    match = re.fullmatch(r"::error ([^:]*)::(.*)", line)
    assert match is not None
    properties = dict(pair.split("=", 1) for pair in match[1].split(","))
    assert unescaped(properties["file"]) == path.replace("\n", "\\n")
    assert (properties["line"], properties["col"], properties["endColumn"]) == ("3", "5", "9")
    assert unescaped(match[2]).startswith("100% wrong\n::add-mask::x.\n")
    assert not summary.startswith("::")


def test_the_kind_of_an_annotation_is_that_of_the_exit_code() -> None:
    """An error where the build fails, a warning where it may, a notice where nothing is sure."""
    possible = replace(FOUND, certainty=Certainty.POSSIBLE)
    report = replace(reports.empty(), findings=(FOUND, possible))
    kinds = [line.split(" ")[0] for line in workflow_commands(report, certain).splitlines()[:2]]
    assert kinds == ["::error", "::notice"]
    assert workflow_commands(report, lambda _: False).startswith("::warning ")


@EVERY_REPORT
def test_no_other_line_is_a_command(report: Report) -> None:
    """Each line is one of ours, or the summary, which the runner takes for text."""
    *lines, summary = workflow_commands(report, certain).split("\n")
    assert all(re.match(r"::(error|warning|notice) [a-zA-Z]+=", line) for line in lines)
    assert "::" not in summary
    assert "##[" not in summary


def test_paths_are_seen_from_the_root_of_the_repository() -> None:
    """Also where only a folder of it was scanned."""
    assert "file=src/config.py," in workflow_commands(reports.exposed(), certain, "src")
    assert json.loads(code_quality(reports.exposed(), "src"))[0]["location"]["path"] == "src/config.py"
    assert 'name="src/config.py:18  ' in junit(reports.exposed(), certain, "src")


@EVERY_REPORT
def test_gitlab_gets_the_five_fields_that_it_needs(report: Report) -> None:
    """Fingerprints are unique: GitLab drops the second of two alike."""
    entries = json.loads(code_quality(replace(report, findings=report.findings * 2)))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert entry["location"]["lines"]["begin"] >= 1
        assert entry["location"]["path"]


@pytest.mark.parametrize(
    ("severity", "certainty", "degree"),
    [
        (Severity.CRITICAL, Certainty.CERTAIN, "blocker"),
        (Severity.HIGH, Certainty.CERTAIN, "critical"),
        (Severity.HIGH, Certainty.POSSIBLE, "major"),
        (Severity.LOW, Certainty.CERTAIN, "minor"),
        (Severity.LOW, Certainty.POSSIBLE, "info"),
    ],
)
def test_gitlab_is_told_severity_and_certainty(severity: Severity, certainty: Certainty, degree: str) -> None:
    """What is only possible stands one lower."""
    found = replace(FOUND, severity=severity, certainty=certainty)
    assert json.loads(code_quality(replace(reports.empty(), findings=(found,))))[0]["severity"] == degree


def test_markdown_stays_within_what_a_step_may_say() -> None:
    """GitHub refuses more than 1 MiB as a whole; how many are left out is told."""
    many = tuple(replace(FOUND, fingerprint=str(number), why="w" * 2_000) for number in range(1_000))
    text = markdown(replace(reports.exposed(), findings=many))
    assert len(text.encode()) <= LONGEST + 100
    left = re.search(r"…and (\d+) findings more", text)
    assert left is not None
    assert int(left[1]) + text.count("<details") == 1_000


def test_markdown_formats_nothing_that_it_was_told() -> None:
    """A pipe ends no cell, a tag is text, three backticks end no block."""
    words = "<img src=x> | **bold** [link](http://x) `code`"
    span = SourceSpan("a.py", 1, 1, 1, 4, "```\n<b>")
    hostile = replace(FOUND, message=words, evidence=(span,))
    text = markdown(replace(reports.exposed(), findings=(hostile,)))
    assert re.search(r"(?<!\\)<img", text) is None
    assert r"\*\*bold\*\* \[link\](http://x) \`code\`" in text
    assert "````\n```\n<b>\n````" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)


@pytest.mark.parametrize("write", [lambda r: junit(r, certain), lambda r: workflow_commands(r, certain), markdown])
def test_hostile_text_is_only_text(write: object) -> None:
    """No escape sequence, no reordering, no password, in any of them; GitLab's is ASCII as all JSON is."""
    assert callable(write)
    text = write(reports.hostile())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "hunter2" not in text
    assert "hunter2" not in code_quality(reports.hostile())
    assert code_quality(reports.hostile()).isascii()
