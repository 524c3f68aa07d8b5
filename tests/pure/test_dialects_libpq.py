"""psycopg and psycopg2: what libpq makes of `sslmode` and its neighbours, in both directions."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import psycopg2.extensions
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import pq
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.libpq.options import given as given_options
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer

BASE = "postgresql+psycopg2://app:pw@db.internal/app"
MAXIMUM = "refused-option:ssl_max_protocol_version"


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


# Spelling → assurance, build of libpq, a note that must be there: from the measurements, whose traps the numbers are.
SPELLINGS = [
    ("", "opportunistic", None, "home-root-file"),
    ("?sslmode=disable", "plaintext", None, "clear-password"),
    ("?sslmode=allow", "plaintext", None, "clear-password"),  # 2
    ("?sslmode=prefer", "opportunistic", None, "clear-password"),
    ("?sslrootcert=/ca.pem", "opportunistic", None, "rootcert-fallback"),  # 1
    ("?sslmode=prefer&sslrootcert=/ca.pem", "opportunistic", None, "rootcert-fallback"),  # 1
    ("?sslmode=require", "encrypted", None, "clear-password"),  # 3
    ("?sslmode=require&sslrootcert=/ca.pem", "verify-ca", None, "file-assumed:/ca.pem"),  # 4
    ("?sslmode=verify-ca&sslrootcert=/ca.pem", "verify-ca", None, "file-assumed:/ca.pem"),
    ("?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full", None, "file-assumed:/ca.pem"),
    ("?sslmode=verify-full", "verify-full", None, "root-file-needed"),
    ("?sslrootcert=system", "opportunistic", "15.8", "system-is-a-file"),  # 5
    ("?sslmode=require&sslrootcert=system", "encrypted", "15.8", "system-is-a-file"),  # 5
    ("?sslrootcert=system", "verify-full", "16", "system-anchors"),  # 5
    ("?sslrootcert=system", "verify-full", "18.1", "wheel-anchors"),  # 5
    ("?sslrootcert=system", "opportunistic…verify-full", None, "system-is-a-file"),  # 5: an unknown build is no guess
    ("?sslmode=require&sslrootcert=system", "encrypted", "18", "refused-option:sslrootcert:OperationalError"),
    ("?channel_binding=require", "encrypted", None, "channel-bound"),  # 3
    ("?sslmode=require&channel_binding=require", "encrypted", None, "channel-bound"),  # 3
    ("?sslmode=disable&channel_binding=require", "plaintext", None, "refused-option:channel_binding:OperationalError"),
    ("?sslmode=require&sslnegotiation=direct", "encrypted", "17", "home-root-file"),  # 10
    (
        "?sslmode=require&sslnegotiation=direct",
        "encrypted",
        "15",
        "refused-option:sslnegotiation:ProgrammingError",
    ),  # 10
    ("?sslmode=require&sslnegotiation=direct", "encrypted", None, "needs-libpq:17"),  # 10
    ("?sslnegotiation=direct", "opportunistic", "17", "refused-option:sslnegotiation:OperationalError"),  # 10
    ("?sslmode=verify-full&sslrootcert=/ca.pem&hostaddr=10.0.0.5", "verify-full", None, "file-assumed:/ca.pem"),  # 6
    ("?sslmode=verify_full", "opportunistic", None, "refused-option:sslmode:OperationalError"),
    ("?sslmode=REQUIRE", "opportunistic", None, "refused-option:sslmode:OperationalError"),
    ("?ssl_ca=/ca.pem", "opportunistic", None, "refused-option:ssl_ca:ProgrammingError"),
    ("?ssl=true", "opportunistic", None, "refused-option:ssl:ProgrammingError"),  # 8: asyncpg's spelling
    ("?sslmod=verify-full", "opportunistic", None, "refused-option:sslmod:ProgrammingError"),
    ("?service=app", "plaintext…verify-full", None, "service-file"),
    ("?sslmode=require&service=app", "encrypted…verify-ca", None, "service-file"),
    ("?sslmode=require&sslkeylogfile=/k", "encrypted", "18", "key-log"),
    ("?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full", None, "cn-fallback"),
    ("?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full", None, "clear-password"),
    ("?sslmode=verify-full&sslmode=disable", "opportunistic", None, "refused-option:sslmode:OperationalError"),
    ("?requiressl=1", "encrypted", None, "home-root-file"),
    ("?sslmode=verify-full&requiressl=0", "opportunistic", None, "home-root-file"),  # the last of the two decides
    ("?gssencmode=require", "plaintext…verify-full", None, "gss-encryption"),
    ("?sslmode=verify-full&sslrootcert=/ca.pem&gssencmode=require", "plaintext…verify-full", None, "gss-encryption"),
    ("?gssencmode=REQUIRE", "opportunistic", None, "refused-option:gssencmode:OperationalError"),
    ("?sslcertmode=maybe", "opportunistic", "17", "refused-option:sslcertmode:OperationalError"),
    ("?channel_binding=on", "opportunistic", None, "refused-option:channel_binding:OperationalError"),
    ("?require_auth=scram", "opportunistic", "16", "refused-option:require_auth:OperationalError"),
    ("?require_auth=!password,md5", "opportunistic", "16", "refused-option:require_auth:OperationalError"),
    ("?require_auth=scram-sha-256", "opportunistic", "15", "refused-option:require_auth:ProgrammingError"),
    ("?sslmode=require&ssl_max_protocol_version=TLSv1.1", "encrypted", None, f"{MAXIMUM}:OperationalError"),
    ("?sslmode=require&ssl_max_protocol_version=none", "encrypted", None, f"{MAXIMUM}:OperationalError"),
    ("?database=x", "opportunistic", None, "refused-option:database:TypeError"),  # SQLAlchemy's is called dbname
    ("?database=x&dbname=y", "opportunistic", None, "refused-option:database:TypeError"),
    ("?host=a:1&host=b:2&port=3", "opportunistic", None, "refused-option:port:ArgumentError"),
    ("?host=a,b&port=3", "opportunistic", None, "refused-option:port:ArgumentError"),
    ("?servicefile=/s&service=a", "plaintext…verify-full", None, "service-file"),
    (f"?sslmode={PLACEHOLDER}", "plaintext…verify-full", None, "clear-password"),
    (f"?sslmode=verify-full&hostaddr=10.0.0.5&host={PLACEHOLDER}", "verify-full", None, "root-file-needed"),
    (f"?sslmode=require&sslrootcert={PLACEHOLDER}", "encrypted…verify-ca", None, "clear-password"),
    (f"?sslmode=verify-full&sslrootcert={PLACEHOLDER}", "verify-full", None, "root-file-needed"),
]


@pytest.mark.parametrize(("query", "expected", "build", "note"), SPELLINGS)
def test_a_spelling_means_what_was_measured(query: str, expected: str, build: str | None, note: str) -> None:
    """The table of the measurements, with a sentence and a known note each."""
    dialer = registry.read(BASE + query, build=build)
    assert bounds_words(dialer) == expected
    assert note in dialer.notes
    assert dialer.why
    assert all(notes.known(word) for word in dialer.notes)


@pytest.mark.parametrize(
    "query",
    [
        "?sslmode=verify-full&sslrootcert=/ca.pem&require_auth=scram-sha-256",
        "?sslmode=verify-full&sslrootcert=/ca.pem&channel_binding=require&gssencmode=prefer",
        "?sslmode=require&sslrootcert=/ca.pem&ssl_max_protocol_version=TLSv1.2&require_auth=none,scram-sha-256",
        "?sslmode=require&host=a,b&port=3,4&target_session_attrs=any&require_auth=!password,!md5",
        "?sslmode=require&host=a:3&host=b:4&sslcertmode=allow&sslnegotiation=postgres&require_auth=gss",
    ],
)
def test_nothing_is_refused_and_no_password_given(query: str) -> None:
    """The twins that stay silent."""
    dialer = registry.read(BASE + query, build="18")
    assert not [note for note in dialer.notes if note.startswith(("refused-option", "clear-password", "needs-libpq"))]


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "psycopg2cffi"])
def test_every_driver_on_libpq_reads_the_same(driver: str) -> None:
    """They hand their options on as they are."""
    dialer = registry.read(f"postgresql+{driver}://u@h/d?sslmode=require&sslrootcert=/ca")
    assert (dialer.driver, bounds_words(dialer)) == (driver, "verify-ca")


@pytest.mark.parametrize(
    ("query", "environment", "connect_args", "expected"),
    [
        ("", {"PGSSLMODE": "require"}, {}, "encrypted"),
        ("", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca"}, {}, "verify-full"),
        ("?sslmode=prefer", {"PGSSLMODE": "verify-full"}, {}, "opportunistic"),  # trap 7
        ("?sslmode=require", {"PGSSLROOTCERT": "/ca"}, {}, "verify-ca"),
        ("?sslmode=disable", {}, {"sslmode": "require"}, "encrypted"),
        ("?sslmode=verify-full&sslrootcert=/ca", {}, {"sslmode": "prefer"}, "opportunistic"),
        ("?sslmode=require", {}, {"sslmode": None}, "opportunistic"),  # it takes the URL's place, and then is left out
        ("", {"PGREQUIRESSL": "1"}, {}, "encrypted"),
        ("", {"PGCHANNELBINDING": "require"}, {}, "encrypted"),
        ("", {"PGSERVICE": "app"}, {}, "plaintext…verify-full"),
        ("", {"PGGSSENCMODE": "require"}, {}, "plaintext…verify-full"),
        ("", {}, {"dsn": "host=h sslmode=require"}, "encrypted"),
        ("?sslmode=disable", {}, {"dsn": "host=h sslmode=require"}, "plaintext"),
        ("", {}, {"dsn": "postgres://h/x?ssl=true"}, "encrypted"),
        ("", {}, {"dsn": UNRESOLVED}, "plaintext…verify-full"),
        ("", {}, {"sslmode": UNRESOLVED}, "plaintext…verify-full"),
        ("", {}, {ANY_OPTION: UNRESOLVED}, "plaintext…verify-full"),
    ],
)
def test_a_call_beats_the_url_and_the_url_beats_the_environment(
    query: str, environment: Mapping[str, str], connect_args: Mapping[str, object], expected: str
) -> None:
    """SQLAlchemy's union, and libpq's fallback to PG… variables."""
    assert bounds_words(registry.read(BASE + query, environment=environment, connect_args=connect_args)) == expected


@pytest.mark.parametrize(
    ("query", "floor"),
    [
        ("?sslmode=require", Floor.TLS_1_2),
        ("?sslmode=require&ssl_min_protocol_version=TLSv1.3", Floor.TLS_1_3),
        ("?sslmode=require&ssl_min_protocol_version=tlsv1", Floor.TLS_1_0),
        ("?sslmode=require&ssl_min_protocol_version=TLSv1.0", Floor.TLS_1_2),  # refused: the word is TLSv1
        ("?sslmode=disable", Floor.NONE),
    ],
)
def test_the_floor_is_read(query: str, floor: Floor) -> None:
    """`ssl_min_protocol_version`, TLS 1.2 by default, none without TLS."""
    assert registry.read(BASE + query).bounds.low.floor is floor


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@db.internal/x", TcpEndpoint("db.internal", 5432)),
        ("postgresql://u@[::1]:5433/x", TcpEndpoint("::1", 5433)),
        ("postgresql:///x", UnixEndpoint("/var/run/postgresql/.s.PGSQL.5432")),
        ("postgresql://u@:5433/x?host=/run/pg", UnixEndpoint("/run/pg/.s.PGSQL.5433")),
        ("host=/run/pg port=5433", UnixEndpoint("/run/pg/.s.PGSQL.5433")),
        ("host=db hostaddr=10.0.0.5", TcpEndpoint("db", 5432)),
        ("host=localhost hostaddr=10.0.0.5", TcpEndpoint("10.0.0.5", 5432)),
        ("postgresql://127.0.0.1:1,db.internal:2/x", TcpEndpoint("db.internal", 2)),
        ("postgresql://u@/x?host=127.0.0.1:1&host=db.internal:2", TcpEndpoint("db.internal", 2)),
        ("postgresql://u@/x?host=db.internal:2", TcpEndpoint("db.internal", 2)),
        ("postgresql+psycopg://u@:6000/x?host=a,b", TcpEndpoint("a", 5432)),  # SQLAlchemy loses the port on the way
        ("postgresql+psycopg://u@:6000/x?host=a", TcpEndpoint("a", 6000)),
        ("postgresql+psycopg://u@h:1/x?host=/run/pg", UnixEndpoint("/run/pg/.s.PGSQL.1")),
        ("postgres://%2Frun%2Fpg/x", UnixEndpoint("/run/pg/.s.PGSQL.5432")),
        ("postgres://h/x?host=/run/pg", UnixEndpoint("/run/pg/.s.PGSQL.5432")),
        ("postgres://h:1,g/x?port=5", TcpEndpoint("h", 5)),
        ("host=/run/pg,db.internal", TcpEndpoint("db.internal", 5432)),
        ("host=@abstract", UnixEndpoint("@abstract/.s.PGSQL.5432")),
        ("host=/run/pg hostaddr=10.0.0.5", TcpEndpoint("/run/pg", 5432)),
        ("host=db port=99999", None),
        ("service=app", None),
        ("service=app host=db", TcpEndpoint("db", 5432)),
        (f"postgresql://u@{PLACEHOLDER}/x", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """Of several hosts the farthest, since policy asks whether a hop leaves the machine."""
    assert registry.resolve(url).endpoint == expected


def test_a_unix_socket_never_carries_tls() -> None:
    """Trap 6: sslmode has no effect there."""
    dialer = registry.read("postgresql:///x?host=/run/pg&sslmode=verify-full&sslrootcert=/ca")
    assert bounds_words(dialer) == "plaintext"
    assert not [note for note in dialer.notes if note.startswith("refused-option")]


@pytest.mark.parametrize("option", ["sslmode=REQUIRE", "channel_binding=require", "sslcertmode=require", "sslmod=x"])
def test_on_a_unix_socket_an_option_may_still_be_refused(option: str) -> None:
    """What is wrong with an option is wrong there as well; what insists on TLS in its own way finds none."""
    dialer = registry.read(f"postgresql:///x?host=/run/pg&{option}", build="18")
    assert bounds_words(dialer) == "plaintext"
    assert [note for note in dialer.notes if note.startswith(f"refused-option:{option.partition('=')[0]}:")]


def test_hostaddr_alone_has_no_name_to_verify() -> None:
    """Trap 6: libpq refuses verify-full without a host name."""
    dialer = registry.read("hostaddr=10.0.0.5 sslmode=verify-full sslrootcert=/ca")
    assert "refused-option:hostaddr:OperationalError" in dialer.notes


@pytest.mark.parametrize(
    ("methods", "gives"), [("scram-sha-256", False), ("!password", False), ("password,md5", True), ("!md5", True)]
)
def test_require_auth_decides_over_the_password(methods: str, gives: bool) -> None:  # noqa: FBT001
    """Trap 3: a server that asks for the password in clear gets it, unless the method is refused."""
    dialer = registry.read(f"{BASE}?sslmode=require&require_auth={methods}", build="18")
    assert ("clear-password" in dialer.notes) is gives


def test_a_client_certificate_is_optional_or_insisted_on() -> None:
    """`sslcert` shows one if asked, `sslcertmode=require` insists, `disable` shows none."""
    seen = [
        registry.read(f"{BASE}?sslmode=require&sslcert=/c&sslkey=/k{more}", build="16").bounds.low.client_auth
        for more in ("", "&sslcertmode=require", "&sslcertmode=disable")
    ]
    assert seen == [ClientAuth.OPTIONAL, ClientAuth.REQUIRED, ClientAuth.ABSENT]


def test_libpqs_own_url_knows_ssl_true() -> None:
    """A courtesy to JDBC that only libpq's parser has: through SQLAlchemy the same option is refused."""
    assert bounds_words(registry.read("postgres://u@h/x?ssl=true")) == "encrypted"


# What libpq says before it dials is no guess: hold the notes against it.
VALUES = {
    "sslmode": ["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full", "verify_full", "REQUIRE"],
    "sslrootcert": ["", "system", "/nonexistent/ca.pem"],
    "sslnegotiation": ["", "direct", "postgres", "requiredirect"],
    "channel_binding": ["", "prefer", "disable", "yes"],
    "gssencmode": ["", "disable", "prefer", "on"],
    "sslcertmode": ["", "disable", "allow", "Require"],
    "require_auth": ["", "scram-sha-256", "!password", "none,md5", "!md5,scram-sha-256", "md5,md5", "scram", "md5,"],
    "ssl_min_protocol_version": ["", "TLSv1", "TLSv1.0", "tlsv1.3", "TLSv1.2"],
    "ssl_max_protocol_version": ["", "TLSv1.1", "TLSV1.3", "SSLv3"],
    "requiressl": ["0", "1"],
    "ssl_ca": ["/ca"],
    "sslmod": ["require"],
    "application_name": ["x"],
    "port": ["", "5432", "1,2"],
}
OPTIONS = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(OPTIONS, st.sampled_from(["psycopg", "psycopg2"]))
def test_libpq_refuses_what_is_noted_as_refused(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], driver: str
) -> None:
    """The real libpq, asked with a socket that is not there: either the options are at fault, or the socket is."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    connect, error, build = CONNECT[driver]
    with pytest.raises(error) as caught:
        connect(**{"host": "/nonexistent", **options})
    refused = "/nonexistent" not in str(caught.value)
    for host in ("db", "/nonexistent"):
        read = registry.read(registry.from_keywords(driver, {"host": host, **options}, build=str(build // 10000)))
        noted = {note.split(":")[2] for note in read.notes if note.startswith("refused-option:")}
        assert refused is bool(noted)
        assert not refused or type(caught.value).__name__ in noted


CONNECT: Mapping[str, tuple[Callable[..., object], type[Exception], int]] = {
    "psycopg": (psycopg.connect, psycopg.Error, pq.version()),
    "psycopg2": (psycopg2.connect, psycopg2.Error, psycopg2.extensions.libpq_version()),
}


def test_every_option_of_the_real_libpq_is_known() -> None:
    """None of the installed libpq's options counts as another driver's."""
    names = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    known = registry.from_keywords("psycopg", dict.fromkeys(names, "1"), build="18")
    refused = [note for note in registry.read(known).notes if note.startswith("refused-option:")]
    # Values are refused, no names:
    assert not [note for note in refused if note.endswith(":ProgrammingError")]


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)
QUERIES = st.dictionaries(
    st.sampled_from(
        [
            *("sslmode", "sslrootcert", "ssl_min_protocol_version", "channel_binding", "sslnegotiation"),
            *("ssl_ca", "sslcert", "sslmod", "application_name"),
        ]
    ),
    st.sampled_from(
        ["disable", "prefer", "require", "verify-full", "system", "/old.pem", "direct", "TLSv1", "x y&z=ü"]
    ),
    max_size=4,
)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["PGSSLMODE", "PGSSLROOTCERT", "PGCHANNELBINDING", "PGSSLMINPROTOCOLVERSION", "PGSSLNEGOTIATION"]),
    st.sampled_from(["disable", "require", "verify-full", "/old.pem", "TLSv1.3", "direct"]),
    max_size=3,
)


@given(
    POSTURES,
    QUERIES,
    QUERIES,
    ENVIRONMENTS,
    st.sampled_from(["/etc/ssl/lab ca.pem", "system", "/c.pem"]),
    st.sampled_from([BASE, "host=db user=u", "postgres://u@h1,h2/x", "postgresql:///x?host=/run"]),
    st.none() | st.just(("/c.pem", "/k.pem")),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    connect_args: dict[str, object],
    environment: dict[str, str],
    anchors: str,
    base: str,
    pair: tuple[str, str] | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    source = registry.resolve(base, connect_args=connect_args, environment=environment)
    assert source.dsn is not None
    known = registry.resolve(source.dsn.with_options(dict(query)), connect_args=connect_args, environment=environment)
    try:
        spelling = registry.write(known, posture, anchors, pair)
    except SettingsError:
        return
    assert spelling.url is not None
    again = registry.read(spelling.url, connect_args=spelling.connect_args, environment=spelling.environment)
    got = again.bounds.settled
    assert got is not None
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= posture.client_auth or posture.assurance is Assurance.PLAINTEXT
    assert spelling.url.option("application_name") == known.dsn.option("application_name")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "?sslmode=verify-full&sslrootcert=/ca.pem"),
        ("?sslmode=prefer&application_name=x", "?sslmode=verify-full&application_name=x&sslrootcert=/ca.pem"),
        ("?sslrootcert=/old&sslmode=require", "?sslrootcert=/ca.pem&sslmode=verify-full"),
        ("?ssl_ca=/ca.pem", "?sslmode=verify-full&sslrootcert=/ca.pem"),
        ("?sslmode=verify-full&sslrootcert=/ca.pem", "?sslmode=verify-full&sslrootcert=/ca.pem"),
    ],
)
def test_the_secure_spelling_changes_no_more_than_it_must(before: str, after: str) -> None:
    """Options in their places, others left alone, another driver's spelling gone."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    spelling = registry.write(registry.resolve(BASE + before), posture, "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == BASE + after
    assert spelling.connect_args == {}


HOSTS = st.sampled_from(["a", "a:1", "a:", ":2", "/run/pg", "a,b", "a,b,", "[::1]:5", "::1", "a:x", "a_b:1", ""])
PORTS = st.sampled_from(["1", "1,2", "1,", ",", "x", ""])


@given(
    st.sampled_from(["", "h", "h:9", ":9", "h1,h2", "[::1]:9", "%2Frun%2Fpg"]),
    st.lists(HOSTS, max_size=2),
    st.lists(PORTS, max_size=2),
    st.lists(st.sampled_from(["require", "disable"]), max_size=2),
)
def test_sqlalchemy_hands_on_what_is_read(place: str, hosts: list[str], ports: list[str], modes: list[str]) -> None:
    """The real dialect's connect arguments are the options that this reading starts from."""
    queried = [("host", host) for host in hosts] + [("port", port) for port in ports] + [("sslmode", m) for m in modes]
    url = f"postgresql+psycopg2://{place}/x?{'&'.join(f'{key}={value}' for key, value in queried)}"
    known = registry.resolve(url)
    found = given_options(known)
    try:
        _, arguments = SQLALCHEMY.create_connect_args(make_url(url))
    except ArgumentError:
        assert "refused-option:port:ArgumentError" in found.notes
        return
    except ValueError:  # of several hosts, one that is an address with colons
        return
    assert "refused-option:port:ArgumentError" not in found.notes
    for name in ("host", "port", "sslmode"):
        told = arguments.get(name)
        assert str(found.options.get(name) or "") == ("" if told is None else str(told))


SQLALCHEMY: Any = create_engine("postgresql+psycopg2://").dialect


def test_direct_calls_are_read_as_well() -> None:
    """`psycopg.connect(host=…, sslmode=…)`: no URL at all, and none is written."""
    known = registry.from_keywords("psycopg", {"host": "db", "sslmode": "require"})
    assert bounds_words(registry.read(known)) == "encrypted"
    spelling = registry.write(known, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca")
    assert spelling.url is None
    assert spelling.connect_args == {"host": "db", "sslmode": "verify-full", "sslrootcert": "/ca"}


def test_unknown_stays_unknown() -> None:
    """Options known only at run time may say anything."""
    assert registry.read(BASE, connect_args={ANY_OPTION: UNRESOLVED}).bounds == UNKNOWN


# Service files.

SERVICES = """\
# ours
[other]
sslmode=disable
[app]
host=db.internal
sslmode=verify-full
sslrootcert=/ca.pem

[blank]
sslmode = require
[typo]
sslmod=require
[nested]
service=app
[directory]
ldap://ldap.internal/o=x
[app]
sslmode=disable
"""


@pytest.mark.parametrize(
    ("text", "environment", "expected", "note"),
    [
        ("service=app", {}, "verify-full", "file-assumed:/ca.pem"),
        ("service=app sslmode=require", {}, "verify-ca", "file-assumed:/ca.pem"),  # the call beats the file
        ("service=app", {"PGSSLMODE": "disable"}, "verify-full", "file-assumed:/ca.pem"),  # which beats the environment
        ("dbname=x", {"PGSERVICE": "app"}, "verify-full", "file-assumed:/ca.pem"),
        ("service=other host=db.internal", {}, "plaintext", "clear-password"),
        ("service=other", {"PGHOST": "db.internal"}, "plaintext", "clear-password"),
        ("service=blank host=h", {}, "opportunistic", "refused-option:service:OperationalError"),
        ("service=typo host=h", {}, "opportunistic", "refused-option:service:OperationalError"),
        ("service=nested host=h", {}, "opportunistic", "refused-option:service:OperationalError"),
        ("service=none host=h", {}, "plaintext…verify-full", "service-file"),  # the folder's own file may define it
        ("service=directory host=h", {}, "plaintext…verify-full", "service-file"),
        ("service=app", {"PGSERVICEFILE": "/elsewhere"}, "plaintext…verify-full", "service-file"),
    ],
)
def test_a_service_file_is_read(text: str, environment: dict[str, str], expected: str, note: str) -> None:
    """Under the call, over the environment; a file that was not handed in may say anything."""
    known = registry.resolve(
        text, driver="psycopg", environment=environment, files={"~/.pg_service.conf": SERVICES}, build="17"
    )
    dialer = registry.read(known)
    assert bounds_words(dialer) == expected
    assert note in dialer.notes


def test_the_files_of_a_service_are_named() -> None:
    """In libpq's order; without a service there is none to look into."""
    assert registry.files_named(registry.resolve(f"{BASE}?sslmode=require")) == ()
    known = registry.resolve(f"{BASE}?service=app", environment={"PGSYSCONFDIR": "/etc/pg"})
    assert registry.files_named(known) == ("~/.pg_service.conf", "/etc/pg/pg_service.conf")
    known = registry.resolve(BASE, environment={"PGSERVICE": "app", "PGSERVICEFILE": "/s"})
    assert registry.files_named(known)[0] == "/s"
    known = registry.from_keywords("psycopg", {"conninfo": "service=app"})
    assert registry.files_named(known)[0] == "~/.pg_service.conf"


def test_the_folders_own_file_comes_second() -> None:
    """What the user's own does not define; a service that neither defines is refused."""
    files = {"~/.pg_service.conf": "[other]", "/etc/postgresql-common/pg_service.conf": SERVICES}
    assert bounds_words(registry.read(registry.resolve("service=app", files=files))) == "verify-full"
    dialer = registry.read(registry.resolve("service=none host=h", files=files))
    assert "refused-option:service:OperationalError" in dialer.notes


@pytest.mark.parametrize("service", ["app", "blank", "typo", "nested", "none", "other"])
def test_the_real_libpq_reads_the_service_file_alike(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where it goes, or that it does not understand the file."""
    file = tmp_path / "services"
    text = SERVICES.replace("host=db.internal", "host=/nonexistent")
    file.write_text(text)
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(f"service={service} port=1")
    environment = {"PGSERVICEFILE": str(file), "PGSYSCONFDIR": str(tmp_path)}
    files = {str(file): text, f"{tmp_path}/pg_service.conf": ""}
    known = registry.resolve(f"service={service} port=1", environment=environment, files=files, driver="psycopg")
    refused = "refused-option:service:OperationalError" in registry.read(known).notes
    assert refused is ("service" in str(caught.value))
    if service == "app":
        assert known.endpoint == UnixEndpoint("/nonexistent/.s.PGSQL.1")
        assert "/nonexistent" in str(caught.value)


@pytest.mark.parametrize("section", ["sslmode=disable", "gssencmode=require", "ssl_max_protocol_version=TLSv1.1", ""])
@pytest.mark.parametrize("assurance", [Assurance.OPPORTUNISTIC, Assurance.CHAIN_VERIFIED, Assurance.IDENTITY_VERIFIED])
def test_what_is_written_beats_the_service_file(section: str, assurance: Assurance) -> None:
    """Leaving an option out is not enough there."""
    files = {"~/.pg_service.conf": f"[app]\nchannel_binding=require\nssl_min_protocol_version=TLSv1\n{section}"}
    known = registry.resolve(f"{BASE}?service=app", files=files)
    posture = Posture(assurance, Floor.TLS_1_2)
    spelling = registry.write(known, posture, "/ca.pem")
    assert spelling.url is not None
    again = registry.read(registry.resolve(spelling.url, files=files))
    assert again.bounds.settled == posture
    assert not [note for note in again.notes if note.startswith(("refused-option", "gss-encryption"))]


def test_encrypted_cannot_be_written_over_a_service_file_that_may_name_anchors() -> None:
    """Where it surely does not, it can."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
    with pytest.raises(SettingsError, match="trust anchors"):
        registry.write(registry.resolve(f"{BASE}?service=app"), posture, "/ca.pem")
    files = {"~/.pg_service.conf": "[app]"}
    assert registry.write(registry.resolve(f"{BASE}?service=app", files=files), posture, "/ca.pem").url is not None


# What verify-full leaves open.

VERIFIED = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)


@pytest.mark.parametrize(
    ("base", "build", "after"),
    [
        (BASE, "16", "&require_auth=scram-sha-256"),
        (BASE, "18.1", "&require_auth=scram-sha-256"),
        (BASE, "15.8", "&channel_binding=require"),
        (BASE, None, "&channel_binding=require"),
        ("cockroachdb://u@h/d", "16", "&require_auth=scram-sha-256"),
        ("cockroachdb://u@h/d", None, ""),  # its server speaks no channel binding
        (f"{BASE}?sslcert=/c&sslkey=/k", "16", "&require_auth=none,scram-sha-256"),
        (f"{BASE}?sslcert=/c&sslkey=/k", None, ""),  # a login by certificate alone has no channel binding
        (f"{BASE}?require_auth=gss", "16", ""),
        (f"{BASE}?channel_binding=require", "18", ""),
    ],
)
def test_a_password_in_clear_is_refused_where_libpq_can(base: str, build: str | None, after: str) -> None:
    """By `require_auth` from 16 on, by channel binding before; never both."""
    known = registry.resolve(base, build=build)
    spelling = registry.write(known, VERIFIED, "/ca.pem")
    assert spelling.url is not None
    hardened = registry.harden(known, spelling)
    assert hardened.url is not None
    assert hardened.url.revealed() == spelling.url.revealed() + after
    gives = "clear-password" in registry.read(hardened.url, build=build).notes
    assert gives is (not after and "require_auth" not in base and "channel_binding" not in base)


def test_the_systems_anchors_are_not_written_for_a_libpq_that_has_none() -> None:
    """Before 16 (Debian 12 has 15) it is a file's name; where the build is not known, the reading says so."""
    with pytest.raises(SettingsError, match="before libpq 16"):
        registry.write(registry.resolve(BASE, build="15.8"), VERIFIED, "system")
    for build in (None, "16"):
        spelling = registry.write(registry.resolve(BASE, build=build), VERIFIED, "system")
        assert spelling.url is not None
        assert spelling.url.option("sslrootcert") == "system"


def test_harden_raises_the_floor_and_stops_the_key_log() -> None:
    """Whatever the URL says about either."""
    query = "?ssl_min_protocol_version=TLSv1&sslkeylogfile=/k&require_auth=password"
    known = registry.resolve(BASE + query, build="18")
    low = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_0)
    hardened = registry.harden(known, registry.write(known, low, "/ca.pem"))
    assert hardened.url is not None
    dialer = registry.read(hardened.url, build="18")
    assert dialer.bounds.settled == VERIFIED
    assert set(dialer.notes) == {"file-assumed:/ca.pem", "cn-fallback"}


@given(
    QUERIES,
    QUERIES,
    ENVIRONMENTS,
    st.sampled_from([BASE, "host=db user=u", "postgres://u@h1,h2/x", "postgresql+psycopg://h/x", ""]),
    st.sampled_from([None, "15", "16", "18.1"]),
)
def test_what_is_hardened_is_still_verified(
    query: dict[str, str],
    connect_args: dict[str, object],
    environment: dict[str, str],
    base: str,
    build: str | None,
) -> None:
    """The law: `read(harden(write(verify-full)))` is verify-full, and has no note of what was closed."""
    if base:
        dsn = registry.resolve(base).dsn
        assert dsn is not None
        known = registry.resolve(
            dsn.with_options(dict(query)), connect_args=connect_args, environment=environment, build=build
        )
    else:
        known = registry.from_keywords("psycopg", {"host": "h"} | query | connect_args, environment=environment)
    hardened = registry.harden(known, registry.write(known, VERIFIED, "/ca.pem"))
    if hardened.url is None:
        again = registry.from_keywords("psycopg", hardened.connect_args, environment=hardened.environment)
    else:
        again = registry.resolve(
            hardened.url, connect_args=hardened.connect_args, environment=hardened.environment, build=build
        )
    dialer = registry.read(again)
    assert dialer.bounds.low.assurance is Assurance.IDENTITY_VERIFIED
    assert dialer.bounds.low.floor is Floor.TLS_1_2
    shows = "sslcert" in query or "sslcert" in connect_args
    assert "clear-password" not in dialer.notes or (shows and known.build not in {"16", "18.1"})


def test_a_connection_string_keeps_what_is_not_in_the_way() -> None:
    """`psycopg2.connect(dsn)`: the keywords beat it, and another driver's spelling is taken out of it."""
    known = registry.from_keywords("psycopg2", {"dsn": "host=h user=u ssl=true channel_binding=prefer"})
    spelling = registry.write(known, VERIFIED, "/ca.pem")
    assert spelling.connect_args == {
        "dsn": "host=h user=u channel_binding=prefer",
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
    }
    hardened = registry.harden(known, spelling).connect_args
    assert hardened["dsn"] == "host=h user=u"
    assert hardened["channel_binding"] == "require"


def test_a_keyword_that_is_none_is_left_out() -> None:
    """So that a connection string keeps what it says; only SQLAlchemy has put it in the place of the URL's by then."""
    own = registry.resolve("postgres://h/x?sslmode=require", driver="psycopg", connect_args={"sslmode": None})
    assert bounds_words(registry.read(own)) == "encrypted"
    call = registry.from_keywords("psycopg", {"conninfo": "host=h sslmode=require", "sslmode": None})
    assert bounds_words(registry.read(call)) == "encrypted"
    assert bounds_words(registry.read(f"{BASE}?sslmode=require", connect_args={"sslmode": None})) == "opportunistic"


def test_another_drivers_keyword_is_refused() -> None:
    """`dsn` is psycopg2's, `conninfo` psycopg's; both are silent about their own."""
    for driver, own, other in (("psycopg2", "dsn", "conninfo"), ("psycopg", "conninfo", "dsn")):
        own_notes, other_notes = (
            registry.read(registry.from_keywords(driver, {name: "host=h sslmode=require"})).notes
            for name in (own, other)
        )
        assert f"refused-option:{other}:ProgrammingError" in other_notes
        assert not [note for note in own_notes if note.startswith("refused-option")]
