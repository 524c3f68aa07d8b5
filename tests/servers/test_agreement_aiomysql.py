"""What the dialect reads for aiomysql is what aiomysql does: each of its spellings can be stripped."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import aiomysql  # type: ignore[import-untyped]
import pytest

from everyhop.dialects import registry
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Dialer, Version
from tests import asynchronous
from tests.agreement import Case, Ground, cases

# Where the step to TLS fails, aiomysql forgets a socket.
pytestmark = [pytest.mark.xdist_group("mariadb_ground"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

INSTALLED = Version(aiomysql.__version__)
REFUSALS = (*asynchronous.REFUSALS, aiomysql.MySQLError)

QUERIES = ["", "ssl_ca=ANCHORS", "ssl=true", "ssl_check_hostname=true", "ssl_disabled=false", "sslmode=require"]
CALLS: list[dict[str, Any]] = [
    {},
    {"ssl": True},
    {"ssl": {}},
    {"ssl": {"ca": "ANCHORS"}},
    {"ssl_ca": "ANCHORS"},
    {"ssl": PythonContext(anchors="ANCHORS")},
    {"ssl": PythonContext(anchors="ANCHORS", check_hostname=False)},
    {"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)},
]


def among(dialer: Dialer) -> Collection[Case]:
    """Where only the system's anchors are believed, the lab's good certificate is none."""
    return set(cases) - {Case.GOOD} if "system-anchors" in dialer.notes else cases


@pytest.mark.parametrize("query", QUERIES)
def test_a_url_is_what_happens(mariadb_ground: Ground, query: str) -> None:
    """SQLAlchemy's moving of the options, and then the driver."""
    query = query.replace("ANCHORS", str(mariadb_ground.anchors))
    dialer = registry.read(f"mysql+aiomysql://app@127.0.0.1/app{'?' if query else ''}{query}", version=INSTALLED)
    attempt = asynchronous.by_sqlalchemy("aiomysql", query, {})
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}, dialer


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_is_what_happens(mariadb_ground: Ground, call: dict[str, Any]) -> None:
    """A verifying context too."""
    keywords = asynchronous.live(call, str(mariadb_ground.anchors))
    dialer = registry.read(registry.from_keywords("aiomysql", {"host": "127.0.0.1", **keywords}, version=INSTALLED))
    attempt = asynchronous.by_call(aiomysql, keywords)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS, among=among(dialer)) == {}, dialer


def test_what_is_written_is_what_happens(mariadb_ground: Ground) -> None:
    """The most that it can promise."""
    settings = registry.resolve("mysql+aiomysql://app@127.0.0.1/app", version=INSTALLED)
    posture, anchors = Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2), str(mariadb_ground.anchors)
    spelling = registry.write(settings, posture, anchors)
    assert spelling.url is not None
    dialer = registry.read(spelling.url, connect_args=spelling.connect_args, version=INSTALLED)
    assert dialer.bounds.settled == posture
    arguments = asynchronous.live(dict(spelling.connect_args), anchors)
    attempt = asynchronous.by_sqlalchemy("aiomysql", "", arguments)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}
