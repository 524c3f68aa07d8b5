"""`explain`: the job, the public functions and the command, offline and without a password anywhere."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import everyhop
from everyhop.dialects.source import ANCHORS
from everyhop.errors import SettingsError
from everyhop.jobs.explain import explain
from everyhop.jobs.explanation import Answer, plain
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.rules.policy import Policy

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PASSWORD = "Xq7hunter2Zv"
THROWN = f"mysql+pymysql://app:{PASSWORD}@db.internal/app?ssl_ca=/ca.pem&ssl_verify_identity=true"


def command(
    *arguments: str, stdin: str = "", directory: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`everyhop explain` as a person calls it, in a folder without settings."""
    return subprocess.run(
        [sys.executable, "-c", "from everyhop.cli import main; main()", "explain", *arguments],
        check=False,
        cwd=directory,
        input=stdin,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("PG")} | (environment or {}),
    )


def test_the_trap_is_told_and_the_way_out_of_it() -> None:
    """SQLAlchemy with PyMySQL throws `ssl_ca` away beside `ssl_verify_identity`: `ssl_ca` alone is the fix."""
    found = everyhop.explain(THROWN)
    assert found.posture == Posture(Assurance.CHAIN_VERIFIED, Floor.TLS_1_2)
    assert "throw ssl_ca away" in found.why
    assert {finding.rule for finding in found.findings} == {"unverified-identity", "ignored-option"}
    assert str(found.secure_url) == "mysql+pymysql://app:***@db.internal/app?ssl_ca=/ca.pem"
    assert found.secure_connect_args == {}
    assert all(f.remediation and str(found.secure_url) in str(f.remediation.replacement) for f in found.findings)


def test_a_verified_url_stays_silent() -> None:
    """Nothing found, nothing to change, and the URL to use is the one that was given."""
    url = "postgresql+psycopg://app@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem"
    found = everyhop.explain(url)
    assert found.findings == ()
    assert str(found.secure_url) == url
    assert [check.answer for check in found.checks] == [Answer.YES] * 4
    assert found.attacker == "nothing but stop the connection, unless the authority gave him this name as a CN"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("mysql+pymysql://u@db.internal/x?ssl_disabled=false", "plaintext-dial"),
        ("postgresql+psycopg2://u@db.internal/x", "opportunistic-dial"),
        ("mysql+pymysql://u@db.internal/x?ssl_cert=/c&ssl_key=/k", "unverified-chain"),
        ("postgresql+psycopg2://u@db.internal/x?sslmode=require&sslrootcert=/ca", "unverified-identity"),
    ],
)
def test_exactly_one_dialer_rule_fires(url: str, rule: str) -> None:
    """Named after the shortfall."""
    fired = {finding.rule for finding in everyhop.explain(url).findings}
    dialer_rules = {"plaintext-dial", "opportunistic-dial", "unverified-chain", "unverified-identity"}
    assert fired & dialer_rules == {rule}


@pytest.mark.parametrize("url", ["postgresql:///x", "postgresql://u@localhost/x", "mysql+pymysql://u@127.0.0.1/x"])
def test_what_stays_on_this_machine_is_no_finding(url: str) -> None:
    """By the default policy; a policy without the loopback says otherwise."""
    assert everyhop.explain(url).findings == ()
    strict = explain(url, started=NOW, policy=Policy(local=frozenset()))
    assert strict.findings


def test_sqlite_has_no_hop() -> None:
    """A file is no connection: nothing to read, nothing to find."""
    found = everyhop.explain("sqlite:///app.db")
    assert (found.dialer, found.posture, found.secure_url, found.findings) == (None, None, None, ())
    assert "no hop" in found.why


def test_an_old_driver_is_told_to_be_replaced_first() -> None:
    """Before PyMySQL 1.2.0 no setting helps: the settings are those of a newer one, and it is said."""
    found = everyhop.explain("mysql+pymysql://u@db/x?ssl_ca=/ca", driver_version="1.1.1")
    assert found.posture is not None
    assert found.posture.assurance is Assurance.OPPORTUNISTIC
    assert "1.2.0 or later" in found.remark
    assert found.secure_url is not None


def test_without_a_named_authority_a_place_is_kept() -> None:
    """The path to put in is one that nobody takes for real."""
    found = everyhop.explain("postgresql+psycopg://u@db/x")
    assert ANCHORS in str(found.secure_url)
    assert ANCHORS in found.remark


def test_the_environment_counts_only_if_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library call does not look around."""
    monkeypatch.setenv("PGSSLMODE", "require")
    url = "postgresql+psycopg://u@db/x"
    assert everyhop.explain(url).posture == Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2)
    given_it = everyhop.explain(url, environment=os.environ)
    assert given_it.posture == Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)


def test_secure_url_is_for_drivers() -> None:
    """It has the password, and `verify-full`."""
    got = everyhop.secure_url("mysql+pymysql://u:p%40@db/x?charset=utf8mb4", anchors="/ca.pem")
    assert got == "mysql+pymysql://u:p%40@db/x?charset=utf8mb4&ssl_ca=/ca.pem"


def test_secure_url_refuses_what_a_url_cannot_carry() -> None:
    """PyMySQL takes the system's anchors only in a context."""
    with pytest.raises(SettingsError, match="URL alone"):
        everyhop.secure_url("mysql+pymysql://u@db/x", anchors="system")


def test_passwords_in_connect_args_are_masked() -> None:
    """Beside the URL, and inside a dict."""
    arguments = {"password": PASSWORD, "ssl": {"password": PASSWORD, "ca": "/ca"}, "n": [1, None]}
    assert plain(arguments) == {"password": "***", "ssl": {"password": "***", "ca": "/ca"}, "n": [1, None]}
    found = everyhop.explain("postgresql+psycopg://u@db/x", connect_args={"password": PASSWORD})
    assert "'password': '***'" in found.instead
    assert PASSWORD not in repr(found.settings and found.settings.dsn) + found.instead + found.shown


def test_a_floor_of_tls_1_3_is_kept() -> None:
    """The settings to use instead take nothing away."""
    found = everyhop.explain("postgresql+psycopg://u@db/x?sslmode=require&ssl_min_protocol_version=TLSv1.3")
    assert "ssl_min_protocol_version=TLSv1.3" in str(found.secure_url)


@given(st.text(max_size=60) | st.from_regex(r"(mysql\+pymysql|postgresql)://[^\n]{0,60}"))
def test_any_text_is_explained_or_refused(text: str) -> None:
    """Everything that can be asked of an explanation can be answered."""
    try:
        found = everyhop.explain(text)
    except SettingsError:
        return
    assert found.why
    assert found.attacker
    assert found.report.command == "explain"
    assert found.instead or found.remark


def test_the_package_is_light_and_says_its_version() -> None:
    """`import everyhop` loads nothing of the rooms, and everything public is there."""
    heavy = "sorted(m for m in sys.modules if m.startswith(('everyhop.', 'click')))"
    code = f"import sys, everyhop; print({heavy}); print(everyhop.__version__)"
    seen = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    modules, version = seen.stdout.splitlines()
    assert modules == "['everyhop.model', 'everyhop.model.tool']"
    assert version == everyhop.__version__ == "0.1.0"
    assert all(getattr(everyhop, name) is not None for name in everyhop.__all__)
    with pytest.raises(AttributeError):
        everyhop.nonsense  # noqa: B018 - the asking is the test


# The command.


def test_the_document_has_its_stable_keys(tmp_path: Path) -> None:
    """JSON: one reading, findings, the URL to use; exit 1."""
    seen = command(THROWN, "--format", "json", directory=tmp_path)
    assert (seen.returncode, seen.stderr) == (1, "")
    document: dict[str, Any] = json.loads(seen.stdout)
    reading = document["readings"][0]
    assert reading["posture"] == {"assurance": "verify-ca", "floor": "TLSv1.2", "client_auth": "absent"}
    assert (reading["driver"], reading["driver_version"]) == ("pymysql", {"value": "1.2.4", "assumed": True})
    assert "ignored-option:ssl_ca" in reading["notes"]
    assert document["secure_url"] == "mysql+pymysql://app:***@db.internal/app?ssl_ca=/ca.pem"
    assert document["secure_connect_args"] == {}
    assert document["command"] == "explain"
    assert PASSWORD not in seen.stdout


def test_the_text_says_what_it_does_and_what_to_use(tmp_path: Path) -> None:
    """From stdin, in plain words, without colour in a pipe; what was assumed is said."""
    seen = command("-", stdin=THROWN + "\n", directory=tmp_path)
    assert seen.returncode == 1
    for part in ("verify-ca", "throw ssl_ca away", "use instead", "?ssl_ca=/ca.pem", "assumed", "pymysql 1.2.4"):
        assert part in " ".join(seen.stdout.split())
    assert PASSWORD not in seen.stdout + seen.stderr
    assert "\x1b" not in seen.stdout


def test_a_variable_and_the_apps_environment(tmp_path: Path) -> None:
    """`--url-env`, `--env`, `--connect-args`: a verified connection is exit 0."""
    arguments = ("--url-env", "DB", "--env", "PGSSLMODE=verify-full", "--connect-args", '{"sslrootcert": "/ca"}')
    seen = command(*arguments, "--format", "json", directory=tmp_path, environment={"DB": "postgresql://u@db/x"})
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["readings"][0]["posture"]["assurance"] == "verify-full"


@pytest.mark.parametrize(("flag", "word"), [((), "opportunistic"), (("--env-inherit",), "encrypted")])
def test_the_callers_environment_counts_only_if_asked(flag: tuple[str, ...], word: str, tmp_path: Path) -> None:
    """`--env-inherit` lets this shell's PG… variables in."""
    url, environment = "postgresql+psycopg://u@db/x", {"PGSSLMODE": "require"}
    seen = command(url, *flag, "--format", "json", directory=tmp_path, environment=environment)
    assert json.loads(seen.stdout)["readings"][0]["posture"]["assurance"] == word


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mysql+pymysql://u@db/x", "--fail-on", "never"), ""),
        (("sqlite:///x.db",), ""),
    ],
)
def test_what_ends_well_is_exit_0(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """`--fail-on never`, and a database without a hop."""
    seen = command(*arguments, directory=tmp_path)
    assert (seen.returncode, seen.stderr) == (0, words)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give one URL"),
        (("--url-env", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE"),
        ((f"mysql://u:{PASSWORD}@{PASSWORD}@h/x",), "URL"),
        ((f"oracle://u:{PASSWORD}@h/x",), "oracle"),
        (("mysql+cymysql://u@h/x",), "unknown driver 'cymysql'"),
        (("mysql://u@h/x", "--driver", "nonsense"), "unknown driver 'nonsense'"),
        (("postgresql+psycop2://h/x",), "there is none of that name, did you mean 'psycopg2'?"),
        (("postgresql://h/x", "--driver-version", "newest"), "--driver-version: 'newest' is no version"),
        (("mysql://u@h/x", "--driver", "psycopg2"), "does not speak"),
        (("postgresql://h/x", "--connect-args", f"{{{PASSWORD}"), "--connect-args"),
        (("postgresql://h/x", "--connect-args", "[1]"), "--connect-args"),
        (("postgresql://h/x", "--env", f"PGPASSWORD {PASSWORD}"), "--env"),
        (("postgresql://h/x", "--config", "missing.toml"), "missing.toml"),
    ],
)
def test_bad_input_is_exit_2_with_a_hint(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """What happened, where, what to do; no traceback, and no password."""
    seen = command(*arguments, directory=tmp_path)
    assert seen.returncode == 2, seen.stderr
    assert told in seen.stderr
    assert "hint:" in seen.stderr
    assert "Traceback" not in seen.stderr
    assert PASSWORD not in seen.stdout + seen.stderr


def test_help_shows_the_private_ways_first(tmp_path: Path) -> None:
    """An argument is visible to other users: `--url-env` and `-` stand before it."""
    seen = command("--help", directory=tmp_path).stdout
    assert max(seen.index("explain --url-env"), seen.index("explain - ")) < seen.index("mysql+pymysql://")


def test_the_command_stays_light(tmp_path: Path) -> None:
    """Nothing is loaded that a text answer to one URL does not need: milliseconds are promised for it."""
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from everyhop.cli import main; sys.argv = ['everyhop', 'explain', 'mysql+pymysql://u@db/x']; main()"
    )
    seen = subprocess.run([sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path)
    loaded = set(seen.stderr.split())
    heavy = {"sqlalchemy", "cryptography", "jinja2", "rich", "flask", "asyncio", "psycopg", "pymysql"}
    for_others = {"ssl", "socket", "json", "tomllib", "tempfile", "traceback", "difflib", "subprocess"}
    ours = {"model.certificate", "model.survey", "config.table", "dialects.django", "scan.resolve", "x509.parse"}
    assert (heavy | for_others | {f"everyhop.{name}" for name in ours}) & loaded == set()
    assert "everyhop.dialects.libpq" not in loaded


def test_what_policy_allows_is_said_to_be_allowed(tmp_path: Path) -> None:
    """Else `nothing to change` beside an attacker who reads everything is a riddle."""
    seen = command("postgresql://localhost/x", directory=tmp_path)
    assert seen.returncode == 0
    assert "  nothing to change: loopback (allowed)\n" in seen.stdout


def test_settings_that_cannot_be_meant_are_not_the_urls_fault(tmp_path: Path) -> None:
    """The place that is told is the file's."""
    (tmp_path / "broken.toml").write_text("[policy", encoding="utf-8")
    seen = command("postgresql://h/x", "--config", "broken.toml", directory=tmp_path)
    assert seen.returncode == 2
    assert seen.stderr.startswith("everyhop: broken.toml:1: this is not TOML")


def test_a_driver_that_nothing_makes_safe_is_explained_all_the_same() -> None:
    """aiomysql can be stripped whatever is set: that is told, and which driver to take."""
    found = explain("mysql+aiomysql://u:p@db.internal/x?ssl_ca=/etc/ca.pem", started=NOW)
    assert found.secure_url is None
    assert "asyncmy" in found.remark
    assert found.findings
