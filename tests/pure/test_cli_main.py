"""The command itself: its help, and how every failure is told."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner, Result

from everyhop import errors
from everyhop.cli import main
from everyhop.cli.commands import COMMANDS, Entry, Movement
from everyhop.cli.exit_codes import ExitCode, table
from everyhop.errors import EveryhopError, LabError, SettingsError, SourceError
from everyhop.model.nearest import did_you_mean
from everyhop.model.tool import VERSION

ROOT = Path(__file__).parents[2]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_the_version_is_that_of_the_project() -> None:
    """One constant, so that telling it costs nothing; this keeps it honest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert run("--version").output == f"everyhop {VERSION}\n"


def test_help_shows_every_command_under_its_movement_and_every_exit_code() -> None:
    """The first page that a person sees."""
    result = run("--help")
    assert result.exit_code == ExitCode.CLEAN
    lines = [line.strip() for line in result.output.splitlines()]
    for name, entry in COMMANDS.items():
        assert f"{entry.movement.value}:" in lines
        assert any(line.startswith(f"{name} ") and entry.summary in line for line in lines)
    for code, meaning in table():
        assert f"{code.ljust(3)}  {meaning}" in lines
    assert max(map(len, lines)) <= 80


def test_a_movement_without_a_command_is_not_mentioned() -> None:
    """What is not built yet is absent."""
    used = {entry.movement for entry in COMMANDS.values()}
    assert not [movement for movement in set(Movement) - used if movement.value in run("--help").output]


def test_help_imports_no_command() -> None:
    """The table says what there is; a command's imports wait until it is called."""
    code = "import sys; from everyhop.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imported = seen.stdout.split()
    assert not [e.place for e in COMMANDS.values() if e.place.partition(":")[0] in imported]
    assert "everyhop.model.report" not in imported


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_there_and_begins_with_two_examples(name: str) -> None:
    """In the form in which they are typed, before the options."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    assert isinstance(getattr(import_module(module), attribute), click.Command)
    result = run(name, "--help")
    assert result.exit_code == ExitCode.CLEAN
    examples = result.output.partition("\nOptions:")[0].splitlines()
    assert sum(line.startswith(f"    everyhop {name}") for line in examples) >= 2
    assert "\b" not in result.output
    assert r"\b" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_report_that_cannot_be_written_is_told_before_the_story(tmp_path: Path) -> None:
    """And not after a minute of it."""
    result = run("demo", "--report", str(tmp_path / "missing" / "x.html"))
    assert result.exit_code == ExitCode.USAGE
    assert "missing/x.html: no report could be written there\nhint: name a file" in result.stderr
    assert result.stdout == ""


def test_without_a_command_the_help_is_the_message() -> None:
    """On stderr and not 0: a script that forgot the command has not been told "clean"."""
    result = run()
    assert result.exit_code == ExitCode.USAGE
    assert result.stdout == ""
    assert "Exit codes" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scna"], "everyhop: there is no command 'scna', did you mean 'scan'?\nhint: everyhop --help shows what"),
        (["zzz"], "everyhop: there is no command 'zzz'\nhint: everyhop --help shows what there is\n"),
        (["--verbos"], "everyhop: no such option"),
        (["rules", "--formt", "json"], "hint: everyhop rules --help shows what there is\n"),
        (["rules", "--format", "yaml"], "'yaml' is not one of 'text', 'json'"),
        (["rules", "drift", "mysql://app:hunter2@db"], "mysql://app:***@db"),
    ],
)
def test_a_wrong_call_is_told_with_a_hint(words: list[str], said: str) -> None:
    """What is wrong, where help is, exit code 2, no password."""
    result = run(*words)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr
    assert "hint: " in result.stderr
    assert "hunter2" not in result.output


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], Result]:
    """Run a command that ends in this way."""

    def fail(error: BaseException) -> Result:
        @click.command()
        def broken() -> NoReturn:
            raise error

        monkeypatch.setattr(sys.modules[__name__], "broken", broken, raising=False)
        monkeypatch.setitem(COMMANDS, "broken", Entry(f"{__name__}:broken", Movement.TRY, ""))
        return run("broken")

    return fail


Failing = Callable[[BaseException], Result]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            SettingsError("unknown key", path="everyhop.toml", line=3, key="policy.floo", hint="known: floor"),
            "everyhop: everyhop.toml:3: policy.floo: unknown key\nhint: known: floor\n",
        ),
        (SourceError("it is not there", path="app.py"), "everyhop: app.py: it is not there\n"),
        (LabError("mariadbd is missing", hint="apt install x"), "everyhop: mariadbd is missing\nhint: apt install x\n"),
        (SettingsError("mysql://a:hunter2@b", hint="pwd=hunter2"), "everyhop: mysql://a:***@b\nhint: pwd=***\n"),
        (SettingsError("x\x1b[2Jy", path="\u202ea\nb"), "everyhop: \\u202ea\nb: x\\x1b[2Jy\n"),
    ],
)  # fmt: skip
def test_an_expected_failure_is_told_whole_and_without_a_traceback(
    failing: Failing, error: EveryhopError, said: str
) -> None:
    """What happened, where, what to do; the exit code of its kind; nothing that a terminal would obey."""
    result = failing(error)
    assert (result.exit_code, result.stderr, result.stdout) == (error.exit_code, said, "")


def test_a_bug_is_called_a_bug(failing: Failing) -> None:
    """One line, exit code 4, and how to see more."""
    result = failing(KeyError("mysql://app:hunter2@db"))
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr == (
        "everyhop failed: KeyError: 'mysql://app:***@db' "
        "(this is a bug in everyhop; EVERYHOP_DEBUG=1 shows the traceback)\n"
    )


@pytest.mark.parametrize("error", [KeyError("mysql://app:hunter2@db"), SettingsError("postgresql://app:hunter2@db")])
def test_who_wants_the_traceback_gets_it(failing: Failing, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Even then no password."""
    monkeypatch.setenv("EVERYHOP_DEBUG", "1")
    result = failing(error)
    assert "Traceback (most recent call last)" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()])
def test_an_interruption_is_130(failing: Failing, error: BaseException) -> None:
    """Ctrl-C, and Ctrl-D at a question."""
    result = failing(error)
    assert result.exit_code == ExitCode.INTERRUPTED
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", ["rules", "--help", "rules unverified-chain"])
def test_a_reader_that_leaves_early_is_no_failure_to_tell(words: str) -> None:
    """`everyhop rules | head -0` says nothing on stderr."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from everyhop.cli import main; main()", *words.split()]
    seen = subprocess.run(command, check=False, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert seen.stderr == ""
    assert seen.returncode in {ExitCode.CLEAN, ExitCode.INTERRUPTED}


@pytest.mark.parametrize("words", ["rules", "rules --format json"])
def test_a_full_disk_is_no_bug_of_everyhop(words: str) -> None:
    """What cannot be written is told, with exit code 4."""
    command = [sys.executable, "-c", "from everyhop.cli import main; main()", *words.split()]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        seen = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert seen.returncode == ExitCode.FAILED
    assert seen.stderr.startswith("everyhop: the output could not be written: No space left on device\nhint: ")
    assert "bug" not in seen.stderr


@pytest.mark.parametrize("words", ["--version", "rules", "explain postgresql://h/d", "explain nonsense"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_changes_no_exit_code(words: str, closed: str) -> None:
    """As cron and daemons start programs."""
    command = f"{sys.executable} -c 'from everyhop.cli import main; main()' {words}"
    usual = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True, text=True)
    seen = subprocess.run(["/bin/sh", "-c", f"{command} {closed}"], check=False, capture_output=True, text=True)
    assert seen.returncode == usual.returncode
    assert seen.stderr in {"", usual.stderr}
    assert seen.stdout in {"", usual.stdout}


def test_a_terminal_without_arrows_gets_their_code_points(tmp_path: Path) -> None:
    """Output never fails for its encoding."""
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://db.internal/app\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-c", "from everyhop.cli import main; main()", "scan", str(tmp_path)]
    seen = subprocess.run(command, check=False, capture_output=True, encoding="latin-1", env=environment)
    assert (seen.returncode, seen.stderr) == (ExitCode.FINDINGS, "")
    assert r" \u2192 " in seen.stdout


def every_error(kind: type[EveryhopError] = EveryhopError) -> list[type[EveryhopError]]:
    """The public ones; a room may have kinds of its own that do not leave it (`probe.trouble`)."""
    below = [deeper for child in kind.__subclasses__() for deeper in every_error(child)]
    return [kind, *below] if kind.__module__ == errors.__name__ else below


@pytest.mark.parametrize("kind", every_error())
def test_every_error_ends_in_a_documented_code(kind: type[EveryhopError]) -> None:
    """Bad input is 2, what the tool could not do is 4."""
    assert kind.exit_code in {ExitCode.USAGE, ExitCode.FAILED}
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("word", "hint"), [("plaintext-dail", ", did you mean 'plaintext-dial'?"), ("zzz", ""), ("", "")]
)
def test_the_nearest_word_is_named_if_one_is_near(word: str, hint: str) -> None:
    """Better no guess than a wild one."""
    assert did_you_mean(word, ["plaintext-dial", "drift"]) == hint
