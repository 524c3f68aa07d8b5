"""`everyhop scan --fix` and `--diff`: files are mended in place, as they were written, and nothing else is."""

import codecs
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main
from everyhop.config import Settings
from everyhop.errors import SourceError
from everyhop.jobs.fix import Extent, Proposal, propose, write
from everyhop.jobs.scan import scan
from everyhop.model.report import Report
from everyhop.scan.rewrite.difference import difference
from everyhop.scan.rewrite.save import save
from everyhop.scan.workspace import Kind, Source

CASES = Path(__file__).parents[1] / "cases"
FIXES = CASES / "fix"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANCHORS = "/etc/ssl/db-ca.pem"
EXPOSED = 'url = "postgresql+psycopg2://app:hunter2@db.internal/app"\n'
MENDED = f'url = "postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert={ANCHORS}"\n'


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["scan", *words])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copied(case: Path, to: Path) -> Path:
    if case.is_dir():
        return Path(shutil.copytree(case, to / "project"))
    (to / "project").mkdir()
    shutil.copy(case, to / "project")
    return to / "project"


def proposal(project: Path, extent: Extent = Extent.ALL) -> Proposal:
    return propose([project], Settings(), NOW, extent, anchors=ANCHORS)


def shown(found: Proposal) -> str:
    return "\n".join(difference(file.source.path, file.source.text, file.fixes) for file in found.files)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one exposed URL, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(EXPOSED, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", sorted(path.name for path in FIXES.iterdir()))
def test_a_case_is_mended_as_it_is_written_down(name: str, tmp_path: Path) -> None:
    """Byte by byte, over whole trees; then there is nothing left to do."""
    here = copied(FIXES / name / "before", tmp_path)
    extent = Extent.ALL if name.startswith("unsafe") else Extent.SAFE
    first = write(proposal(here, extent), here)
    assert contents(here) == contents(FIXES / name / "after")
    assert proposal(here, extent).files == ()
    assert bool(first.refused) == (name == "person")


def test_the_quotes_that_a_fix_brings_are_shown_whole(tmp_path: Path) -> None:
    """An opening one alone would be a line that nobody wrote."""
    (tmp_path / ".env").write_text(
        "DATABASE_URL=postgresql+psycopg2://a:hunter2@db/x?sslmode=require\n", encoding="utf-8"
    )
    told = shown(proposal(tmp_path)).splitlines()[-1]
    assert "hunter2" not in told
    assert told.startswith("+DATABASE_URL='postgresql")
    assert told.endswith(f"{ANCHORS}'")


def test_without_being_asked_nothing_unsafe_is_done(tmp_path: Path) -> None:
    """What is told instead is why."""
    here = copied(FIXES / "unsafe" / "before", tmp_path)
    found = proposal(here, Extent.SAFE)
    assert found.files == ()
    assert [fix.doubts for fix in found.unsafe] == [
        ("no file says which pymysql it is, and an old one does not keep what this promises",),
        ("it is not deployed: tests, examples and docs may mean it like this",),
    ]


def everything() -> list[Path]:
    return [*sorted((CASES / "scan").iterdir()), CASES / "project"]


def places(report: Report) -> list[tuple[str, str]]:
    return [(finding.rule, finding.span.path) for finding in report.findings if finding.span]


@pytest.mark.parametrize("case", everything(), ids=lambda path: path.name)
def test_whatever_is_mended_has_fewer_findings_and_stays_mended(case: Path, tmp_path: Path) -> None:
    """Over all the cases of the scanner: as many findings fewer as were mended, no new gap, and an end to it."""
    here = copied(case, tmp_path)
    before = scan([here], Settings(), NOW)
    first = write(proposal(here), here)
    after = scan([here], Settings(), NOW)
    mended = sum(len(fix.rules) for file in first.files for fix in file.fixes)
    assert len(after.findings) == len(before.findings) - mended
    assert after.gaps == before.gaps
    assert proposal(here).files == ()


@pytest.mark.parametrize(
    "case", [*everything(), *FIXES.glob("*/before")], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_no_diff_shows_a_secret(case: Path, tmp_path: Path) -> None:
    """Neither in what goes nor in what comes, nor beside it."""
    text = shown(proposal(copied(case, tmp_path)))
    for secret in ("hunter", "secret@", "p@ss", "p%40ss", "t0ken"):
        assert secret not in text


def test_a_diff_is_shown_and_nothing_written(project: Path) -> None:
    """On stdout the diff alone, on stderr the count, and the exit code that there is without it."""
    result = run("--diff", "--anchors", ANCHORS)
    assert result.exit_code == 1
    assert result.stdout == (
        "--- a/app.py\n+++ b/app.py\n@@ -1,1 +1,1 @@\n"
        '-url = "postgresql+psycopg2://app:***@db.internal/app"\n'
        f'+url = "postgresql+psycopg2://app:***@db.internal/app?sslmode=verify-full&sslrootcert={ANCHORS}"\n'
    )
    assert "1 fix would be made in 1 file" in result.stderr
    assert (project / "app.py").read_text(encoding="utf-8") == EXPOSED


def test_the_diff_of_the_manual_is_what_is_shown(project: Path) -> None:
    """To the letter."""
    url = "postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=require"
    text = f'from sqlalchemy import create_engine\n\nengine = create_engine("{url}")\n'
    (project / "app.py").write_text(text, encoding="utf-8")
    shown = run("--diff", "--anchors", ANCHORS).stdout
    manual = (CASES.parents[1] / "docs" / "how-to" / "fix.md").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in shown.splitlines()) in manual


def test_a_report_says_which_findings_a_fix_ends(project: Path) -> None:
    """With the option that it takes; of the others it does not."""
    (project / "app.py").write_text(
        f'a_url = "postgresql+psycopg2://db.internal/app?sslmode=require&sslrootcert={ANCHORS}"\n'
        'b_url = "postgresql+psycopg2://db.internal/app?sslmode=require"\n'
        'c_url = "mysql+pymysql://db.internal/app"\n',
        encoding="utf-8",
    )
    findings = json.loads(run("--format", "json").stdout)["findings"]
    found = [one["remediation"] for one in sorted(findings, key=lambda one: one["line"])]
    options = ["--fix writes it)", "--fix --anchors FILE writes it)", "--fix --unsafe-fixes --anchors FILE writes it; "]
    assert [one["safe"] for one in found] == [True, False, False]
    assert all(f"(everyhop scan {option}" in one["text"] for one, option in zip(found, options, strict=True))
    assert "unsafe: no file says which pymysql it is" in found[2]["text"]


def test_a_diff_goes_beside_a_report(project: Path) -> None:
    """The report is written where it is asked for, and says what there is now."""
    alone = ("--ignore", "password-in-source")  # which no rewriting ends
    result = run("--diff", "--anchors", ANCHORS, *alone, "--also", "json=also.json")
    assert result.stdout.startswith("--- a/app.py")
    assert len(json.loads((project / "also.json").read_text(encoding="utf-8"))["findings"]) == 1
    result = run("--diff", "--anchors", ANCHORS, *alone, "--format", "json", "--output", "report.json")
    assert result.stdout.startswith("--- a/app.py")
    assert len(json.loads((project / "report.json").read_text(encoding="utf-8"))["findings"]) == 1


def test_a_fix_is_written_and_the_report_is_of_what_is_left(project: Path) -> None:
    """Exit 0 when nothing is; the second run finds nothing to do."""
    result = run("--fix", "--anchors", ANCHORS, "--ignore", "password-in-source", "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)["findings"]) == (0, [])
    assert "1 fix made in 1 file" in result.stderr
    assert (project / "app.py").read_text(encoding="utf-8") == MENDED
    state = (project / "app.py").stat()
    assert "nothing to fix" in run("--fix", "--anchors", ANCHORS).stderr
    assert (project / "app.py").stat() == state


def test_without_anchors_nothing_is_written(project: Path) -> None:
    """Verification needs to know whom to believe; nobody guesses that."""
    result = run("--fix")
    assert (result.exit_code, (project / "app.py").read_text(encoding="utf-8")) == (1, EXPOSED)
    assert (
        "0 fixes made, 1 needs a person\n  app.py:1  no trust anchors are named: give --anchors FILE" in result.stderr
    )


def test_what_a_baseline_knows_is_left_alone(project: Path) -> None:
    """And so is what another rule would find."""
    run("--write-baseline", "known.json")
    assert "nothing to fix" in run("--fix", "--anchors", ANCHORS, "--baseline", "known.json").stderr
    assert "nothing to fix" in run("--fix", "--anchors", ANCHORS, "--ignore", "opportunistic-dial").stderr
    assert (project / "app.py").read_text(encoding="utf-8") == EXPOSED


@pytest.mark.parametrize(
    "words",
    [["--unsafe-fixes"], ["--anchors", "x"], ["--fix", "--anchors", ""], ["-", "--stdin-filename", "a.py", "--fix"]],
)
@pytest.mark.usefixtures("project")
def test_options_that_mean_nothing_together_are_exit_2(words: list[str]) -> None:
    """With what to say instead."""
    assert run(*words).exit_code == 2


def test_lines_that_are_told_after_a_fix_are_those_of_now(project: Path) -> None:
    """A fix may put lines in before what is left to a person."""
    (project / "app.py").write_text(
        'import psycopg2\nfirst = psycopg2.connect(\n    host="db.internal",\n)\n'
        'second = psycopg2.connect(host="other.internal", **{"user": "app"})\n',
        encoding="utf-8",
    )
    assert "app.py:7  some arguments are handed over by **" in run("--fix", "--anchors", ANCHORS).stderr


def test_a_fix_that_would_not_help_is_not_made(project: Path) -> None:
    """Here the URL is overruled by what is handed over beside it, far away."""
    (project / "app.py").write_text(
        "from sqlalchemy import create_engine\n"
        'URL = "postgresql+psycopg2://app:hunter2@db.internal/app"\n'
        'engine = create_engine(URL, connect_args={"sslmode": "disable"})\n',
        encoding="utf-8",
    )
    before = contents(project)
    result = run("--fix", "--unsafe-fixes", "--anchors", ANCHORS)
    assert result.exit_code == 1
    assert "1 needs a person" in result.stderr
    assert contents(project) == before


@pytest.mark.parametrize(
    "uses",
    [
        'engine = create_engine(BASE + "/app")',
        'engine = create_engine(f"{BASE}/app")',
        'engine = create_engine(BASE)\nother = create_engine(BASE + "_test")',
        'engine = create_engine(BASE)\nlast = BASE + "_test"\nother = create_engine(last)',
    ],
)
def test_what_is_only_the_beginning_of_a_url_is_left_alone(project: Path, uses: str) -> None:
    """Options put in there would end in the middle of what is added to it."""
    text = f'from sqlalchemy import create_engine\nBASE = "postgresql+psycopg2://app:hunter2@db.internal"\n{uses}\n'
    (project / "app.py").write_text(text, encoding="utf-8")
    assert "0 fixes made" in run("--fix", "--unsafe-fixes", "--anchors", ANCHORS).stderr
    assert (project / "app.py").read_text(encoding="utf-8") == text


def source(name: str = "app.py", text: str = EXPOSED) -> Source:
    return Source(name, Kind.PYTHON, text)


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("app.py", Kind.PYTHON, codecs.BOM_UTF8 + "x = 'ä'\r\n".encode()),
        ("app.py", Kind.PYTHON, "# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1")),
        ("app.py", Kind.PYTHON, b"x = 1"),
        (".env", Kind.DOTENV, codecs.BOM_UTF8 + b"X=1\r\n"),
        ("app.toml", Kind.TOML, b'x = "\xc3\xa4"\n'),
    ],
)
def test_encoding_mark_line_ends_and_mode_are_kept(tmp_path: Path, name: str, kind: Kind, data: bytes) -> None:
    """What is not meant to change does not."""
    path = tmp_path / name
    path.write_bytes(data)
    path.chmod(0o640)
    encoding = "latin-1" if b"latin-1" in data else "utf-8-sig"
    text = data.decode(encoding)
    save(tmp_path, Source(name, kind, text), text.replace("x", "y").replace("X", "Y"))
    assert path.read_bytes() == data.replace(b"x", b"y").replace(b"X", b"Y")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(project: Path) -> None:
    """Their change is worth more than ours."""
    found = proposal(project)
    (project / "app.py").write_text(EXPOSED + "# mine\n", encoding="utf-8")
    after = write(found, project)
    assert (project / "app.py").read_text(encoding="utf-8") == EXPOSED + "# mine\n"
    assert [refusal.why for refusal in after.refused] == ["it was changed since it was read"]


def test_a_link_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    """One that stays inside is: the file that it means is mended, and the link stays a link."""
    (tmp_path / "outside.py").write_text(EXPOSED, encoding="utf-8")
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "app.py").symlink_to("../outside.py")
    with pytest.raises(SourceError, match="outside of what was scanned"):
        save(inside, source(), MENDED)
    assert (tmp_path / "outside.py").read_text(encoding="utf-8") == EXPOSED
    (inside / "real").write_text(EXPOSED, encoding="utf-8")
    (inside / "alias.py").symlink_to("real")
    save(inside, source("alias.py"), MENDED)
    assert (inside / "alias.py").is_symlink()
    assert (inside / "real").read_text(encoding="utf-8") == MENDED


def test_what_cannot_be_replaced_is_told(tmp_path: Path) -> None:
    """A file that is gone, one with a second name, a text that its encoding cannot hold."""
    with pytest.raises(SourceError, match="cannot be written"):
        save(tmp_path, source(), MENDED)
    (tmp_path / "app.py").write_text(EXPOSED, encoding="utf-8")
    os.link(tmp_path / "app.py", tmp_path / "other.py")
    with pytest.raises(SourceError, match="hard links"):
        save(tmp_path, source(), MENDED)
    latin = "# coding: latin-1\n"
    (tmp_path / "latin.py").write_text(latin, encoding="latin-1")
    with pytest.raises(SourceError, match="encoding"):
        save(tmp_path, source("latin.py", latin), latin + "# €\n")
    assert (tmp_path / "latin.py").read_text(encoding="latin-1") == latin


def test_the_report_beside_a_fix_is_that_of_a_scan_after_it(project: Path) -> None:
    """The tree is read once: what is on disk then is what was looked at before anything was written."""
    found = proposal(project)
    assert found.before.report() == scan([project], Settings(), NOW)
    left = write(found, project).left
    assert left is not None
    assert left.report() == scan([project], Settings(), NOW)


def test_where_only_some_files_could_be_written_the_tree_is_read_again(project: Path) -> None:
    (project / "other.py").write_text(EXPOSED, encoding="utf-8")
    found = proposal(project)
    (project / "other.py").write_text(EXPOSED + "# changed meanwhile\n", encoding="utf-8")
    written = write(found, project)
    assert [file.source.path for file in written.files] == ["app.py"]
    assert written.left is None
