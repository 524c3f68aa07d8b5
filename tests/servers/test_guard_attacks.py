"""The guard on real servers: the honest one is reached with every driver, and no attacked connection is handed out."""

from __future__ import annotations

import gc
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pg8000.dbapi  # type: ignore[import-untyped]
import psycopg
import psycopg2
import pymysql
import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

import everyhop
from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay, settled
from everyhop.errors import GuardError, SettingsError
from everyhop.lab import mariadb as mariadb_server
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.objection import Reason
from everyhop.runtime.guard.settings import GuardSettings
from tests.agreement.driver import SECRET
from tests.agreement.ground import HERE
from tests.agreement.path_peers import PostgresImpostor, StripAll
from tests.certificates import good, new_authority
from tests.guarding import WAYS, Way, asked

# What is left of a refused connection is the driver's own affair.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
REFUSALS = (GuardError, SettingsError, DBAPIError, OSError, AttributeError, TypeError)
"""The guard's, and what drivers raise by themselves over a peer that they do not believe."""


@pytest.fixture(scope="module")
def opportunistic(lab: Lab) -> Iterator[dict[Wire, Server]]:
    """Servers that take both, so that a stripped connection succeeds; their certificate is for every name here."""
    made = {
        Wire.POSTGRES: postgresql_server.start(lab, Assurance.OPPORTUNISTIC, issued=good(lab.authority, *HERE)),
        Wire.MYSQL: mariadb_server.start(lab, Assurance.OPPORTUNISTIC, issued=good(lab.authority, *HERE)),
    }
    yield made
    for server in made.values():
        server.stop()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture
def server(way: Way, opportunistic: dict[Wire, Server]) -> Server:
    return opportunistic[way.wire]


@pytest.fixture(autouse=True)
def _left_to_the_collector() -> Iterator[None]:
    logging.getLogger("everyhop.guard").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("everyhop.guard").setLevel(logging.NOTSET)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@contextmanager
def behind(behaviour: Behaviour, way: Way, server: Server) -> Iterator[Relay]:
    with Relay(TcpEndpoint(way.host, 0), server.endpoint, behaviour) as relay:
        yield relay


def guard(**keys: Any) -> Guard:
    return Guard(
        GuardSettings.parse({"EVERYHOP_LOCAL": [], **{f"EVERYHOP_{key}": value for key, value in keys.items()}})
    )


def posing(way: Way, issued: Issued) -> Behaviour:
    return (
        PostgresImpostor(issued) if way.wire is Wire.POSTGRES else Impostor(way.wire, issued.chain_pem, issued.key_pem)
    )


def attacks(way: Way, authority: Authority) -> dict[str, Behaviour]:
    """Plaintext upstream, TLS upstream (the server says that all is encrypted), a stranger, a colleague."""
    return {
        "strip": StripAll(way.wire),
        "strip, TLS behind": Strip(way.wire),
        "stranger": posing(way, good(new_authority("Stranger"), *HERE)),
        "colleague": posing(way, good(authority, "elsewhere.example")),
    }


def test_the_honest_server_is_reached(way: Way, server: Server) -> None:
    """Verified, echoed, counted, and nothing to be read on the way."""
    watching = guard()
    with behind(Record(), way, server) as relay:
        engine = way.engine(server, relay.endpoint.port)
        watching.watch(engine)
        assert asked(way, engine) == SECRET
        heard = b"".join(tape.from_dialer + tape.from_listener for tape in settled(relay))
    assert heard
    assert SECRET.encode() not in heard
    assert 'hop="default",encrypted="true",verified="true"} 1' in watching.counters.text()


def test_no_attacked_connection_is_handed_out(way: Way, server: Server, authority: Authority) -> None:
    """With the settings that the guard lets start."""
    for name, behaviour in attacks(way, authority).items():
        with behind(behaviour, way, server) as relay:
            engine = way.engine(server, relay.endpoint.port)
            guard().watch(engine)
            with pytest.raises(REFUSALS):
                pytest.fail(f"{name}: {asked(way, engine)}")
            heard = b"".join(tape.from_dialer + tape.from_listener for tape in settled(relay))
        assert SECRET.encode() not in heard, name


def test_what_nobody_has_read_is_judged_by_itself(
    way: Way, server: Server, authority: Authority, exposed_postgresql: Server
) -> None:
    """Settings that let every attacker in, in a function of the application's that connects: the live look alone."""
    for name, behaviour in attacks(way, authority).items():
        stripped = name.startswith("strip")
        # On two TLS legs SCRAM's channel binding would end it before anybody has to look.
        upstream = server if stripped or way.wire is Wire.MYSQL else exposed_postgresql
        with behind(behaviour, way, upstream) as relay:
            watching = guard()
            engine = way.unread(upstream, relay.endpoint.port)
            watching.watch(engine)
            with pytest.raises(GuardError):
                pytest.fail(f"{name}: {asked(way, engine)}")
            heard = b"".join(tape.from_dialer + tape.from_listener for tape in settled(relay))
        assert SECRET.encode() not in heard, name
        plain = stripped or way is WAYS["asyncmy"]  # which asks for no TLS
        reason = Reason.PLAINTEXT if plain else Reason.UNVERIFIED
        assert watching.counters.total(reason) == 1, (name, watching.counters.text())


def test_a_stripped_connection_is_plaintext_whatever_its_server_says(way: Way, server: Server) -> None:
    """Level `encrypted`, and a server that is spoken to in TLS by the relay."""
    watching = guard(REQUIRE="encrypted")
    with behind(Strip(way.wire), way, server) as relay:
        engine = way.unread(server, relay.endpoint.port)
        watching.watch(engine)
        with pytest.raises(GuardError, match="plaintext"):
            asked(way, engine)
    assert watching.counters.total(Reason.PLAINTEXT) == 1


def test_report_hands_it_out_and_tells(way: Way, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """How one starts on a running system."""
    logging.getLogger("everyhop.guard").setLevel(logging.INFO)
    watching = guard(MODE="report")
    with behind(Strip(way.wire), way, server) as relay:
        engine = way.unread(server, relay.endpoint.port)
        watching.watch(engine)
        assert asked(way, engine) == SECRET
    assert watching.counters.total(Reason.PLAINTEXT) == 1
    assert watching.counters.total() == 1
    assert [record.levelno for record in caplog.records if "reason=plaintext" in record.getMessage()] == [
        logging.WARNING
    ]


@pytest.mark.parametrize("name", ["psycopg2", "psycopg", "pg8000", "pymysql", "mysql-connector"])
def test_an_excused_loopback_is_reached_with_a_drivers_weakest_settings(
    name: str, opportunistic: dict[Wire, Server]
) -> None:
    """`EVERYHOP_LOCAL` as it is by default."""
    way = WAYS[name]
    server = opportunistic[way.wire]
    url = way.url(server, way.host, server.endpoint.port)
    engine = create_engine(url, poolclass=NullPool, connect_args=way.weak(str(server.anchors)))
    bind = Guard(GuardSettings()).watch(engine)
    assert bind
    assert bind.local
    assert asked(way, engine) == SECRET


def test_an_excused_connection_of_somebody_elses_making_is_handed_out(way: Way, server: Server) -> None:
    """By where it ends, which its driver knows."""
    with behind(Record(), way, server) as relay:
        engine = way.unread(server, relay.endpoint.port)
        Guard(GuardSettings()).watch(engine)
        assert asked(way, engine) == SECRET


@pytest.mark.parametrize("name", ["psycopg2", "psycopg", "pg8000", "pymysql"])
def test_a_raw_connection_proves_itself(name: str, opportunistic: dict[Wire, Server]) -> None:
    """Verified: handed back. Less: closed."""
    way = WAYS[name]
    server = opportunistic[way.wire]
    login = server.login
    assert login
    place: dict[str, Any] = {
        "host": "localhost",
        "port": server.endpoint.port,
        "user": login.user,
        "password": login.password.reveal(),
    }
    place[way.database] = login.database
    anchors = str(server.anchors)
    safe = {"sslmode": "verify-full", "sslrootcert": anchors} if "psycopg" in name else way.safe(anchors)
    verified = way.connect(**place, **(safe or {"ssl": {"ca": anchors}}))
    assert everyhop.guard(verified, local=[]) is verified
    verified.close()
    weak = way.connect(**place, **way.weak(anchors))
    assert everyhop.guard(weak) is weak  # it is on the loopback
    with pytest.raises(GuardError, match="closed, because"):
        everyhop.guard(weak, local=[])
    with pytest.raises((psycopg2.Error, psycopg.Error, pg8000.dbapi.Error, pymysql.Error)):
        weak.cursor().execute("SELECT 1")


def test_a_pool_of_psycopg_is_configured(opportunistic: dict[Wire, Server]) -> None:
    """`configure=` is called with each new connection, before anybody gets it."""
    from functools import partial  # noqa: PLC0415

    from psycopg_pool import ConnectionPool, PoolTimeout  # noqa: PLC0415

    server = opportunistic[Wire.POSTGRES]
    url = WAYS["psycopg"].url(
        server, "localhost", server.endpoint.port, f"sslmode=verify-full&sslrootcert={server.anchors}"
    )
    held = partial(everyhop.guard, local=[])
    with ConnectionPool(url.replace("+psycopg", ""), configure=held, min_size=1, open=False) as pool:
        pool.wait(10)
        with pool.connection() as connection:
            row = connection.execute("SELECT 1").fetchone()
            assert row == (1,)
    weak = url.replace("+psycopg", "").replace("verify-full", "require").partition("&")[0]
    refusing = ConnectionPool(weak, configure=held, min_size=1, open=False, reconnect_timeout=0.2)
    with refusing, pytest.raises(PoolTimeout):
        refusing.wait(2)
