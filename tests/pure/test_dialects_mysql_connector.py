"""MySQL Connector/Python: both builds, URL and keywords, held against the real driver's own reading of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import mysql.connector
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mysql.connector import CMySQLConnection, MySQLConnection
from mysql.connector.constants import DEFAULT_CONFIGURATION
from sqlalchemy import make_url
from sqlalchemy.dialects.mysql.mysqlconnector import MySQLDialect_mysqlconnector

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.mysql_connector.options import SIGNATURE
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings, PythonContext
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "mysql+mysqlconnector://app:pw@db.internal/app"
INSTALLED = Version(mysql.connector.__version__)


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


NONE, FULL = "opportunistic", "verify-full"
SPAN = f"{NONE}…{FULL}"

# Query → pure Python, the C extension, nobody knows; a note. The numbers are the traps of the measurements.
URLS = [
    ("", NONE, NONE, NONE, "clear-password"),
    ("?ssl_ca=/ca", NONE, NONE, NONE, "file-assumed:/ca"),
    ("?ssl_verify_cert=true", "verify-ca", NONE, f"{NONE}…verify-ca", "strippable-check"),  # 16
    ("?ssl_ca=/ca&ssl_verify_cert=true", "verify-ca", NONE, f"{NONE}…verify-ca", "system-anchors-too"),  # 16
    ("?ssl_ca=/ca&ssl_verify_cert=true&ssl_verify_identity=true", FULL, NONE, SPAN,
     "refused-option:ssl_verify_identity:TypeError"),
    ("?ssl_ca=/ca&ssl_verify_cert=1&ssl_verify_identity=false", FULL, NONE, SPAN,
     "string-is-true:ssl_verify_identity"),  # 14
    ("?ssl_ca=/ca&ssl_verify_identity=true", NONE, NONE, NONE, "strippable-check"),
    ("?ssl_verify_cert=no", NONE, NONE, NONE, "clear-password"),
    ("?ssl_verify_cert=maybe", NONE, NONE, NONE, "refused-option:ssl_verify_cert:ValueError"),
    ("?ssl_disabled=false", "plaintext", "plaintext", "plaintext", "string-is-true:ssl_disabled"),  # 14
    ("?ssl_ca=/ca&ssl_disabled=0", "plaintext", "plaintext", "plaintext", "ignored-option:ssl_ca"),  # 14
    ("?ssl_cert=/c&ssl_key=/k", NONE, NONE, NONE, "file-assumed:/k"),  # 15
    ("?ssl_cert=/c", NONE, NONE, NONE, "refused-option:ssl_cert:AttributeError"),
    ("?ssl_cipher=x", NONE, NONE, NONE, "ignored-option:ssl_cipher"),
    ("?ssl_mode=REQUIRED", NONE, NONE, NONE, "refused-option:ssl_mode:AttributeError"),
    ("?ssl=true", NONE, NONE, NONE, "refused-option:ssl:AttributeError"),  # 13
    ("?sslmode=require", NONE, NONE, NONE, "refused-option:sslmode:AttributeError"),
    ("?unix_socket=/s&ssl_verify_cert=true", "plaintext", "plaintext", "plaintext", "ignored-option:ssl_verify_cert"),
    ("?read_default_file=/my.cnf", "plaintext…verify-full", "plaintext…verify-full", "plaintext…verify-full",
     "option-file"),
    (f"?ssl_verify_cert={PLACEHOLDER}", f"{NONE}…verify-ca", NONE, f"{NONE}…verify-ca", "clear-password"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "pure", "extension", "unknown", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, pure: str, extension: str, unknown: str, note: str) -> None:
    """The builds disagree; where nothing tells which it is, both are possible."""
    seen = [registry.read(BASE + query, build=build) for build in ("pure", "libmysqlclient 9.7", None)]
    assert [bounds_words(dialer) for dialer in seen] == [pure, extension, unknown]
    assert note in seen[2].notes
    assert all(dialer.why and all(map(notes.known, dialer.notes)) for dialer in seen)


BOTH = {"ssl_verify_cert": True, "ssl_verify_identity": True}
CALLS: list[tuple[dict[str, object], str, str, str]] = [
    ({}, NONE, NONE, "clear-password"),
    ({"ssl_ca": "/ca", **BOTH}, FULL, FULL, "cn-fallback"),
    ({"ssl_ca": "/ca", "ssl_verify_identity": True}, NONE, FULL, "file-assumed:/ca"),  # 16
    ({"ssl_verify_identity": True}, NONE, FULL, "anchors-needed"),  # 16
    ({"ssl_ca": "/ca", "ssl_verify_cert": True}, "verify-ca", NONE, "strippable-check"),
    ({"ssl_verify_cert": True}, "verify-ca", NONE, "system-anchors"),  # 16
    (
        {"ssl_ca": "/ca", "ssl_verify_cert": 1, "ssl_verify_identity": 1},
        FULL,
        NONE,
        "refused-option:ssl_verify_cert:TypeError",
    ),
    ({"ssl_ca": "/ca", "ssl_verify_cert": "false"}, "verify-ca", NONE, "string-is-true:ssl_verify_cert"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": False, "ssl_verify_identity": None}, NONE, NONE, "clear-password"),
    ({"ssl_disabled": True, "ssl_ca": "/ca", **BOTH}, "plaintext", "plaintext", "ignored-option:ssl_ca"),
    ({"ssl_disabled": None}, NONE, NONE, "refused-option:ssl_disabled:TypeError"),
    ({"ssl": {"ca": "/ca"}}, NONE, NONE, "refused-option:ssl:AttributeError"),
    ({"ssl": PythonContext()}, NONE, NONE, "refused-option:ssl:AttributeError"),
    ({"tls_versions": "TLSv1.3"}, NONE, NONE, "refused-option:tls_versions:AttributeError"),
    ({"tls_versions": ["TLSv1.1"]}, NONE, NONE, "refused-option:tls_versions:NotSupportedError"),
    ({"ssl_ca": UNRESOLVED, **BOTH}, FULL, FULL, "anchors-needed"),
    ({"ssl_ca": "/ca", "ssl_verify_identity": UNRESOLVED}, NONE, SPAN, "strippable-check"),
    ({"ssl_cert": "/c", "ssl_key": UNRESOLVED}, NONE, NONE, "file-assumed:/c"),
]


@pytest.mark.parametrize(("keywords", "pure", "extension", "note"), CALLS, ids=str)
def test_a_call_means_what_was_measured(keywords: dict[str, object], pure: str, extension: str, note: str) -> None:
    """`use_pure` chooses as the build does, and a call means what `connect_args` mean."""
    for choice, expected in ((True, pure), (False, extension)):
        chosen = {"host": "db", "use_pure": choice, **keywords}
        assert bounds_words(registry.read(registry.from_keywords("mysql-connector", chosen))) == expected
        assert bounds_words(registry.read(BASE, connect_args={"use_pure": choice, **keywords})) == expected
    assert note in registry.read(registry.from_keywords("mysql-connector", {"host": "db", **keywords})).notes


def test_what_is_known_only_at_run_time_may_say_anything() -> None:
    """And nothing can be written beside it."""
    many = registry.resolve(BASE, connect_args=dict.fromkeys(SIGNATURE.candidates, UNRESOLVED))
    settings = registry.resolve(BASE, connect_args={ANY_OPTION: UNRESOLVED})
    assert registry.read(settings).bounds == registry.read(many).bounds == UNKNOWN
    with pytest.raises(SettingsError):
        registry.write(settings, Posture(Assurance.PLAINTEXT), "/ca")


@pytest.mark.parametrize(
    ("versions", "floor"),
    [
        (["TLSv1.3"], Floor.TLS_1_3),
        (["TLSv1.1", "TLSv1.3"], Floor.TLS_1_3),
        (["TLSv1.2", "TLSv1.3"], Floor.TLS_1_2),
        ("[TLSv1.3]", Floor.TLS_1_3),
        (None, Floor.TLS_1_2),
    ],
)
def test_the_floor_is_the_oldest_that_is_left(versions: object, floor: Floor) -> None:
    """TLS 1.2 where nothing is said; what is older is dropped."""
    settings = registry.from_keywords("mysql-connector", {"tls_versions": versions, "ssl_ca": "/ca", **BOTH})
    assert registry.read(settings).bounds.settled == Posture(Assurance.IDENTITY_VERIFIED, floor)


def test_what_was_not_measured_is_not_guessed() -> None:
    """Before 8.0.33 it may be anything down to plaintext, and nothing is written."""
    old = registry.resolve(BASE, connect_args={"ssl_ca": "/ca", **BOTH}, version=Version("8.0.32"))
    assert bounds_words(registry.read(old)) == "plaintext…verify-full"
    with pytest.raises(SettingsError) as caught:
        registry.write(old, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca")
    assert "8.0.33" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mysql+mysqlconnector:///app", TcpEndpoint("127.0.0.1", 3306)),
        ("mysql+mysqlconnector://u@localhost:33/app", TcpEndpoint("localhost", 33)),
        (f"mysql+mysqlconnector://u@{PLACEHOLDER}/app", None),
        (f"{BASE}?read_default_file=/my.cnf", None),
        (f"{BASE}?port=none", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is TCP with both builds; an option file may lead to a socket."""
    assert registry.resolve(url).endpoint == expected


# The real driver, asked without connecting: which of the settings it takes, and what it keeps of them.

TRUTHS = st.sampled_from(["true", "false", "1", "no", "required"])
SWITCHES = ("ssl_verify_cert", "ssl_verify_identity", "ssl_disabled")
QUERIES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*SWITCHES, "use_pure"), TRUTHS)
    | {name: st.just("/f") for name in ("ssl_ca", "ssl_cert", "ssl_key", "ssl_cipher", "sslmode", "unix_socket")}
    | {"tls_versions": st.sampled_from(["[TLSv1.3]", "[TLSv1.2, TLSv1.3]", "TLSv1.3", "[]", "[TLSv1.1]"])},
)
BOOLEANS = st.booleans() | st.none() | st.sampled_from(["false", "true", 0, 1])
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(SWITCHES, BOOLEANS)
    | {"use_pure": st.booleans(), "ssl": st.just({"ca": "/ca"})}
    | {name: st.just("/f") | st.none() for name in ("ssl_ca", "ssl_cert", "ssl_key", "unix_socket")}
    | {"tls_versions": st.lists(st.sampled_from(["TLSv1.1", "TLSv1.2", "TLSv1.3"]), max_size=3)},
)


def really(keywords: Mapping[str, Any]) -> tuple[bool, object, object] | None:
    """Whether TLS is off, and the two checks, as a real connection keeps them; None where it does not take them."""
    kept = dict(keywords)
    connection: Any = MySQLConnection() if kept.pop("use_pure", False) else CMySQLConnection()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            connection.config(**kept)
        except (AttributeError, mysql.connector.Error):
            return None
    checks = connection._ssl
    return bool(connection._ssl_disabled), checks.get("verify_cert", False), checks.get("verify_identity", False)


@given(QUERIES, ARGUMENTS)
def test_the_reading_agrees_with_the_real_driver(query: dict[str, str], arguments: dict[str, Any]) -> None:
    """SQLAlchemy's conversions, then the driver's own reading: taken or refused, TLS off or on."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    url = dsn.with_options(dict(query))
    dialer = registry.read(url, connect_args=arguments, version=INSTALLED, build="c")
    refused = {note.split(":")[1] for note in dialer.notes if note.startswith("refused-option:")}
    try:
        _, moved = MySQLDialect_mysqlconnector().create_connect_args(make_url(url.revealed()))
    except ValueError:
        assert refused
        return
    got = really({**moved, **arguments})
    # What is true and no boolean the C extension refuses only when it connects.
    late = set(SWITCHES) if not {**moved, **arguments}.get("use_pure") else set()
    assert (got is None) <= bool(refused), dialer
    assert bool(refused - late) <= (got is None), dialer
    if got is not None and not refused:
        disabled, chain, name = got
        assert disabled is (dialer.bounds.high.assurance is Assurance.PLAINTEXT)
        assert dialer.bounds.settled is not None
        if not disabled and not (chain or name):
            assert dialer.bounds.high.assurance is Assurance.OPPORTUNISTIC


def test_every_keyword_of_the_real_driver_is_known() -> None:
    """One that is not would be told to be refused."""
    assert set(DEFAULT_CONFIGURATION) - {"dsn"} <= SIGNATURE.keywords


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)


@given(
    POSTURES,
    QUERIES,
    ARGUMENTS,
    st.sampled_from(["/etc/ssl/lab ca.pem", "system"]),
    st.none() | st.just(("/c.pem", "/k.pem")),
    st.booleans(),
    st.sampled_from([None, "8.0.33", "9.7.0", ">=9", "8.0.32"]),
    st.sampled_from([None, "pure", "c"]),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    arguments: dict[str, Any],
    anchors: str,
    pair: tuple[str, str] | None,
    direct: bool,  # noqa: FBT001 - drawn
    version: str | None,
    build: str | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    given_version = Version(version) if version else None
    if direct:
        keywords = {"host": "db", **arguments}
        before = registry.from_keywords("mysql-connector", keywords, version=given_version, build=build)
    else:
        dsn = registry.resolve(BASE).dsn
        assert dsn is not None
        url = dsn.with_options(dict(query))
        before = registry.resolve(url, connect_args=arguments, version=given_version, build=build)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    after = _again(before, spelling.url, spelling.connect_args)
    got = registry.read(after).bounds.settled
    assert got is not None, registry.read(after)
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)
    assert not any(note.startswith("refused-option:ssl:AttributeError") for note in registry.read(after).notes)


def _again(before: DialerSettings, url: Any, connect_args: Mapping[str, object]) -> DialerSettings:
    if url is None:
        return registry.from_keywords("mysql-connector", connect_args, version=before.version, build=before.build)
    return registry.resolve(url, connect_args=connect_args, version=before.version, build=before.build)


def test_the_secure_spelling_needs_real_booleans() -> None:
    """What gets in its way goes, the rest stays in its place; both builds read it alike."""
    settings = registry.resolve(f"{BASE}?charset=utf8mb4&ssl_ca=/old&ssl_verify_cert=true")
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?charset=utf8mb4"
    assert spelling.connect_args == {"ssl_ca": "/ca.pem", **BOTH}


@pytest.mark.parametrize(
    ("assurance", "arguments"),
    [
        (Assurance.ENCRYPTED, {}),
        (Assurance.CHAIN_VERIFIED, {}),
        (Assurance.IDENTITY_VERIFIED, {"unix_socket": "/s"}),
        (Assurance.IDENTITY_VERIFIED, {"option_files": "/my.cnf"}),
    ],
)
def test_what_it_cannot_say_is_refused(assurance: Assurance, arguments: dict[str, object]) -> None:
    """With a hint at what it can."""
    with pytest.raises(SettingsError) as caught:
        registry.write(registry.resolve(BASE, connect_args=arguments), Posture(assurance, Floor.TLS_1_2), "/ca")
    assert caught.value.hint


@given(st.text(), st.text(), st.none() | st.text())
def test_any_option_is_a_reading(name: str, value: str, build: str | None) -> None:
    """Whatever stands there: bounds, never an exception."""
    settings = registry.from_keywords(
        "mysql-connector", {"host": "db", name: value, "tls_versions": value}, build=build
    )
    assert registry.read(settings).why


@pytest.mark.parametrize(
    ("keywords", "kept"), [({}, True), ({"auth_plugin": "mysql_clear_password"}, False), ({"auth_plugin": None}, True)]
)
def test_the_plugin_for_clear_passwords_gives_them_to_anybody(keywords: dict[str, object], kept: bool) -> None:  # noqa: FBT001 - expected
    """The C extension keeps them to itself without TLS, unless it is told that plugin by name."""
    dialer = registry.read(registry.from_keywords("mysql-connector", {"host": "db", "use_pure": False, **keywords}))
    assert ("kept-without-tls" in dialer.notes) is kept
