"""What the dialect reads for psycopg2 and psycopg is what they do, through SQLAlchemy, against real servers."""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg2.extensions
import pytest
from psycopg import pq
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from everyhop.dialects import registry
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from tests.agreement import QUESTION, Case, Ground

pytestmark = pytest.mark.xdist_group("postgres_ground")

QUERIES = [
    "",
    "sslmode=disable",
    "sslmode=allow",
    "sslmode=prefer",
    "sslrootcert=ANCHORS",
    "sslmode=prefer&sslrootcert=ANCHORS",
    "sslmode=require",
    "sslmode=require&sslrootcert=ANCHORS",
    "sslmode=verify-ca&sslrootcert=ANCHORS",
    "sslmode=verify-full&sslrootcert=ANCHORS",
    "sslmode=verify-full",  # and no file in the home folder
    "channel_binding=require",
    "sslmode=require&channel_binding=require",
    "sslmode=verify-full&sslrootcert=ANCHORS&ssl_min_protocol_version=TLSv1.3",
    "sslmode=verify_full",
    "ssl=require",
    "ssl_ca=ANCHORS",
]
BUILDS = {"psycopg2": psycopg2.extensions.libpq_version, "psycopg": pq.version}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # where libpq looks for root.crt


def by_sqlalchemy(driver: str, query: str) -> Callable[[Server, TcpEndpoint], object]:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal().replace("+psycopg2", f"+{driver}", 1)
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
        with engine.connect() as connection:
            return connection.scalar(text(QUESTION))

    return attempt


def agreed(ground: Ground, driver: str, query: str) -> None:
    build = str(BUILDS[driver]() // 10000)
    dialer = registry.read(f"postgresql+{driver}://app@127.0.0.1/app{'?' if query else ''}{query}", build=build)
    assert ground.disagreements(dialer, by_sqlalchemy(driver, query), (DBAPIError,)) == {}


@pytest.mark.parametrize("driver", BUILDS)
@pytest.mark.parametrize("query", QUERIES)
def test_a_reading_is_what_happens(postgres_ground: Ground, driver: str, query: str) -> None:
    agreed(postgres_ground, driver, query.replace("ANCHORS", str(postgres_ground.anchors)))


@pytest.mark.parametrize("driver", BUILDS)
@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_written_is_what_happens(postgres_ground: Ground, driver: str, assurance: Assurance) -> None:
    floor = Floor.TLS_1_2 if assurance else Floor.NONE
    settings = registry.resolve(f"postgresql+{driver}://app@127.0.0.1/app")
    spelling = registry.write(settings, Posture(assurance, floor), str(postgres_ground.anchors))
    assert spelling.url is not None
    agreed(postgres_ground, driver, "&".join(f"{key}={value}" for key, value in spelling.url.options))


def test_a_reading_that_promises_too_much_does_not_stand(postgres_ground: Ground) -> None:
    """The harness itself: what is read as verified and is not shows in every case in which that matters."""
    promised = registry.read("postgresql+psycopg2://h/x?sslmode=verify-full&sslrootcert=/ca")
    found = postgres_ground.disagreements(promised, by_sqlalchemy("psycopg2", "sslmode=prefer"), (DBAPIError,))
    assert set(found) == {case.name for case in Case if case is not Case.GOOD}
    promised = registry.read("postgresql+psycopg2://h/x")
    found = postgres_ground.disagreements(promised, by_sqlalchemy("psycopg2", "sslmode=disable"), (DBAPIError,))
    assert set(found) == {Case.GOOD.name, Case.WRONG_NAME.name, Case.UNTRUSTED.name}
