"""What the dialect reads for MySQL Connector/Python is what both of its builds do against real servers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import mysql.connector
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from everyhop.dialects import registry
from everyhop.errors import SettingsError
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Dialer, Version
from tests.agreement import QUESTION, Case, Ground, cases

pytestmark = [
    pytest.mark.xdist_group("mariadb_ground"),
    pytest.mark.filterwarnings("ignore:ssl.(PROTOCOL_TLS|OP_NO_SSL).*:DeprecationWarning"),  # by tls_versions, pure
]

BUILDS = {"pure": True, "c": False}
INSTALLED = Version(mysql.connector.__version__)
# MariaDB does not know the collation that the driver would ask it for.
ALWAYS = {"connection_timeout": 5, "collation": "utf8mb4_general_ci"}
REFUSALS = (mysql.connector.Error, DBAPIError, TypeError, AttributeError, ValueError)

CALLS: list[dict[str, Any]] = [
    {},
    {"ssl_ca": "ANCHORS"},
    {"ssl_verify_cert": True},
    {"ssl_verify_identity": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_identity": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": True, "ssl_verify_identity": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": True, "ssl_verify_identity": True, "tls_versions": ["TLSv1.3"]},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": 1, "ssl_verify_identity": 1},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": "false"},
    {"ssl_ca": "ANCHORS", "ssl_disabled": True},
    {"ssl_ca": "ANCHORS", "ssl_disabled": False},
    {"ssl_ca": "ANCHORS", "ssl_disabled": None},
    {"ssl_cipher": "ECDHE"},
    {"ssl_mode": "REQUIRED"},
    {"ssl": {"ca": "ANCHORS"}},
    {"tls_versions": "TLSv1.3"},
]
QUERIES = [
    "",
    "ssl_ca=ANCHORS",
    "ssl_ca=ANCHORS&ssl_verify_cert=true",
    "ssl_ca=ANCHORS&ssl_verify_identity=true",
    "ssl_ca=ANCHORS&ssl_verify_identity=false",
    "ssl_ca=ANCHORS&ssl_verify_cert=true&ssl_verify_identity=true",
    "ssl_ca=ANCHORS&ssl_disabled=false",
    "ssl_verify_cert=maybe",
    "sslmode=require",
]


def by_call(keywords: Mapping[str, Any]) -> Callable[[Server, TcpEndpoint], object]:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        login = server.login
        assert login
        user, word = login.user, login.password.reveal()
        connection: Any = mysql.connector.connect(
            host=at.host, port=at.port, user=user, password=word, database=login.database, **ALWAYS, **keywords
        )
        cursor = connection.cursor()
        cursor.execute(QUESTION)
        (answer,) = cursor.fetchone()
        connection.close()
        return answer

    return attempt


def by_sqlalchemy(query: str, keywords: Mapping[str, Any]) -> Callable[[Server, TcpEndpoint], object]:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal().replace("+pymysql", "+mysqlconnector", 1)
        engine = create_engine(url, poolclass=NullPool, connect_args={**ALWAYS, **keywords})
        with engine.connect() as connection:
            return connection.scalar(text(QUESTION))

    return attempt


def among(dialer: Dialer) -> Collection[Case]:
    """Where nothing is trusted that the lab signed for, the honest server is refused as well."""
    nobody = {"anchors-needed", "system-anchors"}.intersection(dialer.notes)
    refused = any(note.startswith("refused-option:") for note in dialer.notes)
    return set(cases) - {Case.GOOD, Case.WRONG_NAME, Case.COLLEAGUE} if nobody and not refused else cases


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_is_what_happens(mariadb_ground: Ground, build: str, call: dict[str, Any]) -> None:
    """By the build that is installed, and by `use_pure`, which chooses."""
    anchors = str(mariadb_ground.anchors)
    keywords = {key: anchors if value == "ANCHORS" else value for key, value in call.items()}
    keywords["use_pure"] = BUILDS[build]
    settings = registry.from_keywords("mysql-connector", {"host": "127.0.0.1", **keywords}, version=INSTALLED)
    dialer = registry.read(settings)
    found = mariadb_ground.disagreements(dialer, by_call(keywords), REFUSALS, among=among(dialer))
    assert found == {}, dialer


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("query", QUERIES)
def test_a_url_is_what_happens(mariadb_ground: Ground, build: str, query: str) -> None:
    """Through SQLAlchemy, which turns some of the texts into booleans and others not."""
    query = query.replace("ANCHORS", str(mariadb_ground.anchors))
    url = f"mysql+mysqlconnector://app@127.0.0.1/app{'?' if query else ''}{query}"
    pure = {"use_pure": BUILDS[build]}
    dialer = registry.read(url, connect_args=pure, version=INSTALLED)
    assert mariadb_ground.disagreements(dialer, by_sqlalchemy(query, pure), REFUSALS) == {}, dialer


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_written_is_what_happens(mariadb_ground: Ground, build: str, assurance: Assurance) -> None:
    """Or it cannot be written: `encrypted` with neither build, `verify-ca` with pure Python alone."""
    pure = {"use_pure": BUILDS[build]}
    settings = registry.resolve("mysql+mysqlconnector://app@127.0.0.1/app", connect_args=pure, version=INSTALLED)
    posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
    try:
        spelling = registry.write(settings, posture, str(mariadb_ground.anchors))
    except SettingsError:
        assert assurance is Assurance.ENCRYPTED or (build, assurance) == ("c", Assurance.CHAIN_VERIFIED)
        return
    assert spelling.url is not None
    dialer = registry.read(spelling.url, connect_args=spelling.connect_args, version=INSTALLED)
    assert dialer.bounds.settled == posture
    query = "&".join(f"{key}={value}" for key, value in spelling.url.options)
    attempt = by_sqlalchemy(query, spelling.connect_args)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}


def test_both_builds_are_here() -> None:
    """Or half of these comparisons would say nothing."""
    assert mysql.connector.HAVE_CEXT
