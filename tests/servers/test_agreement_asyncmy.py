"""What the dialect reads for asyncmy is what asyncmy does, called directly and through SQLAlchemy."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import asyncmy
import pytest
from asyncmy.errors import MySQLError

from everyhop.dialects import registry
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Version
from tests import asynchronous
from tests.agreement import Ground

pytestmark = pytest.mark.xdist_group("mariadb_ground")

INSTALLED = Version(version("asyncmy"))
REFUSALS = (*asynchronous.REFUSALS, MySQLError)

QUERIES = [
    "",
    "ssl_ca=ANCHORS",
    "ssl_ca=ANCHORS&ssl_check_hostname=false",
    "ssl_check_hostname=true",
    "ssl_ca=ANCHORS&ssl_verify_identity=true",
    "ssl=true",
    "ssl_disabled=false",
    "sslmode=require",
]
CALLS: list[dict[str, Any]] = [
    {},
    {"ssl": True},
    {"ssl": "true"},
    {"ssl": {}},
    {"ssl": {"ca": "ANCHORS"}},
    {"ssl": {"ca": "ANCHORS", "check_hostname": False}},
    {"ssl": {"ca": "ANCHORS", "check_hostname": False, "verify_mode": "none"}},
    {"ssl": {"ca": "ANCHORS", "verify_mode": "none"}},
    {"ssl": {"check_hostname": True}},
    {"ssl": {"verify_mode": "required"}},
    {"ssl": {"ssl_ca": "ANCHORS"}},
    {"ssl_ca": "ANCHORS"},
    {"ssl": PythonContext(anchors="ANCHORS")},
    {"ssl": PythonContext(anchors="ANCHORS", check_hostname=False)},
    {"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)},
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_url_is_what_happens(mariadb_ground: Ground, query: str) -> None:
    """SQLAlchemy's moving of the options, and then the driver."""
    query = query.replace("ANCHORS", str(mariadb_ground.anchors))
    dialer = registry.read(f"mysql+asyncmy://app@127.0.0.1/app{'?' if query else ''}{query}", version=INSTALLED)
    attempt = asynchronous.by_sqlalchemy("asyncmy", query, {})
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}, dialer


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_is_what_happens(mariadb_ground: Ground, call: dict[str, Any]) -> None:
    """Keywords, a dict and a context, read as they are handed over."""
    keywords = asynchronous.live(call, str(mariadb_ground.anchors))
    dialer = registry.read(registry.from_keywords("asyncmy", {"host": "127.0.0.1", **keywords}, version=INSTALLED))
    attempt = asynchronous.by_call(asyncmy, keywords)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}, dialer


@pytest.mark.parametrize("floor", [Floor.TLS_1_2, Floor.TLS_1_3])
@pytest.mark.parametrize("assurance", [one for one in Assurance if one >= Assurance.ENCRYPTED])
def test_what_is_written_is_what_happens(mariadb_ground: Ground, assurance: Assurance, floor: Floor) -> None:
    """By the URL alone, but for a floor of TLS 1.3."""
    settings = registry.resolve("mysql+asyncmy://app@127.0.0.1/app", version=INSTALLED)
    posture, anchors = Posture(assurance, floor), str(mariadb_ground.anchors)
    spelling = registry.write(settings, posture, anchors)
    assert spelling.url is not None
    dialer = registry.read(spelling.url, connect_args=spelling.connect_args, version=INSTALLED)
    assert dialer.bounds.settled == posture
    query = "&".join(f"{key}={value}" for key, value in spelling.url.options)
    arguments = asynchronous.live(dict(spelling.connect_args), anchors)
    attempt = asynchronous.by_sqlalchemy("asyncmy", query, arguments)
    assert mariadb_ground.disagreements(dialer, attempt, REFUSALS) == {}
