"""The shared ledger in real databases, over verified TLS: one chain, whoever writes, and no attacker in between."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest
from sqlalchemy import text

import everyhop
from everyhop.drill.behaviour import Impostor, Strip
from everyhop.drill.relay import Relay
from everyhop.errors import LineageError, SettingsError, ToolError
from everyhop.lab.server import Server
from everyhop.lineage.ledger.chain import Broken, Intact, Witness
from everyhop.lineage.ledger.event import from_text
from everyhop.lineage.ledger.shared import SharedLedger
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.wire import Wire
from tests.certificates import good, new_authority
from tests.ledgers import event

PASSWORD = "the password that nobody must read"
DRIVERS = ["psycopg", "psycopg2", "pg8000", "pymysql"]


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(driver: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The one that the driver is for, afterwards without a ledger."""
    found = request.getfixturevalue("mariadb" if driver == "pymysql" else "postgresql")
    assert isinstance(found, Server)
    yield found
    engine = everyhop.secure_engine(url(found, driver), anchors=found.anchors)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS everyhop_ledger"))
    engine.dispose()
    with warnings.catch_warnings():  # what drivers leave of refused connections is theirs
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def url(server: Server, driver: str, at: TcpEndpoint | None = None) -> str:
    product = "mysql" if driver == "pymysql" else "postgresql"
    written = server.url_with("", host="localhost", port=at.port if at else None).reveal()
    return f"{product}+{driver}://{written.partition('://')[2]}"


def opened(server: Server, driver: str) -> SharedLedger:
    return SharedLedger.open(url(server, driver), anchors=server.anchors)


def test_entries_are_kept_and_found_again(server: Server, driver: str) -> None:
    """By another client, too; a witness stays good while the ledger grows."""
    with opened(server, driver) as ledger:
        assert ledger.verify() == Intact(0, None, None)
        rows = [ledger.append(event(number)) for number in range(3)]
    with opened(server, driver) as ledger:
        assert list(ledger.rows()) == rows
        witness = Witness(3, rows[-1].digest)
        assert ledger.verify() == Intact(3, witness, None)
        ledger.append(event(3))
        found = ledger.verify(witness)
        assert isinstance(found, Intact)
        assert (found.count, found.witnessed) == (4, witness)
        assert [from_text(row.text, ledger.path) for row in ledger.rows()] == [event(number) for number in range(4)]


APPENDING = """
import sys
sys.path[:0] = {path!r}
from everyhop.lineage.ledger.shared import SharedLedger
from tests.ledgers import event
with SharedLedger.open(sys.stdin.readline().strip(), anchors=sys.argv[1]) as ledger:
    for number in range(15):
        ledger.append(event(number))
"""


def test_clients_that_write_at_once_make_one_chain(server: Server, driver: str) -> None:
    """Also where none of them has made the table before: no number is given twice, and none is left out."""
    command = [sys.executable, "-W", "ignore", "-c", APPENDING.format(path=sys.path), str(server.anchors)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        process.communicate(url(server, driver) + "\n")
    assert [process.returncode for process in processes] == [0, 0, 0]
    with opened(server, driver) as ledger:
        found = ledger.verify()
    assert isinstance(found, Intact)
    assert found.count == 45


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE everyhop_ledger SET text = replace(text, 'root', 'eve') WHERE number = 2", 2),
        ("DELETE FROM everyhop_ledger WHERE number = 2", 2),
    ],
)
@pytest.mark.parametrize("driver", ["psycopg", "pymysql"], indirect=True)
def test_what_the_databases_administrator_does_is_named(
    server: Server, driver: str, statement: str, number: int
) -> None:
    """And what is cut off, by a witness."""
    with opened(server, driver) as ledger:
        rows = [ledger.append(event(count)) for count in range(4)]
        engine = everyhop.secure_engine(url(server, driver), anchors=server.anchors)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM everyhop_ledger WHERE number = 4"))
        assert isinstance(ledger.verify(), Intact)
        cut = ledger.verify(Witness(4, rows[-1].digest))
        assert isinstance(cut, Broken)
        assert "cut off" in cut.reason
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()
        found = ledger.verify()
    assert isinstance(found, Broken)
    assert found.number == number


def test_an_attacker_in_between_gets_nothing(server: Server, driver: str) -> None:
    """One without TLS, and one with a stranger's certificate: refused, and no password is in the error."""
    wire = Wire.MYSQL if driver == "pymysql" else Wire.POSTGRES
    forged = good(new_authority("Stranger"), "localhost")
    for behaviour in (Strip(wire), Impostor(wire, forged.chain_pem, forged.key_pem)):
        with Relay(TcpEndpoint("127.0.0.1", 0), server.endpoint, behaviour) as relay:
            with pytest.raises(LineageError, match="shared ledger cannot be used") as told:
                SharedLedger.open(url(server, driver, relay.endpoint), anchors=server.anchors)
            assert server.login is not None
            assert server.login.password.reveal() not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize("wrong", ["sqlite:///ledger.sqlite", "postgresql+psycopg://app@/x?host=/run", "nonsense"])
def test_what_cannot_be_verified_is_refused(postgresql: Server, wrong: str) -> None:
    """A file has a ledger of its own; a socket leaves no machine."""
    with pytest.raises(SettingsError):
        SharedLedger.open(wrong, anchors=postgresql.anchors)


def test_a_missing_extra_is_told_with_what_to_install(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy is loaded only here."""
    monkeypatch.setattr("everyhop.runtime.secure.find_spec", lambda _name: None)
    with pytest.raises(ToolError, match="SQLAlchemy is not installed") as told:
        SharedLedger.open("postgresql+psycopg://app@db/app", anchors=postgresql.anchors)
    assert "pip install" in (told.value.hint or "")
