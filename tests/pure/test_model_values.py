"""Endpoints, locations, secrets and validities."""

import copy
import pickle
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.endpoint import Locality, TcpEndpoint, UnixEndpoint, parse_host_port, port_of
from everyhop.model.hop import Hop, Topology
from everyhop.model.location import Location
from everyhop.model.secret import Secret, masked
from everyhop.model.validity import Validity
from everyhop.model.wire import Wire


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("db.internal:5432", TcpEndpoint("db.internal", 5432)),
        ("[::1]:5432", TcpEndpoint("::1", 5432)),
        ("::1", TcpEndpoint("::1", 1)),
        ("[fe80::1]", TcpEndpoint("fe80::1", 1)),
        ("db", TcpEndpoint("db", 1)),
    ],
)
def test_host_and_port(text: str, endpoint: TcpEndpoint) -> None:
    """Names, addresses and brackets are read, and shown as they are written."""
    assert parse_host_port(text, 1) == endpoint


@pytest.mark.parametrize(
    "text", ["", ":5432", "db:", "db:0", "db:65536", "db:port", "db:\uff11", "[::1", "[::1]x", "a b:1", "u@h:1"]
)
def test_no_host_and_port(text: str) -> None:
    """What is no endpoint is refused in words."""
    with pytest.raises(ValueError, match=r"port|host|bracket"):
        parse_host_port(text)


@pytest.mark.parametrize(
    ("written", "port"),
    [(5432, 5432), ("5432", 5432), ("05432", 5432), (0, None), ("65536", None), ("000001000000", None), ("x", None)],
)
def test_a_port(written: object, port: int | None) -> None:
    """A number or its digits; more digits than a port has are none, however they begin."""
    assert port_of(written) == port


@given(st.text(max_size=60))
def test_any_text_is_a_location_or_an_error(text: str) -> None:
    """Nothing else happens, whatever is typed."""
    with suppress(ValueError):
        location = Location.parse(text)
        assert Location.parse(str(location)) == location


def test_a_location_has_no_password() -> None:
    """A probe never authenticates, so a password given to it is refused, and not repeated."""
    with pytest.raises(ValueError, match="no user name") as caught:
        Location.parse("postgresql://app:hunter2@db:5432")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "locality"),
    [
        ("127.0.0.1", Locality.LOOPBACK),
        ("127.8.9.10", Locality.LOOPBACK),
        ("::1", Locality.LOOPBACK),
        ("LOCALHOST.", Locality.LOOPBACK),
        ("0.0.0.0", Locality.NETWORK),  # noqa: S104 - read, not bound
        ("localhost.example.org", Locality.NETWORK),
        ("127.0.0.1.example.org", Locality.NETWORK),
        ("10.0.0.1", Locality.NETWORK),
    ],
)
def test_locality(host: str, locality: Locality) -> None:
    """Only what cannot leave the machine is local."""
    assert TcpEndpoint(host, 1).locality is locality


def test_a_hop_is_found_by_its_endpoint() -> None:
    """Host names compare without case and trailing dot, and the wire counts."""
    hop = Hop("db", "app", "postgresql", Wire.POSTGRES, TcpEndpoint("DB.internal.", 5432))
    topology = Topology((hop,))
    assert topology.at(TcpEndpoint("db.internal", 5432), Wire.POSTGRES) is hop
    assert topology.at(TcpEndpoint("db.internal", 5432), Wire.MYSQL) is None
    assert topology.at(UnixEndpoint("/db"), Wire.POSTGRES) is None
    assert Topology((Hop("db", "app", "db", Wire.POSTGRES, None),)).at(None, Wire.POSTGRES) is None


def test_a_secret_is_not_shown() -> None:
    """By no way in which a value gets into a log."""
    secret = Secret("hunter2")
    shown = [str(secret), repr(secret), f"{secret}", "%s" % secret, f"{[secret]!r}", f"{secret!r:>20}"]  # noqa: UP031
    assert not any("hunter2" in text for text in shown)
    assert secret.reveal() == "hunter2"
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            write(secret)


@given(st.text(alphabet=st.characters(exclude_categories=["Z", "C"], exclude_characters="*"), min_size=3, max_size=20))
def test_masked_urls_hide_any_password(password: str) -> None:
    """Also one with `@`, `/` or `:` in it, which no parser accepts and people write all the same."""
    shown = masked(f"mysql+pymysql://app:{password}@db.internal:3306/app?charset=utf8")
    assert shown == "mysql+pymysql://app:***@db.internal:3306/app?charset=utf8"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("host=db password=hunter2 sslmode=require", "host=db password=*** sslmode=require"),
        ("connect(host='db', password='hun ter2', user='u')", "connect(host='db', password=***, user='u')"),
        ('{"password": "hunter2", "user": "u"}', '{"password": ***, "user": "u"}'),
        ("postgresql://db/app?user=u&password=hunter2&x=1", "postgresql://db/app?user=u&password=***&x=1"),
        ("DB_PASSWORD=hunter2 MYSQL_PWD=hunter2", "DB_PASSWORD=*** MYSQL_PWD=***"),
        ("SECRET_KEY: 'hun ter2'", "SECRET_KEY: ***"),
        ("os.environ.get('DB_PASSWORD', 'hunter2')", "os.environ.get('DB_PASSWORD', ***)"),
        ("password=hun;ter,2'x sslmode=require", "password=*** sslmode=require"),
        ("connect(passwd=b'hunter2',ssl=None)", "connect(passwd=***,ssl=None)"),
        ("connect(passwd=PW,ssl=None)", "connect(passwd=***,ssl=None)"),
        ("password='hun''ter2' x=1", "password=*** x=1"),
        ("ALTER USER u IDENTIFIED BY 'hunter2';", "ALTER USER u IDENTIFIED BY ***;"),
        ("CREATE ROLE r LOGIN PASSWORD 'hunter2'", "CREATE ROLE r LOGIN PASSWORD ***"),
        ("mysql --password hunter2 -u r", "mysql --password *** -u r"),
        ("password_encryption = scram-sha-256", "password_encryption = scram-sha-256"),
        ("mysql://app:hun ter2@db/app", "mysql://app:***@db/app"),
        ("mysql://us@corp:hunter2@db/app", "mysql://us@corp:***@db/app"),
        ("mysql://u/r:hunter2@db/app", "mysql://u/r:***@db/app"),
        ("${SCHEME}://app:hunter2@db/app", "${SCHEME}://app:***@db/app"),
        ("https://example.org/x,mysql://u:hunter2@db/app", "https://example.org/x,mysql://u:***@db/app"),
        ("mysql://db:3306/app and me@example.org", "mysql://db:3306/app and me@example.org"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
        ("see https://example.org and write to me@example.org", "see https://example.org and write to me@example.org"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """Every way in which a password is written next to its name; and what has none stays as it is."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    "piece",
    ["a", "a://b:", "a://b:c ", "http://a/", "password", "password='\\'", "password=;", ";a", "identified by ", "''"],
)
def test_masking_takes_a_moment_whatever_the_text(piece: str) -> None:
    """Text comes from files and servers of anybody: twice as much of it takes twice as long, not four times."""
    began = time.process_time()
    masked(piece * (400_000 // len(piece)))
    assert time.process_time() - began < 5  # measured: 0.3; what was quadratic took minutes


def test_validity() -> None:
    """Both ends count, and a time without an offset does not exist."""
    start = datetime(2026, 11, 22, tzinfo=UTC)
    validity = Validity(start, start + timedelta(days=90, seconds=-1))
    assert validity.lifetime() == timedelta(days=90)
    assert validity.contains(validity.not_before)
    assert validity.contains(validity.not_after)
    assert not validity.contains(start - timedelta(seconds=1))
    assert validity.share_left(start) > 0.99
    assert validity.share_left(validity.not_after + timedelta(days=1)) == 0
    with pytest.raises(ValueError, match="offset"):
        Validity(datetime(2026, 1, 1), datetime(2026, 2, 1))  # noqa: DTZ001 - that is what is refused
