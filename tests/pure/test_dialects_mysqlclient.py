"""mysqlclient: what both C libraries make of the URL and of keywords, as measured, and what is written for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.dialects.mysql.mysqldb import MySQLDialect_mysqldb

from everyhop.dialects import mysql_case, mysqlclient, notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings, PythonContext
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "mysql+mysqldb://app:pw@db.internal/app"
MARIADB, LIBMYSQLCLIENT = "3.3.20", "9.7.0"


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


OFF, NONE, FULL = "plaintext", "opportunistic", "verify-full"

# Query → Connector/C, libmysqlclient, nobody knows; a note. The numbers are the traps of the measurements.
URLS = [
    ("", OFF, NONE, f"{OFF}…{NONE}", "clear-password"),  # 20
    ("?ssl_ca=/ca", NONE, NONE, NONE, "strippable-check"),
    ("?ssl=true", OFF, NONE, f"{OFF}…{NONE}", "ignored-option:ssl"),  # 13
    ("?ssl_mode=DISABLED", OFF, OFF, OFF, "clear-password"),
    ("?ssl_mode=PREFERRED", OFF, NONE, f"{OFF}…{NONE}", "clear-password"),
    ("?ssl_mode=REQUIRED", NONE, "encrypted", f"{NONE}…encrypted", "clear-password"),
    ("?ssl_mode=REQUIRED&ssl_ca=/ca", NONE, "encrypted", f"{NONE}…encrypted", "ignored-option:ssl_ca"),
    ("?ssl_mode=DISABLED&ssl_ca=/ca", NONE, OFF, f"{OFF}…{NONE}", "file-assumed:/ca"),
    ("?ssl_mode=VERIFY_CA&ssl_ca=/ca", FULL, "verify-ca", "verify-ca…verify-full", "cn-fallback"),  # 17
    ("?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca", FULL, FULL, FULL, "cn-fallback"),
    ("?ssl_mode=VERIFY_IDENTITY&ssl_capath=/d", FULL, FULL, FULL, "file-assumed:/d"),
    ("?ssl_mode=VERIFY_IDENTITY", f"encrypted…{FULL}", FULL, f"encrypted…{FULL}", "anchors-needed"),  # 17
    ("?ssl_mode=verify_identity&ssl_ca=/ca", NONE, NONE, NONE, "refused-option:ssl_mode:NotSupportedError"),
    ("?ssl_check_hostname=true", OFF, NONE, f"{OFF}…{NONE}", "ignored-option:ssl_check_hostname"),
    ("?ssl_check_hostname=maybe", OFF, NONE, f"{OFF}…{NONE}", "refused-option:ssl_check_hostname:ValueError"),
    ("?ssl_verify_identity=true", OFF, NONE, f"{OFF}…{NONE}", "refused-option:ssl_verify_identity:TypeError"),
    ("?ssl_disabled=false", OFF, NONE, f"{OFF}…{NONE}", "refused-option:ssl_disabled:TypeError"),
    ("?ssl_cert=/c&ssl_key=/k", NONE, NONE, NONE, "file-assumed:/k"),  # 15
    ("?unix_socket=/s&ssl_mode=REQUIRED", NONE, "encrypted", f"{NONE}…encrypted", "clear-password"),
    ("?read_default_file=/my.cnf", f"{OFF}…{FULL}", f"{OFF}…{FULL}", f"{OFF}…{FULL}", "option-file"),
    (f"?ssl_mode={PLACEHOLDER}&ssl_ca=/ca", f"{NONE}…{FULL}", f"{OFF}…{FULL}", f"{OFF}…{FULL}", "clear-password"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "mariadb", "oracle", "unknown", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, mariadb: str, oracle: str, unknown: str, note: str) -> None:
    """The libraries disagree; where nothing tells which it is, both are possible."""
    seen = [registry.read(BASE + query, build=build) for build in (MARIADB, LIBMYSQLCLIENT, None)]
    assert [bounds_words(dialer) for dialer in seen] == [mariadb, oracle, unknown]
    assert note in seen[2].notes
    assert all(dialer.why and all(map(notes.known, dialer.notes)) for dialer in seen)


CALLS: list[tuple[dict[str, object], str, str, str]] = [
    ({}, OFF, NONE, "clear-password"),
    ({"ssl": {}}, OFF, NONE, "clear-password"),
    ({"ssl": None}, OFF, NONE, "clear-password"),
    ({"ssl": True}, NONE, "encrypted", "clear-password"),
    ({"ssl": {"ca": "/ca"}}, NONE, NONE, "strippable-check"),
    ({"ssl": {"cipher": "ECDHE"}}, NONE, NONE, "clear-password"),
    ({"ssl": {"check_hostname": True}}, OFF, NONE, "ignored-option:ssl.check_hostname"),
    ({"ssl": {"ssl_ca": "/ca"}}, OFF, NONE, "ignored-option:ssl.ssl_ca"),
    ({"ssl": PythonContext()}, NONE, "encrypted", "ignored-option:ssl"),
    ({"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "/ca"}}, FULL, FULL, "cn-fallback"),
    ({"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": None}}, f"encrypted…{FULL}", FULL, "anchors-needed"),
    ({"ssl_mode": "VERIFY_IDENTITY", "ssl": True}, f"encrypted…{FULL}", FULL, "anchors-needed"),
    ({"ssl_mode": "DISABLED", "ssl": True}, OFF, OFF, "clear-password"),
    ({"ssl_mode": 2}, OFF, NONE, "refused-option:ssl_mode:TypeError"),
    ({"ssl_mode": None}, OFF, NONE, "refused-option:ssl_mode:TypeError"),
    ({"ssl_ca": "/ca"}, OFF, NONE, "refused-option:ssl_ca:TypeError"),
    ({"ssl": {"ca": UNRESOLVED}}, f"{OFF}…{NONE}", NONE, "clear-password"),
]


@pytest.mark.parametrize(("keywords", "mariadb", "oracle", "note"), CALLS, ids=str)
def test_a_call_means_what_was_measured(keywords: dict[str, object], mariadb: str, oracle: str, note: str) -> None:
    """A call means what `connect_args` mean beside a bare URL."""
    for build, expected in ((MARIADB, mariadb), (LIBMYSQLCLIENT, oracle)):
        settings = registry.from_keywords("mysqlclient", {"host": "db", **keywords}, build=build)
        assert bounds_words(registry.read(settings)) == expected
        assert bounds_words(registry.read(BASE, connect_args=keywords, build=build)) == expected
    assert note in registry.read(registry.from_keywords("mysqlclient", {"host": "db", **keywords})).notes


@pytest.mark.parametrize(
    ("build", "mode", "expected"),
    [
        ("3.3.20", "REQUIRED", NONE),
        ("MariaDB Connector/C 3.4.8", "REQUIRED", NONE),
        ("mariadb", "REQUIRED", NONE),
        ("10.11.19-MariaDB", "REQUIRED", NONE),
        ("8.0.44", "REQUIRED", "encrypted"),
        ("libmysqlclient", "REQUIRED", "encrypted"),
        ("something", "REQUIRED", f"{NONE}…encrypted"),
        (None, "REQUIRED", f"{NONE}…encrypted"),
    ],
)
def test_the_build_decides(build: str | None, mode: str, expected: str) -> None:
    """By the name or by the number that the library gives itself."""
    assert bounds_words(registry.read(f"{BASE}?ssl_mode={mode}", build=build)) == expected


@pytest.mark.parametrize(
    ("host", "build", "expected"),
    [
        ("127.0.0.1", "3.3.20", FULL),
        ("127.0.0.1", "3.4.5", "verify-ca"),
        ("[::1]", "3.4.5", "verify-ca"),
        ("127.0.0.2", "3.4.5", FULL),
        ("127.0.0.1", "9.7.0", FULL),
        ("127.0.0.1", None, "verify-ca…verify-full"),
        (PLACEHOLDER, "3.4.5", FULL),
        ("localhost", "3.3.20", f"{OFF}…{FULL}"),
    ],
)
def test_a_loopback_proves_nothing(host: str, build: str | None, expected: str) -> None:  # trap 17
    """Connector/C 3.4 does not look at the name of 127.0.0.1 and ::1; `localhost` is the unix socket."""
    dialer = registry.read(f"mysql://u@{host}/x?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca", build=build)
    assert bounds_words(dialer) == expected


@pytest.mark.parametrize(
    ("version", "keywords", "expected"),
    [
        ("2.1.1", {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "/ca"}}, NONE),
        ("2.2.0", {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "/ca"}}, FULL),
        ("2.2.0", {"ssl": True}, f"{OFF}…{NONE}"),
        ("2.2.4", {"ssl": True}, NONE),
        (">=2.1", {"ssl": True}, f"{OFF}…{NONE}"),
    ],
)
def test_the_versions_turn_where_the_driver_did(version: str, keywords: dict[str, object], expected: str) -> None:
    """What was before 2.2.0 was not measured; `ssl=True` means something from 2.2.4 on."""
    dialer = registry.read(BASE, connect_args=keywords, version=Version(version), build=MARIADB)
    assert bounds_words(dialer) == expected


def test_a_cipher_list_may_lower_the_floor() -> None:
    """Security level 0 lets OpenSSL speak what is older than TLS 1.2."""
    lowered = registry.read(BASE, connect_args={"ssl": {"cipher": "ALL:@SECLEVEL=0"}}, build=MARIADB)
    usual = registry.read(BASE, connect_args={"ssl": {"cipher": "ECDHE"}}, build=MARIADB)
    assert (lowered.bounds.low.floor, usual.bounds.low.floor) == (Floor.NONE, Floor.TLS_1_2)


def test_what_is_known_only_at_run_time_may_say_anything() -> None:
    """And nothing can be written beside it."""
    many = registry.resolve(BASE, connect_args=dict.fromkeys(mysqlclient._SIGNATURE.candidates, UNRESOLVED))
    settings = registry.resolve(BASE, connect_args={ANY_OPTION: UNRESOLVED})
    assert registry.read(settings).bounds == registry.read(many).bounds == UNKNOWN
    with pytest.raises(SettingsError):
        registry.write(settings, Posture(Assurance.PLAINTEXT), "/ca")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", TcpEndpoint("db.internal", 3306)),
        ("mysql://u@localhost/app?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mysql://u@localhost/app", UnixEndpoint("/run/mysqld/mysqld.sock")),
        ("mysql:///app", UnixEndpoint("/run/mysqld/mysqld.sock")),
        ("mysql://u@127.0.0.1:33/app", TcpEndpoint("127.0.0.1", 33)),
        (f"mysql://u@{PLACEHOLDER}/app", None),
        ("mysql:///app?read_default_file=/my.cnf", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is the library's own unix socket; any other host beats one that is named."""
    assert registry.resolve(url).endpoint == expected


WORDS = st.sampled_from(["true", "false", "/f", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY", "PREFERRED", "DISABLED"])
QUERIES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("ssl_mode", "ssl", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_check_hostname", "sslmode"), WORDS
    ),
)
FILES = st.just("/f") | st.none()
DICTS = st.fixed_dictionaries({}, optional=dict.fromkeys(("ca", "capath", "cert", "key", "ssl_ca"), FILES))
ARGUMENTS = st.fixed_dictionaries(
    {}, optional={"ssl": DICTS | st.booleans() | st.none(), "ssl_mode": WORDS | st.none() | st.integers(0, 5)}
)


@given(QUERIES)
def test_sqlalchemy_moves_what_the_dialect_moves(query: dict[str, str]) -> None:
    """The keywords that the driver gets, from SQLAlchemy itself."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    settings = registry.resolve(dsn.with_options(dict(query)))
    found = mysql_case.cases(settings, mysqlclient._SIGNATURE)
    assert found is not None
    moved = found[0].keywords
    try:
        _, real = MySQLDialect_mysqldb().create_connect_args(make_url(dsn.with_options(dict(query)).revealed()))
    except ValueError:
        assert "refused-option:ssl_check_hostname:ValueError" in found[0].notes
        return
    assert moved.get("ssl") == real.get("ssl")
    assert moved.get("ssl_mode") == real.get("ssl_mode")


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)


@given(
    POSTURES,
    QUERIES,
    ARGUMENTS,
    st.sampled_from(["/etc/ssl/lab ca.pem", "system"]),
    st.none() | st.just(("/c.pem", "/k.pem")),
    st.sampled_from([None, "db", "127.0.0.1", "localhost"]),
    st.sampled_from([None, "2.2.0", "2.3.1", ">=2.2", "2.1.1"]),
    st.sampled_from([None, "3.3.20", "3.4.5", "9.7.0"]),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    arguments: dict[str, Any],
    anchors: str,
    pair: tuple[str, str] | None,
    direct: str | None,
    version: str | None,
    build: str | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    given_version = Version(version) if version else None
    if direct:
        keywords = {"host": direct, **arguments}
        before = registry.from_keywords("mysqlclient", keywords, version=given_version, build=build)
    else:
        dsn = registry.resolve(BASE).dsn
        assert dsn is not None
        url = dsn.with_options(dict(query))
        before = registry.resolve(url, connect_args=arguments, version=given_version, build=build)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    dialer = registry.read(_again(before, spelling.url, spelling.connect_args))
    got = dialer.bounds.settled
    assert got is not None, dialer
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)
    assert not any(note.startswith("refused-option:") for note in dialer.notes)


def _again(before: DialerSettings, url: Any, connect_args: Mapping[str, object]) -> DialerSettings:
    if url is None:
        return registry.from_keywords("mysqlclient", connect_args, version=before.version, build=before.build)
    return registry.resolve(url, connect_args=connect_args, version=before.version, build=before.build)


def test_the_secure_spelling_fits_a_url() -> None:
    """What gets in its way goes, the rest stays in its place; both libraries read it alike."""
    settings = registry.resolve(f"{BASE}?charset=utf8mb4&ssl_mode=REQUIRED&ssl=true")
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?charset=utf8mb4&ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem"
    assert spelling.connect_args == {}


@pytest.mark.parametrize(
    ("url", "posture", "anchors"),
    [
        (BASE, Posture(Assurance.ENCRYPTED, Floor.TLS_1_2), "/ca"),
        (BASE, Posture(Assurance.CHAIN_VERIFIED, Floor.TLS_1_2), "/ca"),
        (BASE, Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2), "/ca"),
        (BASE, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3), "/ca"),
        (BASE, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "system"),
        ("mysql://u@localhost/x", Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca"),
        ("mysql://u@127.0.0.1/x", Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca"),
        (f"{BASE}?read_default_file=/f", Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca"),
    ],
)
def test_what_it_cannot_say_is_refused(url: str, posture: Posture, anchors: str) -> None:
    """With a hint at what it can."""
    with pytest.raises(SettingsError) as caught:
        registry.write(registry.resolve(url), posture, anchors)
    assert caught.value.hint


@given(st.text(), st.text(), st.none() | st.text())
def test_any_option_is_a_reading(name: str, value: str, build: str | None) -> None:
    """Whatever stands there: bounds, never an exception."""
    settings = registry.from_keywords("mysqlclient", {"host": "db", name: value, "ssl_mode": value}, build=build)
    assert registry.read(settings).why
