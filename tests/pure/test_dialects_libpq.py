"""psycopg and psycopg2: what libpq makes of `sslmode` and its neighbours, in both directions."""

import os
from collections.abc import Mapping

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq
from sqlalchemy import create_engine, make_url

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer

BASE = "postgresql+psycopg2://app:pw@db.internal/app"


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
    ("?sslmode=require&sslrootcert=system", "encrypted", "18", "refused-option:sslrootcert"),
    ("?channel_binding=require", "encrypted", None, "channel-bound"),  # 3
    ("?sslmode=require&channel_binding=require", "encrypted", None, "channel-bound"),  # 3
    ("?sslmode=disable&channel_binding=require", "plaintext", None, "refused-option:channel_binding"),
    ("?sslmode=require&sslnegotiation=direct", "encrypted", "17", "home-root-file"),  # 10
    ("?sslmode=require&sslnegotiation=direct", "encrypted", "15", "refused-option:sslnegotiation"),  # 10
    ("?sslmode=require&sslnegotiation=direct", "encrypted", None, "needs-libpq:17"),  # 10
    ("?sslnegotiation=direct", "opportunistic", "17", "refused-option:sslnegotiation"),  # 10
    ("?sslmode=verify-full&sslrootcert=/ca.pem&hostaddr=10.0.0.5", "verify-full", None, "file-assumed:/ca.pem"),  # 6
    ("?sslmode=verify_full", "opportunistic", None, "refused-option:sslmode"),
    ("?sslmode=REQUIRE", "opportunistic", None, "refused-option:sslmode"),
    ("?ssl_ca=/ca.pem", "opportunistic", None, "refused-option:ssl_ca"),
    ("?ssl=true", "opportunistic", None, "refused-option:ssl"),  # 8: asyncpg's spelling
    ("?sslmod=verify-full", "opportunistic", None, "refused-option:sslmod"),
    ("?service=app", "plaintext…verify-full", None, "service-file"),
    ("?sslmode=require&service=app", "encrypted", None, "clear-password"),
    ("?sslmode=require&sslkeylogfile=/k", "encrypted", "18", "key-log"),
    (f"?sslmode={PLACEHOLDER}", "plaintext…verify-full", None, "clear-password"),
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
        ("?sslmode=require", {}, {"sslmode": None}, "encrypted"),
        ("", {"PGREQUIRESSL": "1"}, {}, "encrypted"),
        ("", {"PGCHANNELBINDING": "require"}, {}, "encrypted"),
        ("", {"PGSERVICE": "app"}, {}, "plaintext…verify-full"),
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


def test_hostaddr_alone_has_no_name_to_verify() -> None:
    """Trap 6: libpq refuses verify-full without a host name."""
    dialer = registry.read("hostaddr=10.0.0.5 sslmode=verify-full sslrootcert=/ca")
    assert "refused-option:hostaddr" in dialer.notes


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
REFUSED = [
    {"sslmode": "verify_full"},
    {"sslmode": "REQUIRE"},
    {"sslmode": ""},
    {"sslmode": "require", "sslrootcert": "system"},
    {"sslmode": "disable", "sslrootcert": "system"},
    {"sslnegotiation": "direct"},
    {"sslnegotiation": "direct", "sslmode": "prefer"},
    {"ssl_min_protocol_version": "TLSv1.0"},
    {"ssl_ca": "/ca"},
    {"sslmod": "require"},
]
TAKEN = [
    {},
    {"sslmode": "require"},
    {"sslrootcert": "system"},
    {"sslnegotiation": "direct", "sslmode": "require"},
    {"ssl_min_protocol_version": "tlsv1.3"},
    {"require_auth": "scram-sha-256"},
    {"sslcertmode": "require"},
    {"application_name": "x", "target_session_attrs": "any"},
]


@pytest.mark.parametrize("options", REFUSED + TAKEN, ids=str)
def test_libpq_refuses_what_is_noted_as_refused(options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The real libpq, asked with a socket that is not there: either the options are at fault, or the socket is."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    with pytest.raises(psycopg.Error) as caught:
        psycopg.connect(host="/nonexistent", **options)  # type: ignore[arg-type]
    refused = "/nonexistent" not in str(caught.value)
    settings = registry.from_keywords("psycopg", {"host": "db", **options}, build=str(pq.version() // 10000))
    noted = any(note.startswith("refused-option:") for note in registry.read(settings).notes)
    assert refused is noted is (options in REFUSED)


def test_every_option_of_the_real_libpq_is_known() -> None:
    """None of the installed libpq's options counts as another driver's."""
    names = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    settings = registry.from_keywords("psycopg", dict.fromkeys(names, "1"), build="18")
    unknown = [note for note in registry.read(settings).notes if note.startswith("refused-option:")]
    # Values that are refused, not names:
    assert set(unknown) <= {"refused-option:sslmode", "refused-option:ssl_min_protocol_version"}


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
    settings = registry.resolve(
        source.dsn.with_options(dict(query)), connect_args=connect_args, environment=environment
    )
    try:
        spelling = registry.write(settings, posture, anchors, pair)
    except SettingsError:
        return
    assert spelling.url is not None
    again = registry.read(spelling.url, connect_args=spelling.connect_args, environment=spelling.environment)
    got = again.bounds.settled
    assert got is not None
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= posture.client_auth or posture.assurance is Assurance.PLAINTEXT
    assert spelling.url.option("application_name") == settings.dsn.option("application_name")  # type: ignore[union-attr]


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


def test_sqlalchemy_hands_on_what_is_read() -> None:
    """The real dialect's connect arguments are the options that this reading starts from."""
    url = f"{BASE}?sslmode=require&sslrootcert=%2Fca&host=a:1&host=b:2"
    _, arguments = create_engine(url).dialect.create_connect_args(make_url(url))
    assert arguments["host"] == "a,b"
    assert arguments["port"] == "1,2"
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("require", "/ca")


def test_direct_calls_are_read_as_well() -> None:
    """`psycopg.connect(host=…, sslmode=…)`: no URL at all, and none is written."""
    settings = registry.from_keywords("psycopg", {"host": "db", "sslmode": "require"})
    assert bounds_words(registry.read(settings)) == "encrypted"
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca")
    assert spelling.url is None
    assert spelling.connect_args == {"host": "db", "sslmode": "verify-full", "sslrootcert": "/ca"}


def test_unknown_stays_unknown() -> None:
    """Options known only at run time may say anything."""
    assert registry.read(BASE, connect_args={ANY_OPTION: UNRESOLVED}).bounds == UNKNOWN
