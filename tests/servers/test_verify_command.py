"""`everyhop verify` as a person runs it, on real applications and servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from everyhop.lab.server import Server
from everyhop.model.secret import Secret

COMMAND = [sys.executable, "-c", "from everyhop.cli import main; main()", "verify"]

APP = """
    import os
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    print("an app may print what it likes")
    db = SQLAlchemy()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    app.config["SQLALCHEMY_BINDS"] = {"legal": os.environ["LEGAL_URL"]}
    db.init_app(app)
"""

HOPS = """
    [policy]
    local = []
    [hop.db]
    dialer = "app"
    endpoint = "mysql://127.0.0.1:{mariadb}"
    app = "wsgi:app"
    [hop.legal]
    dialer = "app"
    endpoint = "postgresql://127.0.0.1:{postgresql}"
    app = "wsgi:app"
"""


@pytest.fixture
def project(tmp_path: Path, mariadb: Server, postgresql: Server) -> Path:
    """A directory with an app and an everyhop.toml that counts the loopback as network."""
    (tmp_path / "wsgi.py").write_text(dedent(APP))
    ports = {"mariadb": mariadb.endpoint.port, "postgresql": postgresql.endpoint.port}
    (tmp_path / "everyhop.toml").write_text(dedent(HOPS.format(**ports)))
    return tmp_path


def verify(directory: Path, *arguments: str, **variables: Secret | str) -> subprocess.CompletedProcess[str]:
    given = {key: value.reveal() if isinstance(value, Secret) else value for key, value in variables.items()}
    seen = subprocess.run(
        [*COMMAND, "--python", sys.executable, *arguments],
        check=False,
        cwd=directory,
        env={**os.environ, "HOME": str(directory), **given},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Traceback" not in seen.stderr
    for value in given.values():
        password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
        assert not password or password not in seen.stdout + seen.stderr
    return seen


def document(seen: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(seen.stdout)
    return parsed


def test_an_app_with_verified_tls_earns_its_grade(project: Path, mariadb: Server, postgresql: Server) -> None:
    """Both hops verify-full, plaintext refused on both: by the probe for PostgreSQL, by the login for MariaDB 10.11."""
    seen = verify(project, "--format", "json", DATABASE_URL=mariadb.url, LEGAL_URL=postgresql.url)
    told = document(seen)
    assert (seen.returncode, told["findings"], told["gaps"]) == (0, [], []), seen.stdout + seen.stderr
    assert told["grade"] in {"A", "A+"}
    for hop, server, product in zip(told["hops"], (mariadb, postgresql), ("mariadb", "postgresql"), strict=True):
        assert hop["declared"]["assurance"] == "verify-full"
        assert (hop["tls"], hop["tls_version"], hop["drift"]) == (True, "TLSv1.3", False)
        assert "127.0.0.1" in hop["peer"]["names"]
        assert hop["server_view"]["tls"] is True
        assert hop["endpoint"] == str(server.endpoint)
        assert any(reading["product"] == product for reading in told["readings"])
    assert [engine["name"] for engine in told["engines"]] == ["default", "legal"]


def test_the_text_shows_both_ends_of_each_connection(project: Path, mariadb: Server, postgresql: Server) -> None:
    """Declared, what happened, version, suite, peer; the server's word beside it; and what to use instead."""
    seen = verify(project, DATABASE_URL=mariadb.url_with(""), LEGAL_URL=postgresql.url_with("sslmode=require"))
    assert seen.returncode == 1
    for words in (
        "declared  opportunistic  (pymysql ",
        "client    opportunistic  TLS 1.3, TLS_",
        "client    encrypted  TLS 1.3, TLS_",
        "server    TLSv1.3 TLS_",
        "opportunistic-dial  high  certain",
        "unverified-chain  high  certain",
        "ssl_ca=",
        "sslmode=verify-full",
    ):
        assert words in seen.stdout
    assert "in " + sys.executable in seen.stderr


def test_a_url_in_a_variable_needs_no_app(tmp_path: Path, postgresql: Server, exposed_mariadb: Server) -> None:
    """The same question about one URL; on the loopback plaintext is acceptable by default, and shown as what it is."""
    verified = verify(tmp_path, "--url-env", "DATABASE_URL", DATABASE_URL=postgresql.url)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    exposed = verify(tmp_path, "--url-env", "DATABASE_URL", DATABASE_URL=exposed_mariadb.url)
    assert exposed.returncode == 0
    assert "client    plaintext: this connection uses no TLS" in exposed.stdout


def test_a_hop_that_no_engine_leads_to_is_a_gap(project: Path, mariadb: Server, postgresql: Server) -> None:
    """everyhop.toml says that the app opens it; the app does not: exit 3, and where its engines do lead."""
    text = (project / "everyhop.toml").read_text()
    (project / "everyhop.toml").write_text(text.replace(str(postgresql.endpoint), "127.0.0.1:1"))
    seen = verify(project, "--format", "json", DATABASE_URL=mariadb.url, LEGAL_URL=postgresql.url)
    told = document(seen)
    assert "no engine of wsgi:app leads to 127.0.0.1:1" in told["gaps"][0]["reason"]
    assert str(postgresql.endpoint) in told["gaps"][0]["hint"]
    assert told["gaps"][0]["hop"] == "legal"
    assert seen.returncode == 3


def test_a_server_that_is_down_is_a_gap_with_the_drivers_reason(project: Path, mariadb: Server) -> None:
    """What is declared for it is judged all the same."""
    gone = Secret("postgresql+psycopg2://app:pass-of-nobody@127.0.0.1:1/app?sslmode=verify-full&sslrootcert=system")
    seen = verify(project, "--app", "wsgi:app", "--format", "json", DATABASE_URL=mariadb.url, LEGAL_URL=gone)
    told = document(seen)
    assert seen.returncode == 3, seen.stdout
    assert "refused" in told["gaps"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to verify"),
        (("--app", "nosuch:app"), "there is no module 'nosuch'"),
        (("--app", "wsgi:app"), "needs the variable DATABASE_URL (wsgi.py:8)"),
        (("--url-env", "NO_SUCH_NAME"), "NO_SUCH_NAME is not set"),
        (("--url-env", "NO_SUCH_NAME", "--python", "/no/such/python"), "no program"),
        (("--url-env", "HOME", "--ca", "/no/such/file"), "cannot be read"),
    ],
)
def test_bad_input_is_told_with_a_hint(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit 2, what happened, what to do."""
    (tmp_path / "wsgi.py").write_text(dedent(APP))
    seen = verify(tmp_path, *arguments)
    assert seen.returncode == 2, seen.stderr
    assert words in seen.stderr
    assert "hint:" in seen.stderr
