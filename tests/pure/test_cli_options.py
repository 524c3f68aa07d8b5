"""The options that every report shares, the exit code, and where a report goes."""

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from everyhop.cli.exit_codes import ExitCode, exit_code
from everyhop.cli.options import Format, Options, colour_wanted, finish, remark, report_options, settings
from everyhop.errors import SettingsError
from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.report import Report
from everyhop.render.file import write_whole
from everyhop.render.text import Detail, text_report
from tests import reports

FOUND, GAP = reports.exposed().findings[0], reports.exposed().gaps[0]


def report(severity: Severity | None, certainty: Certainty, *, gap: bool) -> Report:
    findings = () if severity is None else (replace(FOUND, severity=severity, certainty=certainty),)
    return replace(reports.empty(), findings=findings, gaps=(GAP,) if gap else ())


@pytest.mark.parametrize(
    ("severity", "certainty", "gap", "fail_on", "strict", "code"),
    [
        (None, Certainty.CERTAIN, False, Severity.MEDIUM, False, 0),
        (None, Certainty.CERTAIN, True, Severity.MEDIUM, False, 3),
        (None, Certainty.CERTAIN, True, None, True, 3),
        (Severity.LOW, Certainty.CERTAIN, False, Severity.MEDIUM, False, 0),
        (Severity.LOW, Certainty.CERTAIN, False, Severity.LOW, False, 1),
        (Severity.MEDIUM, Certainty.CERTAIN, False, Severity.MEDIUM, False, 1),
        (Severity.MEDIUM, Certainty.CERTAIN, True, Severity.MEDIUM, False, 1),
        (Severity.MEDIUM, Certainty.CERTAIN, True, Severity.HIGH, False, 3),
        (Severity.CRITICAL, Certainty.CERTAIN, False, Severity.CRITICAL, False, 1),
        (Severity.CRITICAL, Certainty.CERTAIN, False, None, False, 0),
        (Severity.HIGH, Certainty.POSSIBLE, False, Severity.MEDIUM, False, 0),
        (Severity.HIGH, Certainty.POSSIBLE, True, Severity.MEDIUM, False, 3),
        (Severity.HIGH, Certainty.POSSIBLE, False, Severity.MEDIUM, True, 1),
        (Severity.LOW, Certainty.POSSIBLE, False, Severity.MEDIUM, True, 0),
        (Severity.HIGH, Certainty.POSSIBLE, False, None, True, 0),
    ],
)
def test_the_exit_code(
    severity: Severity | None, certainty: Certainty, gap: Any, fail_on: Severity | None, strict: Any, code: int
) -> None:
    """Certain findings at or above the threshold, then gaps; possible ones only with --strict."""
    assert exit_code(report(severity, certainty, gap=gap), fail_on, strict=strict) == code


def test_a_waived_finding_is_not_counted() -> None:
    """It stays visible and costs nothing."""
    waived = replace(reports.empty(), waived=(FOUND,))
    assert exit_code(waived, Severity.LOW, strict=True) is ExitCode.CLEAN


@click.command()
@click.argument("path")
@report_options
@click.option("--jobs", type=int, default=1)
def sample(path: str, options: Options, jobs: int) -> None:
    click.echo(repr((path, jobs, options)))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("", Options()),
        ("--format json --fail-on never", Options(format=Format.JSON, fail_on=None)),
        ("--format html --output x.html", Options(format=Format.HTML, output=Path("x.html"))),
        ("--fail-on critical --strict -q", Options(fail_on=Severity.CRITICAL, strict=True, detail=Detail.QUIET)),
        ("-v --config other.toml", Options(config=Path("other.toml"), detail=Detail.VERBOSE)),
        ("--also junit=x.xml", Options(also=((Format.JUNIT, Path("x.xml")),))),
    ],
)
def test_the_options_become_one_value(words: str, options: Options) -> None:
    """Beside whatever a command has of its own, above or below the decorator."""
    result = CliRunner().invoke(sample, ["here", *words.split(), "--jobs", "2"])
    assert result.output == f"{('here', 2, options)!r}\n"


def test_quiet_and_verbose_exclude_each_other() -> None:
    """A contradiction is told, not resolved."""
    result = CliRunner().invoke(sample, ["here", "-qv"])
    assert (result.exit_code, "exclude each other" in result.output) == (2, True)


def test_only_the_forms_that_there_are_are_offered() -> None:
    """A form that is none is refused."""
    assert CliRunner().invoke(sample, ["here", "--format", "yaml"]).exit_code == 2


@click.command()
@report_options
def exposed(options: Options) -> None:
    finish(reports.exposed(), options, json_extra={"more": 1}, text_extra="a block of its own")


def test_text_goes_to_stdout_without_colour_where_nobody_watches() -> None:
    """And the exit code is that of the report."""
    result = CliRunner().invoke(exposed)
    assert result.exit_code == ExitCode.FINDINGS
    assert result.stdout == text_report(reports.exposed(), extra="a block of its own") + "\n"
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("json", '{\n  "schema": "everyhop/1"'),
        ("sarif", '{\n  "$schema": "https://docs.oasis-open.org/sarif/'),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites '),
        ("github", "::warning file=config.py,line=18,"),
        ("gitlab", '[\n  {\n    "description"'),
        ("markdown", "## everyhop audit · F\n"),
        ("html", "<!DOCTYPE html>"),
    ],
)
def test_every_form_can_be_written_to_a_file(tmp_path: Path, form: str, begins: str) -> None:
    """stdout stays empty; a remark on stderr tells where it is, unless it is unwanted."""
    path = tmp_path / "report"
    result = CliRunner().invoke(exposed, ["--format", form, "--output", str(path), "--fail-on", "never"])
    assert (result.exit_code, result.stdout, result.stderr) == (ExitCode.GAPS, "", f"written: {path}\n")
    assert path.read_text(encoding="utf-8").startswith(begins)
    assert path.read_text(encoding="utf-8").endswith("\n")
    assert CliRunner().invoke(exposed, ["--output", str(path), "--quiet"]).stderr == ""


def test_one_report_is_written_in_several_forms(tmp_path: Path) -> None:
    """A build server wants its own form and a person another one, of one look."""
    paths = {form: tmp_path / form for form in ("sarif", "markdown", "text")}
    also = [word for form, path in paths.items() for word in ("--also", f"{form}={path}")]
    result = CliRunner().invoke(exposed, ["--format", "json", "--quiet", *also])
    assert (result.exit_code, result.stderr) == (ExitCode.FINDINGS, "")
    assert json.loads(result.stdout)["schema"] == "everyhop/1"
    assert json.loads(paths["sarif"].read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert paths["markdown"].read_text(encoding="utf-8").startswith("## everyhop")
    assert paths["text"].read_text(encoding="utf-8").startswith("unverified-chain")


@pytest.mark.parametrize("words", ["sarif", "sarif=", "yaml=x", "=x"])
def test_a_further_form_has_a_name_and_a_file(words: str) -> None:
    """What is neither is told before anything is looked at."""
    result = CliRunner().invoke(exposed, ["--also", words])
    assert (result.exit_code, "is not FORMAT=FILE" in result.output) == (2, True)


def test_a_text_of_its_own_takes_the_place_of_the_common_one(capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` tells its story otherwise."""
    with pytest.raises(SystemExit) as ended:
        finish(reports.empty(), Options(), text="mine")
    assert (ended.value.code, capsys.readouterr().out) == (0, "mine\n")


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """No half file, no forgotten temporary one; the mode of what was there, or the umask's."""
    path = tmp_path / "report.json"
    before = os.umask(0o027)
    try:
        write_whole(path, "one")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o600)
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \udc80")
    assert path.read_text(encoding="utf-8") == "one"
    write_whole(path, "two")
    assert (path.read_text(encoding="utf-8"), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_a_device_is_written_to(tmp_path: Path) -> None:
    """Neither is replaced by a file."""
    link = tmp_path / "latest"
    link.symlink_to(tmp_path / "report")
    write_whole(link, "x")
    assert link.is_symlink()
    assert (tmp_path / "report").read_text(encoding="utf-8") == "x"
    write_whole(Path(os.devnull), "x")
    assert not Path(os.devnull).is_file()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With the path, the system's reason and a hint."""
    with pytest.raises(SettingsError, match="No such file or directory") as caught:
        write_whole(tmp_path / "no" / "report", "x")
    assert caught.value.hint
    assert caught.value.path == str(tmp_path / "no" / "report")


class Terminal:
    """A stdout somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_take_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], wanted: object
) -> None:
    """NO_COLOR counts when it is not empty (no-color.org)."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert colour_wanted() is False
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert colour_wanted() is wanted


def test_remarks_are_masked_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """They go to stderr, and nowhere with --quiet."""
    remark("probing mysql://u:hunter2@db \x1b[2J", Options())
    remark("unwanted", Options(detail=Detail.QUIET))
    assert capsys.readouterr() == ("", "probing mysql://u:***@db \\x1b[2J\n")


def test_settings_are_those_of_the_option_or_the_directory(tmp_path: Path) -> None:
    """--config wins."""
    (tmp_path / "everyhop.toml").write_text('[policy]\nrequire = "verify-ca"\n', encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text('[policy]\nrequire = "encrypted"\n', encoding="utf-8")
    assert settings(Options(), tmp_path).policy.require is Assurance.CHAIN_VERIFIED
    assert settings(Options(config=other), tmp_path).policy.require is Assurance.ENCRYPTED
