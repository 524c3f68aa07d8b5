"""The attacks work where they should and are refused where they should: real drivers, real servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import psycopg2
import pymysql
import pytest

from everyhop.capture.exposed import Kind
from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay
from everyhop.drill.scenario import Ordeal, Outcome, attack
from everyhop.lab.server import Server
from everyhop.model.certificate import CertificateRequest
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority

SECRET = "the tip that nobody must read"
Connect = Callable[[Server, TcpEndpoint], Any]


def by_pymysql(tls: dict[str, str] | None = None) -> Connect:
    def connect(server: Server, at: TcpEndpoint) -> Any:
        assert server.login
        return pymysql.connect(
            host=at.host,
            port=at.port,
            user=server.login.user,
            password=server.login.password.reveal(),
            database=server.login.database,
            connect_timeout=10,
            ssl={name: value.replace("ANCHORS", str(server.anchors)) for name, value in tls.items()} if tls else None,
        )

    return connect


def by_libpq(driver: Any, query: str) -> Connect:
    def connect(server: Server, at: TcpEndpoint) -> Any:
        url = server.url_with(query.replace("ANCHORS", str(server.anchors)), host=at.host, port=at.port).reveal()
        return driver.connect(url.replace("postgresql+psycopg2", "postgresql"), connect_timeout=10)

    return connect


def spoken(connect: Connect, server: Server, relay: Relay) -> Callable[[], str | None]:
    """Connect through the relay and say the secret; the driver's error, if there is one."""

    def attempt() -> str | None:
        try:
            connection = connect(server, relay.endpoint)
        except (pymysql.err.Error, psycopg2.Error, psycopg.Error) as error:
            return str(error)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT '{SECRET}'")
            cursor.fetchall()
        connection.close()
        return None

    return attempt


@dataclass(frozen=True)
class Case:
    """A driver's way of connecting, and what becomes of it under each attack."""

    connect: Connect
    strip: Outcome
    impostor: Outcome


REFUSED, ACCEPTED = Outcome.REFUSED, Outcome.ACCEPTED
MYSQL = {
    "default": Case(by_pymysql(), ACCEPTED, ACCEPTED),
    "unverified": Case(by_pymysql({"x": "y"}), REFUSED, ACCEPTED),
    "verified": Case(by_pymysql({"ca": "ANCHORS"}), REFUSED, REFUSED),
}
POSTGRES = {
    f"{driver.__name__}-{name}": Case(by_libpq(driver, query), *outcomes)
    for driver in (psycopg2, psycopg)
    for name, query, outcomes in (
        ("prefer", "sslmode=prefer&channel_binding=disable", (ACCEPTED, ACCEPTED)),
        ("require", "sslmode=require&channel_binding=disable", (REFUSED, ACCEPTED)),
        ("verify-full", "sslmode=verify-full&sslrootcert=ANCHORS", (REFUSED, REFUSED)),
    )
}


def relay_to(server: Server) -> Relay:
    return Relay(TcpEndpoint("127.0.0.1", 0), server.endpoint, Record())


def impostor(wire: Wire) -> Impostor:
    mallory = Authority.create("Mallory", lambda: datetime.now(UTC))
    forged = mallory.issue(CertificateRequest(("127.0.0.1", "localhost"), timedelta(days=1)))
    return Impostor(wire, forged.chain_pem, forged.key_pem)


def met(server: Server, wire: Wire, connect: Connect, behaviour: Behaviour) -> Ordeal:
    with relay_to(server) as relay:
        return attack("test", relay, wire, behaviour, spoken(connect, server, relay))


def judged(ordeal: Ordeal, expected: Outcome) -> None:
    """An accepted attack reads the secret, a refused one reads nothing but perhaps a user's name."""
    assert (ordeal.outcome, bool(ordeal.error)) == (expected, expected is REFUSED), ordeal.error
    read = [item for item in ordeal.exposed if SECRET in item.value.reveal()]
    assert bool(read) == (expected is ACCEPTED)
    if expected is REFUSED:
        assert {item.kind for item in ordeal.exposed} <= {Kind.USER}


@pytest.mark.parametrize("case", MYSQL.values(), ids=MYSQL)
def test_mysql(mariadb: Server, case: Case) -> None:
    """A MariaDB that refuses plaintext, so that the stripped leg is encrypted towards the server."""
    judged(met(mariadb, Wire.MYSQL, case.connect, Strip(Wire.MYSQL)), case.strip)
    judged(met(mariadb, Wire.MYSQL, case.connect, impostor(Wire.MYSQL)), case.impostor)


@pytest.mark.parametrize("case", POSTGRES.values(), ids=POSTGRES)
def test_postgres(postgresql: Server, case: Case) -> None:
    """A PostgreSQL that refuses plaintext (`hostssl` alone), which protects nobody who dials it."""
    judged(met(postgresql, Wire.POSTGRES, case.connect, Strip(Wire.POSTGRES)), case.strip)
    judged(met(postgresql, Wire.POSTGRES, case.connect, impostor(Wire.POSTGRES)), case.impostor)


def test_strip_before_a_server_without_tls(exposed_mariadb: Server, exposed_postgresql: Server) -> None:
    """There is nothing to strip, and everything to read."""
    judged(met(exposed_mariadb, Wire.MYSQL, by_pymysql(), Strip(Wire.MYSQL)), ACCEPTED)
    prefer = by_libpq(psycopg2, "sslmode=prefer")
    judged(met(exposed_postgresql, Wire.POSTGRES, prefer, Strip(Wire.POSTGRES)), ACCEPTED)


@pytest.mark.parametrize(
    ("case", "wire"), [(MYSQL["verified"], Wire.MYSQL), (POSTGRES["psycopg2-verify-full"], Wire.POSTGRES)]
)
def test_an_eavesdropper_is_no_obstacle(mariadb: Server, postgresql: Server, case: Case, wire: Wire) -> None:
    """A verified connection works through a relay that only records, and the relay reads nothing."""
    ordeal = met(mariadb if wire is Wire.MYSQL else postgresql, wire, case.connect, Record())
    assert (ordeal.outcome, ordeal.exposed) == (ACCEPTED, ())
