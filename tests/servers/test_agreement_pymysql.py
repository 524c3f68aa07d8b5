"""What the dialect reads for PyMySQL is what PyMySQL does, called directly and through SQLAlchemy."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pymysql
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from everyhop.dialects import registry
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Dialer, Version
from tests.agreement import QUESTION, Case, Ground, cases

pytestmark = pytest.mark.xdist_group("mariadb_ground")

INSTALLED = Version(pymysql.VERSION_STRING)
# What PyMySQL and `ssl` raise over a spelling comes as it is, and as SQLAlchemy's where the driver raised its own.
REFUSALS = (pymysql.MySQLError, DBAPIError, ssl.SSLError, TypeError, AttributeError, ValueError)

QUERIES = [
    "",
    "ssl_ca=ANCHORS",
    "ssl_ca=ANCHORS&ssl_check_hostname=false",
    "ssl_check_hostname=true",
    "ssl_ca=ANCHORS&ssl_verify_identity=true",
    "ssl_ca=ANCHORS&ssl_verify_cert=true",
    "ssl_ca=ANCHORS&ssl_verify_cert=false",
    "ssl_ca=ANCHORS&ssl_verify_cert=true&ssl_verify_identity=true",
    "ssl_verify_identity=false",
    "ssl_verify_cert=false",
    "ssl_disabled=true",
    "ssl_ca=ANCHORS&ssl_disabled=false",
    "ssl=true",
    "ssl_mode=REQUIRED",
    "sslmode=require",
]
CALLS: list[dict[str, Any]] = [
    {},
    {"ssl_ca": "ANCHORS"},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_identity": True},
    {"ssl_ca": "ANCHORS", "ssl_verify_cert": True, "ssl_verify_identity": True},
    {"ssl_verify_identity": True},
    {"ssl": {"ca": "ANCHORS"}},
    {"ssl": {"ca": "ANCHORS", "check_hostname": False}},
    {"ssl": {"ca": "ANCHORS", "verify_mode": "none"}},
    {"ssl": {"check_hostname": True}},
    {"ssl": {"ssl_ca": "ANCHORS"}},
    {"ssl": {"fake_flag_to_enable_tls": True}},
    {"ssl": {}},
    {"ssl": True},
    {"ssl_ca": "ANCHORS", "ssl_disabled": True},
    {"ssl": PythonContext(anchors="ANCHORS")},
    {"ssl": PythonContext(anchors="ANCHORS", floor=Floor.TLS_1_3, common_name=False)},
    {"ssl": PythonContext(check_hostname=False, anchors="ANCHORS")},
    {"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)},
    {"ssl": PythonContext(anchors="ANCHORS"), "ssl_verify_identity": True},
]


def made(context: PythonContext) -> ssl.SSLContext:
    """The context that is described."""
    live = ssl.create_default_context(cafile=context.anchors)
    live.check_hostname = context.check_hostname
    live.verify_mode = ssl.CERT_NONE if context.peer is PeerCheck.NONE else ssl.CERT_REQUIRED
    live.hostname_checks_common_name = context.common_name
    if context.floor is Floor.TLS_1_3:
        live.minimum_version = ssl.TLSVersion.TLSv1_3
    return live


def with_anchors(value: Any, anchors: str) -> Any:
    """The same with a file that is there, and live contexts."""
    if isinstance(value, dict):
        return {key: with_anchors(inner, anchors) for key, inner in value.items()}
    if isinstance(value, PythonContext):
        file = anchors if value.anchors else None
        return made(PythonContext(value.peer, value.check_hostname, file, value.floor, None, value.common_name))
    return anchors if value == "ANCHORS" else value


def by_call(keywords: Mapping[str, Any]) -> Callable[[Server, TcpEndpoint], object]:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        login = server.login
        assert login
        user, word = login.user, login.password.reveal()
        connection: Any = pymysql.connect(
            host=at.host, port=at.port, user=user, password=word, database=login.database, connect_timeout=5, **keywords
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(QUESTION)
            (answer,) = cursor.fetchone()
        return answer

    return attempt


def by_sqlalchemy(query: str, arguments: Mapping[str, Any]) -> Callable[[Server, TcpEndpoint], object]:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal()
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5, **arguments})
        with engine.connect() as connection:
            return connection.scalar(text(QUESTION))

    return attempt


def among(dialer: Dialer) -> Collection[Case]:
    """Where only the system's anchors are believed, what the lab signed for is refused as well."""
    return set(cases) - {Case.GOOD, Case.WRONG_NAME, Case.COLLEAGUE} if is_alien(dialer) else cases


def is_alien(dialer: Dialer) -> bool:
    """Whether nothing that the lab signed is believed."""
    return "system-anchors" in dialer.notes or "ignored-option:ssl" in dialer.notes


@pytest.fixture(autouse=True)
def _outdated_spellings() -> Any:
    """PyMySQL warns of some of these."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.mark.parametrize("query", QUERIES)
def test_a_url_is_what_happens(mariadb_ground: Ground, query: str) -> None:
    """SQLAlchemy's moving of the options, and then the driver."""
    query = query.replace("ANCHORS", str(mariadb_ground.anchors))
    url = f"mysql+pymysql://app@127.0.0.1/app{'?' if query else ''}{query}"
    dialer = registry.read(url, version=INSTALLED)
    attempt = by_sqlalchemy(query, {})
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS, among=among(dialer)) == {}, dialer


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_is_what_happens(mariadb_ground: Ground, call: dict[str, Any]) -> None:
    """Keywords, a dict and a context, read as they are handed over."""
    keywords = with_anchors(call, str(mariadb_ground.anchors))
    dialer = registry.read(registry.from_keywords("pymysql", {"host": "127.0.0.1", **keywords}, version=INSTALLED))
    attempt = by_call(keywords)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS, among=among(dialer)) == {}, dialer


@pytest.mark.parametrize("floor", [Floor.TLS_1_2, Floor.TLS_1_3])
@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_written_is_what_happens(mariadb_ground: Ground, assurance: Assurance, floor: Floor) -> None:
    """By the URL alone, but for a floor of TLS 1.3."""
    if assurance < Assurance.ENCRYPTED:
        floor = Floor.NONE if assurance is Assurance.PLAINTEXT else Floor.TLS_1_2
    settings = registry.resolve("mysql+pymysql://app@127.0.0.1/app", version=INSTALLED)
    posture = Posture(assurance, floor)
    spelling = registry.write(settings, posture, str(mariadb_ground.anchors))
    assert spelling.url is not None
    dialer = registry.read(spelling.url, connect_args=spelling.connect_args, version=INSTALLED)
    assert dialer.bounds.settled == posture
    arguments = {key: made(value) if isinstance(value, PythonContext) else value
                 for key, value in spelling.connect_args.items()}  # fmt: skip
    query = "&".join(f"{key}={value}" for key, value in spelling.url.options)
    assert mariadb_ground.disagreements(dialer, by_sqlalchemy(query, arguments), REFUSALS) == {}
