"""What the dialect reads for asyncpg is what it does, called directly and through SQLAlchemy, against real servers."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from everyhop.dialects import registry
from everyhop.dialects.settings import PythonContext
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from tests.agreement import QUESTION, Attempt, Ground, made_context

pytestmark = pytest.mark.xdist_group("postgres_ground")

REFUSALS = (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, OSError, TypeError, asyncpg.InternalClientError)
CONTEXTS = {
    "context": PythonContext(anchors="ANCHORS"),
    "context without a name": PythonContext(anchors="ANCHORS", check_hostname=False),
}
OWN = [
    "",
    "sslmode=disable",
    "sslmode=allow",
    "sslmode=prefer&sslrootcert=ANCHORS",
    "sslmode=require",
    "sslmode=require&sslrootcert=ANCHORS",
    "sslmode=verify-ca&sslrootcert=ANCHORS",
    "sslmode=verify-full&sslrootcert=ANCHORS",
    "sslmode=verify-full&sslrootcert=ANCHORS&ssl_min_protocol_version=TLSv1.3",
    "sslmode=verify-full&sslrootcert=system",
    "ssl=require",
    "sslmod=require",
    "channel_binding=require",
]
THROUGH_SQLALCHEMY: list[tuple[str, dict[str, str], dict[str, object]]] = [
    ("", {}, {}),
    ("ssl=require", {}, {}),
    ("ssl=verify-full", {}, {}),
    ("ssl=verify-full", {"PGSSLROOTCERT": "ANCHORS"}, {}),
    ("ssl=prefer", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "ANCHORS"}, {}),
    ("ssl=true", {}, {}),
    ("sslmode=require", {}, {}),
    ("", {}, {"ssl": False}),
    ("", {}, {"ssl": True}),  # the system's anchors: nobody here is believed
    ("ssl=prefer", {}, {"ssl": CONTEXTS["context"]}),
    ("", {}, {"ssl": CONTEXTS["context without a name"]}),
]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # where root.crt would be


def directly(query: str) -> Attempt:
    async def asked(url: str) -> object:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(QUESTION)
        finally:
            await connection.close(timeout=2)

    def attempt(server: Server, at: TcpEndpoint) -> object:
        return asyncio.run(asked(own_url(server, at, query)))

    return attempt


def own_url(server: Server, at: TcpEndpoint, query: str) -> str:
    return server.url_with(query, host=at.host, port=at.port).reveal().replace("+psycopg2", "", 1)


def by_sqlalchemy(query: str, connect_args: dict[str, Any]) -> Attempt:
    async def asked(url: str) -> object:
        engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 5, **connect_args})
        try:
            async with engine.connect() as connection:
                return await connection.scalar(text(QUESTION))
        finally:
            await engine.dispose()

    def attempt(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal().replace("+psycopg2", "+asyncpg", 1)
        return asyncio.run(asked(url))

    return attempt


@pytest.mark.parametrize("query", OWN)
def test_its_own_dsn(postgres_ground: Ground, query: str) -> None:
    query = query.replace("ANCHORS", str(postgres_ground.anchors))
    dialer = registry.read(f"postgres://app@127.0.0.1/app{'?' if query else ''}{query}", driver="asyncpg")
    assert postgres_ground.disagreements(dialer, directly(query), REFUSALS) == {}


@pytest.mark.parametrize(("query", "environment", "arguments"), THROUGH_SQLALCHEMY, ids=str)
def test_through_sqlalchemy(
    postgres_ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    environment: dict[str, str],
    arguments: dict[str, Any],
) -> None:
    anchors = str(postgres_ground.anchors)
    around = {name: value.replace("ANCHORS", anchors) for name, value in environment.items()}
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    context = arguments.get("ssl")
    live = {"ssl": made_context(context, anchors)} if isinstance(context, PythonContext) else arguments
    url = f"postgresql+asyncpg://app@127.0.0.1/app{'?' if query else ''}{query}"
    dialer = registry.read(url, connect_args=live, environment=around)
    assert isinstance(live.get("ssl"), ssl.SSLContext | bool | None)
    assert postgres_ground.disagreements(dialer, by_sqlalchemy(query, live), REFUSALS) == {}


@pytest.mark.parametrize("assurance", Assurance)
def test_what_is_written_is_what_happens(postgres_ground: Ground, assurance: Assurance) -> None:
    """By a DSN alone, and through SQLAlchemy."""
    posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
    anchors = str(postgres_ground.anchors)
    own = registry.write(registry.resolve("postgres://app@127.0.0.1/app", driver="asyncpg"), posture, anchors)
    assert own.url is not None
    query = "&".join(f"{key}={value}" for key, value in own.url.options)
    assert postgres_ground.disagreements(registry.read(own.url), directly(query), REFUSALS) == {}

    through = registry.write(registry.resolve("postgresql+asyncpg://app@127.0.0.1/app"), posture, anchors)
    assert through.url is not None
    query = "&".join(f"{key}={value}" for key, value in through.url.options)
    context = through.connect_args.get("ssl")
    live = {"ssl": made_context(context, anchors)} if isinstance(context, PythonContext) else {}
    dialer = registry.read(through.url, connect_args=through.connect_args)
    assert postgres_ground.disagreements(dialer, by_sqlalchemy(query, live), REFUSALS) == {}
