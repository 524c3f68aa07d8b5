"""The guard through the life of a process: forks, engines that nobody named, renewed files, spans, a wrong echo."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

import everyhop
from everyhop.drill.behaviour import Impostor
from everyhop.drill.relay import Relay
from everyhop.errors import GuardError, SettingsError
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority
from everyhop.runtime.guard import opening
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.objection import Objection, Reason
from everyhop.runtime.guard.settings import GuardSettings
from tests.certificates import good, new_authority

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("everyhop.guard").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("everyhop.guard").setLevel(logging.NOTSET)


_FORKING = """
import gc, os, sys
from sqlalchemy import create_engine, text
import everyhop
engine = everyhop.guard(create_engine(URL), local=[])
def backend():
    with engine.connect() as connection:
        return connection.scalar(text("SELECT CONNECTION_ID()"))
before = backend()
child = os.fork()
if not child:
    gc.collect()
    sys.exit()
os.waitpid(child, 0)
print("the same" if backend() == before else "another")
"""


def guard(**keys: Any) -> Guard:
    return Guard(
        GuardSettings.parse({"EVERYHOP_LOCAL": [], **{f"EVERYHOP_{key}": value for key, value in keys.items()}})
    )


def backend(engine: Any) -> int:
    """Which of the server's processes a pooled connection ends at."""
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT pg_backend_pid()"))
    assert isinstance(found, int)
    return found


def test_a_forked_child_has_a_connection_of_its_own(postgresql: Server) -> None:
    """And the parent's goes on: no "bad record mac" on either side."""
    engine = create_engine(postgresql.url_with(f"sslmode=verify-full&sslrootcert={postgresql.anchors}").reveal())
    guard().watch(engine)
    before = backend(engine)
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.write(sending, str(backend(engine)).encode())
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    told = int(os.read(receiving, 32))
    os.close(receiving)
    os.close(sending)
    assert os.waitstatus_to_exitcode(status) == 0
    assert told != before
    assert backend(engine) == before
    engine.dispose()


@pytest.mark.parametrize("driver", ["mysqldb", "mariadbconnector"])
def test_a_child_that_frees_its_parents_pool_says_no_goodbye(driver: str, mariadb: Server) -> None:
    """These drivers end a session when its object is freed: by the collector, or at the interpreter's end."""
    verifying = {"mysqldb": "ssl_mode=VERIFY_IDENTITY", "mariadbconnector": "ssl_verify_cert=true"}[driver]
    url = mariadb.url_with(f"{verifying}&ssl_ca={mariadb.anchors}", host="127.0.0.1").reveal()
    program = _FORKING.replace("URL", repr(f"mariadb+{driver}://{url.partition('://')[2]}"))
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout == "the same\n", done.stderr


def test_an_engine_that_nobody_named_is_judged_too(postgresql: Server) -> None:
    """A verified one connects and is counted under a name; a weaker one, and one with its own creator, do not."""
    import psycopg2  # noqa: PLC0415

    watching = guard()
    watching.watch_everything()
    good_one = create_engine(postgresql.url_with(f"sslmode=verify-full&sslrootcert={postgresql.anchors}").reveal())
    assert backend(good_one)
    assert f'hop="engine {postgresql.endpoint.host}",encrypted="true",verified="true"' in watching.counters.text()
    good_one.dispose()
    weak = create_engine(postgresql.url_with("sslmode=require").reveal())
    with pytest.raises(SettingsError, match="verify-full is demanded"):
        backend(weak)
    dsn = postgresql.url_with("sslmode=require").reveal().replace("+psycopg2", "")
    made = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn))
    with pytest.raises(GuardError, match="not verified"):
        backend(made)
    with pytest.raises(GuardError, match="not verified"):
        backend(made)


def test_a_name_of_libpqs_is_proven_by_its_parameters(postgresql: Server) -> None:
    """A creator with `verify-full` is as good as an engine with it."""
    import psycopg2  # noqa: PLC0415

    query = f"sslmode=verify-full&sslrootcert={postgresql.anchors}"
    dsn = postgresql.url_with(query).reveal().replace("+psycopg2", "")
    made = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn))
    guard().watch(made)
    assert backend(made)
    made.dispose()


def test_new_connections_believe_a_renewed_authority(mariadb: Server, tmp_path: Path) -> None:
    """And no longer the one before; nothing is made anew in the application."""
    first, second = new_authority("First"), new_authority("Second")
    anchors = tmp_path / "ca.pem"
    anchors.write_text(first.anchors_pem)
    context = everyhop.client_context(anchors)

    def reached(authority: Authority) -> bool:
        served = good(authority, "localhost")
        front = Impostor(Wire.MYSQL, served.chain_pem, served.key_pem)
        with Relay(TcpEndpoint("127.0.0.1", 0), mariadb.endpoint, front) as relay:
            url = mariadb.url_with("", host="localhost", port=relay.endpoint.port).reveal()
            engine = create_engine(url, connect_args={"ssl": context})
            guard().watch(engine)
            try:
                with engine.connect() as connection:
                    return bool(connection.scalar(text("SELECT 1")))
            except DBAPIError:
                return False
            finally:
                engine.dispose()

    assert (reached(first), reached(second)) == (True, False)
    fresh = tmp_path / "new.pem"
    fresh.write_text(second.anchors_pem)
    fresh.replace(anchors)
    assert (reached(first), reached(second)) == (False, True)


def test_a_wrong_echo_ends_it(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the application has asked anything."""
    engine = create_engine(postgresql.url_with(f"sslmode=verify-full&sslrootcert={postgresql.anchors}").reveal())
    watching = guard()
    watching.watch(engine)
    monkeypatch.setattr(
        opening, "echo", lambda *_: Objection(Reason.ECHO, "the first answer on it is not what was asked")
    )
    with pytest.raises(GuardError, match="first answer"):
        engine.connect()
    assert watching.counters.total(Reason.ECHO) == 1


def test_a_span_tells_of_tls(mariadb: Server) -> None:
    """Where OpenTelemetry is in use and the span is recorded."""
    trace = pytest.importorskip("opentelemetry.trace")

    class Recorded(trace.NonRecordingSpan):  # type: ignore[misc,name-defined]
        told: dict[str, object] = {}  # noqa: RUF012 - there is one

        def is_recording(self) -> bool:
            return True

        def set_attribute(self, key: str, value: object) -> None:
            self.told[key] = value

    context = ssl.create_default_context(cafile=str(mariadb.anchors))
    url = mariadb.url_with("", host="localhost").reveal()
    engine = create_engine(url, connect_args={"ssl": context})
    guard().watch(engine)
    span = Recorded(trace.INVALID_SPAN_CONTEXT)
    with trace.use_span(span), engine.connect() as connection:
        connection.scalar(text("SELECT 1"))
    engine.dispose()
    assert span.told["tls.established"] is True
    assert (span.told["tls.protocol.name"], span.told["tls.protocol.version"]) == ("tls", "1.3")
    assert str(span.told["tls.cipher"]).startswith("TLS_")


@pytest.mark.parametrize(("query", "kept"), [("verify-full", True), ("require", False)])
def test_an_asynchronous_connection_proves_itself(query: str, kept: bool, postgresql: Server) -> None:  # noqa: FBT001
    """By `guard_async`, which a pool of asyncpg's or psycopg's calls for each of its own."""
    login = postgresql.login
    assert login
    context = ssl.create_default_context(cafile=str(postgresql.anchors))

    async def connected() -> None:
        opened = [
            await asyncpg.connect(
                host="localhost",
                port=postgresql.endpoint.port,
                user=login.user,
                password=login.password.reveal(),
                database=login.database,
                ssl=context if kept else "require",
            ),
            await psycopg.AsyncConnection.connect(
                postgresql.url_with(
                    f"sslmode={query}&sslrootcert={postgresql.anchors if kept else '/none'}", host="localhost"
                )
                .reveal()
                .replace("+psycopg2", "")
            ),
        ]
        for connection in opened:
            if kept:
                assert await everyhop.guard_async(connection, local=[]) is connection
                await connection.close()
            else:
                with pytest.raises(GuardError, match="not verified"):
                    await everyhop.guard_async(connection, local=[])
            with pytest.raises(SettingsError, match="asynchronous"):
                everyhop.guard(connection, local=[])

    asyncio.run(connected())
