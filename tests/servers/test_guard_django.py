"""Django's backends under guard, and the system check, on real servers: a project in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from everyhop.drill.behaviour import Record, Strip
from everyhop.drill.relay import Relay
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire

_PROJECT = """
import sys, django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["everyhop.django"], EVERYHOP_LOCAL=[], DATABASES={"default": dict(TEST_ENTRY)}, SECRET_KEY="x",
    **TEST_SETTINGS
)
django.setup()
from django.core import checks
for message in checks.run_checks():
    print(message.id, message.msg, "|", message.hint)
if TEST_ASK:
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'reached'")
        print(cursor.fetchone()[0])
    connection.close()
"""
NAMES = ["postgresql", "mysql"]


def run(entry: dict[str, Any], *, ask: bool, folder: Path, **settings: Any) -> str:
    """What the project says: its checks, and its database, or why not."""
    program = (
        _PROJECT.replace("TEST_ENTRY", repr(entry))
        .replace("TEST_SETTINGS", repr(settings))
        .replace("TEST_ASK", repr(ask))
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**environment, "HOME": str(folder)}, timeout=60
    )
    return done.stdout + done.stderr


def entry(name: str, server: Server, port: int, engine: str, options: dict[str, Any]) -> dict[str, Any]:
    login = server.login
    assert login
    return {
        "ENGINE": engine,
        "NAME": login.database,
        "USER": login.user,
        "PASSWORD": login.password.reveal(),
        "HOST": "localhost" if name == "postgresql" else "127.0.0.1",
        "PORT": str(port),
        "OPTIONS": options,
    }


def options_of(name: str, server: Server) -> dict[str, Any]:
    if name == "postgresql":
        return {"sslmode": "verify-full", "sslrootcert": str(server.anchors)}
    return {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": str(server.anchors)}}


@pytest.mark.parametrize("name", NAMES)
def test_a_verified_database_is_reached_and_a_stripped_one_is_not(
    name: str, postgresql: Server, mariadb: Server, tmp_path: Path
) -> None:
    server, wire = (postgresql, Wire.POSTGRES) if name == "postgresql" else (mariadb, Wire.MYSQL)
    options = options_of(name, server)
    for behaviour, reached in ((Record(), True), (Strip(wire), False)):
        with Relay(TcpEndpoint("127.0.0.1", 0), server.endpoint, behaviour) as relay:
            told = entry(name, server, relay.endpoint.port, f"everyhop.django.{name}", options)
            said = run(told, ask=True, folder=tmp_path)
        assert ("reached" in said.splitlines()) is reached, said
        assert "everyhop." not in said.partition("Traceback")[0], said


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_below_the_level_is_told_by_the_check_and_not_dialled(
    name: str, postgresql: Server, mariadb: Server, tmp_path: Path
) -> None:
    server = postgresql if name == "postgresql" else mariadb
    with Relay(TcpEndpoint("127.0.0.1", 0), server.endpoint, Record()) as relay:
        told = entry(name, server, relay.endpoint.port, f"everyhop.django.{name}", {})
        said = run(told, ask=True, folder=tmp_path)
        assert not relay.tapes
    assert "everyhop.E001 default: verify-full is demanded" in said
    assert "SettingsError: default: not connected" in said
    assert told["PASSWORD"] not in said


def test_djangos_own_backend_is_read_and_told_to_be_unwatched(postgresql: Server, tmp_path: Path) -> None:
    own = "django.db.backends.postgresql"
    told = entry("postgresql", postgresql, postgresql.endpoint.port, own, options_of("postgresql", postgresql))
    said = run(told, ask=False, folder=tmp_path)
    assert said.splitlines() == [
        'everyhop.W001 default: nobody looks at its open connections | ENGINE = "everyhop.django.postgresql"'
    ]


def test_an_impossible_setting_is_told_by_its_key(tmp_path: Path) -> None:
    said = run({"ENGINE": "django.db.backends.sqlite3"}, ask=False, folder=tmp_path, EVERYHOP_REQUIRE="verify")
    assert said.startswith("everyhop.E002 EVERYHOP_REQUIRE: 'verify' is none of")


def test_sqlite_has_nothing_to_be_told(tmp_path: Path) -> None:
    assert run({"ENGINE": "django.db.backends.sqlite3"}, ask=False, folder=tmp_path) == ""


def test_a_project_without_databases_has_no_hop(tmp_path: Path) -> None:
    """Django puts a backend of its own there, which connects nowhere."""
    assert run({"ENGINE": "django.db.backends.dummy"}, ask=False, folder=tmp_path) == ""
