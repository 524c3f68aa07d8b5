"""Comments that waive: what they bind, and what is wrong with those that waive nothing."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.report import Report
from everyhop.scan.syntax.waive import in_lines, in_python

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = '# everyhop: waive[opportunistic-dial] reason="a throw-away" until=2027-06-30'
URL = "'postgresql://a@db.internal/x'"


def report(folder: Path, text: str, name: str = "config.py") -> Report:
    (folder / name).write_text(text, encoding="utf-8")
    return scan([folder], Settings(), NOW)


def rules(found: Report) -> list[str]:
    return [finding.rule for finding in found.findings]


@pytest.mark.parametrize(
    "text",
    [
        f"DATABASE_URL = {URL}  {GOOD}\n",
        f"{GOOD}\nDATABASE_URL = {URL}\n",
        f"{GOOD}\n\n# more words\nDATABASE_URL = (\n    {URL}\n)\n",
        f"class C:\n    {GOOD}\n    DATABASE_URL = {URL}\n",
        f"ALL = dict(\n    {GOOD}\n    DATABASE_URL={URL},\n)\nDATABASE_URL = ALL['DATABASE_URL']\n",
        f"DATABASE_URL = {URL}  {GOOD.replace('[opp', '[drift, opp')}\n",
    ],
)
def test_a_waiver_binds_its_line_or_what_comes_next(tmp_path: Path, text: str) -> None:
    """What it excuses costs nothing, and stays visible."""
    found = report(tmp_path, text)
    assert rules(found) == []
    assert "opportunistic-dial" in [finding.rule for finding in found.waived]


@pytest.mark.parametrize(
    "text",
    [
        f"x = 1  {GOOD}\nDATABASE_URL = {URL}\n",
        f"{GOOD}\nx = 1\nDATABASE_URL = {URL}\n",
        f"DATABASE_URL = {URL}\n{GOOD}\n",
        f"DATABASE_URL = {URL}  {GOOD.replace('opportunistic', 'plaintext')}\n",
        f'DATABASE_URL = {URL}\nTEXT = """\n{GOOD}\n"""\n',
        f"A = [\n    {GOOD}\n    1,\n    2,\n]\nDATABASE_URL = {URL}\n",
    ],
)
def test_a_waiver_binds_nothing_else(tmp_path: Path, text: str) -> None:
    """Another line, another rule, a text that only looks like a comment."""
    assert rules(report(tmp_path, text)) == ["opportunistic-dial"]


@pytest.mark.parametrize(
    ("words", "flaw"),
    [
        ("waive[opportunistic-dial] until=2027-06-30", "it gives no reason"),
        ('waive[opportunistic-dial] reason="" until=2027-06-30', "it gives no reason"),
        ('waive[opportunistic-dial] reason="x"', "it has no last day"),
        ('waive[opportunistic-dial] reason="x" until=soon', "until=soon is no date such as 2027-06-30"),
        ('waive[opportunistic-dial] reason="until=2027-06-30"', "it has no last day"),
        ('waive[oportunistic-dial] reason="x" until=2027-06-30', "did you mean 'opportunistic-dial'?"),
        ('waive reason="x" until=2027-06-30', "it names no rule"),
    ],
)
def test_half_a_waiver_excuses_nothing_and_is_told(tmp_path: Path, words: str, flaw: str) -> None:
    """It is a finding itself, at its own place."""
    found = report(tmp_path, f"DATABASE_URL = {URL}  # everyhop: {words}\n")
    assert rules(found) == ["opportunistic-dial", "broken-waiver"]
    broken = found.findings[1]
    assert broken.message.endswith(flaw)
    assert str(broken.span).startswith("config.py:1:")


def test_a_waiver_ends_with_its_last_day(tmp_path: Path) -> None:
    """On that day it holds; a day later the finding counts again, and so does the waiver."""
    for day, expected in (("2026-11-22", []), ("2026-11-21", ["opportunistic-dial", "expired-waiver"])):
        assert rules(report(tmp_path, f"{GOOD.replace('2027-06-30', day)}\nDATABASE_URL = {URL}\n")) == expected


@pytest.mark.parametrize("text", [f"{GOOD}\nDATABASE_URL={URL}\n", f"DATABASE_URL={URL} {GOOD}\n"])
def test_it_waives_in_other_files_as_well(tmp_path: Path, text: str) -> None:
    """A comment above, and one at the end of the line."""
    found = report(tmp_path, text, ".env")
    assert (rules(found), len(found.waived)) == ([], 1)


def test_it_waives_in_its_own_file_only(tmp_path: Path) -> None:
    """The same line of another file has a waiver of its own, or none; a name is no pattern."""
    (tmp_path / "other.py").write_text(f"DATABASE_URL = {URL}\n", encoding="utf-8")
    found = report(tmp_path, f"DATABASE_URL = {URL}  {GOOD}\n", "[o]ther.py")
    assert [finding.span.path for finding in found.findings if finding.span] == ["other.py"]


@pytest.mark.parametrize("text", ["(\n" * 9 + GOOD, f"'''{GOOD}", f"x = 1  {GOOD}\n\tif:\n  x", f"{GOOD}\r\nx = 1\r\n"])
def test_a_broken_module_breaks_nothing(text: str) -> None:
    """What comes before the break is read; nothing is raised."""
    assert len(list(in_python(text))) <= 1


def test_words_are_read_as_they_stand() -> None:
    """Several rules, both kinds of quotes, a date in quotes."""
    (found,) = in_lines("  // everyhop: waive[a, b] until='2027-06-30' reason='it is \"so\"'\nx\n")
    assert (found.rules, found.reason, found.until) == (("a", "b"), 'it is "so"', date(2027, 6, 30))
    assert (found.flaw, found.first, found.last) == ("", 2, 2)
