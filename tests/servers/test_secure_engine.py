"""`secure_engine` on real servers, by each driver: the real server is reached, and no attacker is."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, event, text
from sqlalchemy.exc import DBAPIError

import everyhop
from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay, settled
from everyhop.errors import SettingsError
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority
from tests.agreement.password_peers import PostgresAsks
from tests.certificates import common_name_only, good, new_authority

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SECRET = "the tip that nobody must read"
POSTGRESQL = ["psycopg", "psycopg2", "pg8000", "asyncpg"]
MARIADB = ["pymysql", "mysqlconnector", "asyncmy"]
DRIVERS = [*POSTGRESQL, *MARIADB]
ASYNCHRONOUS = {"asyncpg", "asyncmy"}
# What each of them takes in a URL for "no TLS", and would obey.
WEAKEST = {
    "psycopg": "sslmode=disable",
    "psycopg2": "sslmode=disable",
    "pg8000": "",
    "asyncpg": "ssl=disable",
    "pymysql": "ssl_disabled=true",
    "mysqlconnector": "ssl_disabled=true",
    "asyncmy": "",
}
# A name that stands in the CN alone is not believed: those that take an SSLContext can be told so.
BY_CONTEXT = ["pg8000", "asyncpg", "pymysql", "asyncmy"]
REFUSALS = (DBAPIError, OSError, SettingsError, AttributeError, TimeoutError)
"""What the drivers raise when a peer is not believed: theirs, as SQLAlchemy's, and what OpenSSL and sockets say."""


@pytest.fixture
def server(driver: str, request: pytest.FixtureRequest) -> Server:
    """The one that the driver is for; it refuses plaintext."""
    found = request.getfixturevalue("postgresql" if driver in POSTGRESQL else "mariadb")
    assert isinstance(found, Server)
    return found


def wire(driver: str) -> Wire:
    return Wire.POSTGRES if driver in POSTGRESQL else Wire.MYSQL


def url(server: Server, driver: str, at: TcpEndpoint, query: str = "") -> str:
    product = "postgresql" if driver in POSTGRESQL else "mysql"
    written = server.url_with(query, host="localhost", port=at.port).reveal()
    return f"{product}+{driver}://{written.partition('://')[2]}"


def engine(server: Server, driver: str, at: TcpEndpoint, query: str = "", **options: Any) -> Any:
    make = everyhop.secure_async_engine if driver in ASYNCHRONOUS else everyhop.secure_engine
    return make(url(server, driver, at, query), anchors=server.anchors, poolclass=NullPool, **options)


def asked(made: Any) -> object:
    """What the server answers to a connection of this engine."""
    question = text(f"SELECT '{SECRET}'")
    if isinstance(made, Engine):
        with made.connect() as connection:
            return connection.scalar(question)

    async def ask() -> object:
        async with made.connect() as connection:
            return await connection.scalar(question)

    return asyncio.run(asyncio.wait_for(ask(), 10))


@pytest.fixture(autouse=True)
def _left_to_the_collector() -> Iterator[None]:
    """What a driver leaves of a refused connection is its own affair; it is collected here, not in another's test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def refused() -> Iterator[None]:
    """No connection comes of it."""
    with pytest.raises(REFUSALS):
        yield


@contextmanager
def relayed(server: Server, behaviour: Behaviour) -> Iterator[Relay]:
    with Relay(TcpEndpoint("127.0.0.1", 0), server.endpoint, behaviour) as relay:
        yield relay


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_real_server_is_reached_and_nothing_can_be_read(driver: str, server: Server) -> None:
    """Whatever the URL's query asks for: it is overruled."""
    with relayed(server, Record()) as relay:
        assert asked(engine(server, driver, relay.endpoint, WEAKEST[driver])) == SECRET
        heard = b"".join(tape.from_dialer + tape.from_listener for tape in settled(relay))
    assert heard
    assert SECRET.encode() not in heard


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_relay_that_strips_tls_is_refused(driver: str, server: Server) -> None:
    """It says that there is no TLS."""
    with relayed(server, Strip(wire(driver))) as relay, refused():
        asked(engine(server, driver, relay.endpoint))


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_impostor_is_refused(driver: str, server: Server, authority: Authority) -> None:
    """A stranger's certificate with the right name, and one of the right authority with another name."""
    for forged in (good(new_authority("Stranger"), "localhost"), good(authority, "elsewhere.example")):
        with relayed(server, Impostor(wire(driver), forged.chain_pem, forged.key_pem)) as relay, refused():
            asked(engine(server, driver, relay.endpoint))


@pytest.mark.parametrize("driver", BY_CONTEXT)
def test_a_name_in_the_cn_alone_is_refused(driver: str, server: Server, authority: Authority) -> None:
    """Full verification believes it; what `secure_engine` makes does not."""
    forged = common_name_only(authority, "localhost")
    with relayed(server, Impostor(wire(driver), forged.chain_pem, forged.key_pem)) as relay, refused():
        asked(engine(server, driver, relay.endpoint))


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_verified_server_that_asks_in_clear_gets_no_password(
    driver: str, server: Server, authority: Authority
) -> None:
    """libpq can be told so; the others cannot."""
    assert server.login
    password = server.login.password.reveal().encode()
    with relayed(server, PostgresAsks(good(authority, "localhost"))) as relay:
        with refused():
            asked(engine(server, driver, relay.endpoint))
        assert not any(password in tape.from_dialer for tape in settled(relay))


@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_what_a_hook_weakens_is_refused_before_any_packet(driver: str, server: Server) -> None:
    """`do_connect` is SQLAlchemy's last word; ours comes after it."""
    option, weaker = {"psycopg": ("sslmode", "require"), "pymysql": ("ssl", None)}[driver]
    with relayed(server, Record()) as relay:
        made = engine(server, driver, relay.endpoint)

        @event.listens_for(made, "do_connect")
        def weaken(_dialect: Any, _record: Any, _positional: Any, keywords: dict[str, Any]) -> None:
            keywords[option] = weaker

        with pytest.raises(SettingsError, match="would not be verified"):
            asked(made)
        assert relay.tapes == ()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "pymysql"])
def test_the_environment_of_the_process_weakens_nothing(
    driver: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own words beat it."""
    for name, value in {"PGSSLMODE": "disable", "PGSSLROOTCERT": "/nowhere", "PGGSSENCMODE": "disable"}.items():
        monkeypatch.setenv(name, value)
    with relayed(server, Strip(wire(driver))) as relay, refused():
        asked(engine(server, driver, relay.endpoint))
    with relayed(server, Record()) as relay:
        assert asked(engine(server, driver, relay.endpoint)) == SECRET


def test_psycopg_is_asynchronous_as_well(postgresql: Server) -> None:
    """The same URL, by `secure_async_engine`."""
    with relayed(postgresql, Record()) as relay:
        made = everyhop.secure_async_engine(
            url(postgresql, "psycopg", relay.endpoint), anchors=postgresql.anchors, poolclass=NullPool
        )
        assert asked(made) == SECRET


@pytest.mark.parametrize("driver", ["mysqldb", "mariadbconnector"])
def test_connector_c_is_held_to_it_as_well(driver: str, mariadb: Server, authority: Authority) -> None:
    """By an address that it looks at: `localhost` is its socket, and 3.4 checks no name for 127.0.0.1."""
    with warnings.catch_warnings():  # an escape in mariadb's source that Python does not know
        warnings.simplefilter("ignore")
        import_module("mariadb")
    host = "127.0.0.2"
    honest = good(authority, host)
    attackers = [good(new_authority("Stranger"), host), good(authority, "elsewhere.example")]
    scheme = "mysql" if driver == "mysqldb" else "mariadb"

    def made(relay: Relay) -> Engine:
        written = mariadb.url_with("", host=host, port=relay.endpoint.port).reveal()
        through = f"{scheme}+{driver}://{written.partition('://')[2]}"
        return everyhop.secure_engine(through, anchors=mariadb.anchors, poolclass=NullPool)

    def behind(behaviour: Behaviour) -> Relay:
        return Relay(TcpEndpoint(host, 0), mariadb.endpoint, behaviour)

    with behind(Impostor(Wire.MYSQL, honest.chain_pem, honest.key_pem)) as relay:
        assert asked(made(relay)) == SECRET
    for forged in attackers:
        with behind(Impostor(Wire.MYSQL, forged.chain_pem, forged.key_pem)) as relay, refused():
            asked(made(relay))
    with behind(Strip(Wire.MYSQL)) as relay, refused():
        asked(made(relay))
