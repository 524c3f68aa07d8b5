"""What the dialect reads for pg8000 is what it does, through SQLAlchemy, against real servers."""

from __future__ import annotations

import ssl
from importlib import metadata
from typing import Any

import pg8000.exceptions  # type: ignore[import-untyped]
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from everyhop.dialects import registry
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Version
from tests.agreement import QUESTION, Attempt, Ground, made_context

pytestmark = pytest.mark.xdist_group("postgres_ground")

VERSION = Version(metadata.version("pg8000"))
REFUSALS = (DBAPIError, pg8000.exceptions.Error, OSError, TypeError, AttributeError)
SPELLINGS: list[tuple[str, dict[str, object]]] = [
    ("", {}),
    ("", {"ssl_context": None}),
    ("", {"ssl_context": True}),
    ("", {"ssl_context": False}),
    ("", {"ssl_context": PythonContext(anchors="ANCHORS")}),
    ("", {"ssl_context": PythonContext(anchors="ANCHORS", floor=Floor.TLS_1_3)}),
    ("", {"ssl_context": PythonContext(anchors="ANCHORS", check_hostname=False)}),
    ("", {"ssl_context": PythonContext(PeerCheck.NONE, check_hostname=False)}),
    ("ssl_context=true", {}),
    ("sslmode=require", {}),
    ("", {"ssl_context": {"ca": "ANCHORS"}}),
]


def by_sqlalchemy(query: str, connect_args: dict[str, Any]) -> Attempt:
    def attempt(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal().replace("+psycopg2", "+pg8000", 1)
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 5, **connect_args})
        with engine.connect() as connection:
            return connection.scalar(text(QUESTION))

    return attempt


def live(connect_args: dict[str, Any], anchors: str) -> dict[str, Any]:
    context = connect_args.get("ssl_context")
    return {"ssl_context": made_context(context, anchors)} if isinstance(context, PythonContext) else connect_args


@pytest.mark.parametrize(("query", "arguments"), SPELLINGS, ids=str)
def test_a_reading_is_what_happens(postgres_ground: Ground, query: str, arguments: dict[str, Any]) -> None:
    made = live(arguments, str(postgres_ground.anchors))
    assert isinstance(made.get("ssl_context"), ssl.SSLContext | bool | dict | None)
    url = f"postgresql+pg8000://app@127.0.0.1/app{'?' if query else ''}{query}"
    dialer = registry.read(url, connect_args=made, version=VERSION)
    assert postgres_ground.disagreements(dialer, by_sqlalchemy(query, made), REFUSALS) == {}


@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_written_is_what_happens(postgres_ground: Ground, assurance: Assurance) -> None:
    posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
    anchors = str(postgres_ground.anchors)
    before = registry.resolve("postgresql+pg8000://app@127.0.0.1/app", version=VERSION)
    spelling = registry.write(before, posture, anchors)
    assert spelling.url is not None
    dialer = registry.read(spelling.url, connect_args=spelling.connect_args, version=VERSION)
    attempt = by_sqlalchemy("", live(dict(spelling.connect_args), anchors))
    assert postgres_ground.disagreements(dialer, attempt, REFUSALS) == {}
