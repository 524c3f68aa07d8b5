"""asyncpg: what it makes of `ssl`, of its own DSN and of the environment, in both directions."""

from __future__ import annotations

import configparser
import inspect
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from asyncpg import connect_utils, exceptions  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import ArgumentError

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import (
    ANY_OPTION,
    UNRESOLVED,
    DialerSettings,
    PeerCheck,
    PythonContext,
    Spelling,
)
from everyhop.errors import EveryhopError, SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version
from everyhop.runtime.python_tls import oldest
from tests.certificates import new_authority

BASE = "postgresql+asyncpg://app:pw@db.internal/app"
MAXIMUM = "refused-option:ssl_max_protocol_version"
OWN = "postgres://app:pw@db.internal/app"


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


# Spelling → assurance and a note that must be there: from the measurements, whose traps the numbers are.
THROUGH_SQLALCHEMY = [
    ("", {}, "opportunistic", "clear-password"),
    ("?ssl=disable", {}, "plaintext", "clear-password"),
    ("?ssl=allow", {}, "plaintext", "clear-password"),  # 2
    ("?ssl=prefer", {}, "opportunistic", "clear-password"),
    ("?ssl=require", {}, "encrypted", "home-root-file"),
    ("?ssl=verify-ca", {}, "verify-ca", "root-file-needed"),
    ("?ssl=verify-full", {}, "verify-full", "root-file-needed"),
    ("?ssl=verify_full", {}, "verify-full", "root-file-needed"),  # asyncpg's own enum has underscores
    ("?ssl=verify-full", {"PGSSLROOTCERT": "/ca.pem"}, "verify-full", "file-assumed:/ca.pem"),
    ("?ssl=verify-full", {"PGSSLROOTCERT": "/ca.pem"}, "verify-full", "cn-fallback"),
    ("?ssl=require", {"PGSSLROOTCERT": "/ca.pem"}, "verify-ca", "file-assumed:/ca.pem"),  # 4
    ("", {"PGSSLROOTCERT": "/ca.pem"}, "opportunistic", "clear-password"),  # 1
    ("", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem"}, "verify-full", "file-assumed:/ca.pem"),
    ("?ssl=prefer", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem"}, "opportunistic", "clear-password"),  # 7
    (
        "?ssl=verify-full",
        {"PGSSLROOTCERT": "system"},
        "verify-full",
        "refused-option:sslrootcert:FileNotFoundError",
    ),  # 5
    ("?ssl=true", {}, "opportunistic", "refused-option:ssl:InterfaceError"),
    ("?ssl=REQUIRE", {}, "opportunistic", "refused-option:ssl:InterfaceError"),
    ("?sslmode=verify-full", {}, "opportunistic", "refused-option:sslmode:TypeError"),  # 8
    ("?ssl=verify-full&sslrootcert=/ca.pem", {}, "verify-full", "refused-option:sslrootcert:TypeError"),  # 8
    ("?ssl_ca=/ca.pem", {}, "opportunistic", "refused-option:ssl_ca:TypeError"),
    ("?ssl=require&direct_tls=false", {}, "encrypted", "string-is-true:direct_tls"),
    ("?direct_tls=true", {}, "opportunistic", "refused-option:direct_tls:InterfaceError"),  # 10
    ("?ssl=require", {"PGSSLNEGOTIATION": "direct"}, "encrypted", "home-root-file"),  # 10
    ("", {"PGSSLNEGOTIATION": "direct"}, "opportunistic", "refused-option:sslnegotiation:InterfaceError"),  # 10
    (f"?ssl={PLACEHOLDER}", {}, "plaintext…verify-full", "clear-password"),
]
IN_ITS_OWN_DSN = [
    ("", "opportunistic", "clear-password"),
    ("?sslmode=require", "encrypted", "home-root-file"),
    ("?sslmode=require&sslrootcert=/ca.pem", "verify-ca", "file-assumed:/ca.pem"),  # 4
    ("?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full", "file-assumed:/ca.pem"),
    ("?sslrootcert=/ca.pem", "opportunistic", "ignored-option:sslrootcert"),  # 1
    ("?sslmode=prefer&sslrootcert=/ca.pem", "opportunistic", "ignored-option:sslrootcert"),  # 1
    (
        "?ssl=require",
        "opportunistic",
        "refused-option:ssl:CantChangeRuntimeParamError",
    ),  # 8: sent to the server as a setting
    ("?sslmod=require", "opportunistic", "refused-option:sslmod:UndefinedObjectError"),
    ("?sslmod=require", "opportunistic", "server-setting:sslmod"),  # 8: with the login before
    ("?sslmode=&sslrootcert=", "opportunistic", "clear-password"),  # blank values do not count
    ("?sslmode=require&ssl_max_protocol_version=TLSv1.1", "encrypted", f"{MAXIMUM}:SSLError"),
    ("?sslmode=require&ssl_max_protocol_version=x", "encrypted", f"{MAXIMUM}:ClientConfigurationError"),
    ("?sslmode=verify-full&sslrootcert=/ca.pem", "verify-full", "clear-password"),
    (
        "?channel_binding=require",
        "opportunistic",
        "refused-option:channel_binding:UndefinedObjectError",
    ),  # 3: asyncpg has none
    ("?sslmode=require&sslnegotiation=direct", "encrypted", "home-root-file"),  # 10
    (
        "?sslmode=prefer&sslnegotiation=direct",
        "opportunistic",
        "refused-option:sslnegotiation:ClientConfigurationError",
    ),  # 10
    ("?service=app", "plaintext…verify-full", "service-file"),
    ("?sslmode=require&service=app", "encrypted…verify-ca", "service-file"),
    (f"?sslmode={PLACEHOLDER}", "plaintext…verify-full", "clear-password"),
    (f"?sslmode=require&sslrootcert={PLACEHOLDER}", "encrypted…verify-ca", "clear-password"),
]
BY_KEYWORDS = [
    ({"ssl": True}, "verify-full", "system-anchors"),  # 9
    ({"ssl": False}, "plaintext", "clear-password"),  # 9
    ({"ssl": 1}, "plaintext", "refused-option:ssl:TypeError"),
    ({"ssl": {"ca": "/ca.pem"}}, "plaintext", "refused-option:ssl:TypeError"),
    ({"ssl": {}}, "plaintext", "clear-password"),
    ({"ssl": None}, "opportunistic", "clear-password"),
    ({"ssl": connect_utils.SSLMode.verify_ca}, "verify-ca", "root-file-needed"),
    ({"ssl": PythonContext(anchors="/ca.pem")}, "verify-full", "file-assumed:/ca.pem"),
    ({"ssl": PythonContext()}, "verify-full", "cn-fallback"),
    ({"ssl": PythonContext(check_hostname=False)}, "verify-ca", "clear-password"),
    ({"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)}, "encrypted", "clear-password"),
    ({"ssl": PythonContext(), "direct_tls": True}, "verify-full", "direct-tls-alpn"),  # 9
    ({"ssl": UNRESOLVED}, "plaintext…verify-full", "clear-password"),
    ({"sslmode": "require"}, "opportunistic", "refused-option:sslmode:TypeError"),
    ({"async_creator_fn": UNRESOLVED}, "plaintext…verify-full", "unresolved-options"),
]


@pytest.mark.parametrize(("query", "environment", "expected", "note"), THROUGH_SQLALCHEMY)
def test_through_sqlalchemy(query: str, environment: dict[str, str], expected: str, note: str) -> None:
    """`ssl` is all that a URL can carry; the rest comes from the environment."""
    held(registry.read(BASE + query, environment=environment), expected, note)


@pytest.mark.parametrize(("query", "expected", "note"), IN_ITS_OWN_DSN)
def test_in_its_own_dsn(query: str, expected: str, note: str) -> None:
    """libpq's words, with and without libpq's scheme, and as the keyword `dsn` of a call."""
    held(registry.read(OWN + query, driver="asyncpg"), expected, note)
    held(registry.read(OWN.replace("postgres:", "postgresql:") + query, driver="asyncpg"), expected, note)
    if PLACEHOLDER not in query:
        held(registry.read(registry.from_keywords("asyncpg", {"dsn": OWN + query})), expected, note)


@pytest.mark.parametrize(("arguments", "expected", "note"), BY_KEYWORDS)
def test_by_keywords(arguments: dict[str, object], expected: str, note: str) -> None:
    """In `connect_args`, which beat the URL."""
    url = f"{BASE}?ssl=prefer" if "ssl" in arguments else BASE
    held(registry.read(url, connect_args=arguments), expected, note)


def held(dialer: Dialer, expected: str, note: str) -> None:
    assert bounds_words(dialer) == expected
    assert note in dialer.notes
    assert dialer.why
    assert all(notes.known(word) for word in dialer.notes)


def test_a_keyword_beats_the_dsn() -> None:
    """Trap 9: `ssl=False` beside a DSN with verify-full is plaintext."""
    dsn = f"{OWN}?sslmode=verify-full&sslrootcert=/ca.pem"
    dialer = registry.read(registry.from_keywords("asyncpg", {"dsn": dsn, "ssl": False}))
    assert bounds_words(dialer) == "plaintext"
    assert "ignored-option:sslmode" in dialer.notes
    assert bounds_words(registry.read(registry.from_keywords("asyncpg", {"dsn": dsn}))) == "verify-full"


@pytest.mark.parametrize(
    ("version", "query", "expected", "note"),
    [
        ("0.26.0", "?sslmode=require", "plaintext…verify-full", "unmeasured-version:0.27"),
        (
            "0.29.0",
            "?sslmode=require&sslnegotiation=direct",
            "encrypted",
            "refused-option:sslnegotiation:UndefinedObjectError",
        ),
        ("0.30.0", "?service=app", "opportunistic", "clear-password"),
        ("0.31.0", "?sslnegotiation=direct", "opportunistic", "clear-password"),
        ("0.32.0", "?sslnegotiation=direct", "opportunistic", "refused-option:sslnegotiation:ClientConfigurationError"),
        (">=0.30", "?service=app", "plaintext…verify-full", "service-file"),
    ],
)
def test_the_version_decides(version: str, query: str, expected: str, note: str) -> None:
    """What is not settled becomes bounds."""
    held(registry.read(OWN + query, driver="asyncpg", version=Version(version)), expected, note)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+asyncpg://u@db.internal/x", TcpEndpoint("db.internal", 5432)),
        ("postgresql+asyncpg://u@[::1]:5433/x", TcpEndpoint("::1", 5433)),
        ("postgresql+asyncpg:///x", UnixEndpoint("/run/postgresql/.s.PGSQL.5432")),
        ("postgresql+asyncpg://u@/x?host=/run/pg&port=5433", UnixEndpoint("/run/pg/.s.PGSQL.5433")),
        ("postgresql+asyncpg://u@/x?host=localhost:1&host=db.internal:2", TcpEndpoint("db.internal", 2)),
        ("postgresql+asyncpg://u@/x?host=db.internal:2", TcpEndpoint("db.internal", 2)),
        (f"postgresql+asyncpg://u@{PLACEHOLDER}/x", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """Of several hosts the farthest."""
    assert registry.resolve(url).endpoint == expected
    own = url.replace("postgresql+asyncpg", "postgres")
    if own.count("host=") < 2:
        assert registry.resolve(own, driver="asyncpg").endpoint == expected


def test_a_unix_socket_never_carries_tls() -> None:
    """Trap 6: `ssl` has no effect there."""
    assert bounds_words(registry.read("postgresql+asyncpg:///x?host=/run/pg&ssl=verify-full")) == "plaintext"


def test_a_floor_and_a_client_certificate_are_read() -> None:
    """From the DSN, or from the environment."""
    query = "?sslmode=require&ssl_min_protocol_version=TLSv1.3&sslcert=/c&sslkey=/k"
    assert registry.read(OWN + query, driver="asyncpg").bounds.settled == Posture(
        Assurance.ENCRYPTED, Floor.TLS_1_3, ClientAuth.OPTIONAL
    )
    environment = {"PGSSLMINPROTOCOLVERSION": "TLSv1", "PGSSLCERT": "/c"}
    got = registry.read(f"{BASE}?ssl=require", environment=environment).bounds.settled
    assert got == Posture(Assurance.ENCRYPTED, Floor.TLS_1_0, ClientAuth.OPTIONAL)


def test_unknown_stays_unknown() -> None:
    """Options known only at run time may say anything."""
    assert registry.read(BASE, connect_args={ANY_OPTION: UNRESOLVED}).bounds == UNKNOWN


# The real driver, asked without connecting: what its own parser makes of the settings.

PARAMETERS = inspect.signature(connect_utils._parse_connect_arguments).parameters
ARGUMENTS = dict.fromkeys(PARAMETERS) | {
    "statement_cache_size": 100,
    "max_cached_statement_lifetime": 300,
    "max_cacheable_statement_size": 15360,
}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Trust anchors that OpenSSL loads."""
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    file.write_text(new_authority().anchors_pem)
    return str(file)


def really(arguments: Mapping[str, Any], environment: Mapping[str, str], home: Path) -> tuple[Assurance, Floor] | str:
    """What a connection would insist on; the exception's name where asyncpg raises before it dials."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            _, parameters, _ = connect_utils._parse_connect_arguments(**{**ARGUMENTS, "user": "app", **arguments})
        except (exceptions.ClientConfigurationError, OSError, TypeError, configparser.Error) as error:
            return type(error).__name__
    context, mode = parameters.ssl, parameters.sslmode.name
    if context and not isinstance(context, ssl.SSLContext):
        return "TypeError"  # of start_tls()
    if not context or mode == "allow":
        return Assurance.PLAINTEXT, Floor.NONE
    floor = Floor[oldest(context).replace("TLSv", "TLS_").replace("TLS_1_0", "TLS_1")]
    if mode == "prefer":
        return Assurance.OPPORTUNISTIC, floor
    if context.verify_mode == ssl.CERT_NONE:
        return Assurance.ENCRYPTED, floor
    return Assurance.IDENTITY_VERIFIED if context.check_hostname else Assurance.CHAIN_VERIFIED, floor


MODES = st.sampled_from(
    ["", "disable", "allow", "prefer", "require", "verify-ca", "verify_full", "true", "Require", "x"]
)
FLOORS = st.sampled_from(["TLSv1.2", "TLSv1_3", "TLSv1.0"])
ENVIRONMENTS = st.fixed_dictionaries(
    {},
    optional={
        "PGSSLMODE": MODES,
        "PGSSLROOTCERT": st.sampled_from(["CA", "system"]),
        "PGSSLMINPROTOCOLVERSION": FLOORS,
        "PGSSLNEGOTIATION": st.sampled_from(["direct", "postgres", "x"]),
        "PGSERVICE": st.just("app"),
    },
)
SSL = MODES | st.sampled_from([True, False, None, 0, 1, "context", "no name", "unverified"])
KEYWORDS = st.fixed_dictionaries({}, optional={"ssl": SSL, "direct_tls": st.sampled_from([True, False])})
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "sslmode": MODES,
        "sslrootcert": st.sampled_from(["CA", "system"]),
        "ssl_min_protocol_version": FLOORS,
        "sslnegotiation": st.sampled_from(["direct", "postgres", "x"]),
        "application_name": st.just("x"),
        "service": st.sampled_from(["", "app", "weak", "odd", "none", "percent"]),
    },
)
SERVICES = """\
[app]
sslmode = verify-full
sslrootcert: CA
[weak]
sslmode=prefer
ssl_min_protocol_version=TLSv1.3
[odd]
sslmode=require
sslnegotiation=direct
ssl_max_protocol_version=TLSv1.3
[percent]
sslmode=%(nothing)s
"""
FILES = {"~/.pg_service.conf": SERVICES}


def with_files(options: Mapping[str, Any], ca: str) -> dict[str, Any]:
    made = {key: ca if value == "CA" else value for key, value in options.items()}
    if made.get("ssl") in ("context", "no name", "unverified"):
        context = ssl.create_default_context()
        context.check_hostname = made["ssl"] == "context"
        context.verify_mode = ssl.CERT_NONE if made["ssl"] == "unverified" else ssl.CERT_REQUIRED
        made["ssl"] = context
    return made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(QUERIES, KEYWORDS, ENVIRONMENTS)
def test_the_reading_agrees_with_the_real_parser(
    ca: str,
    tmp_path: Path,
    query: dict[str, Any],
    keywords: dict[str, Any],
    environment: dict[str, Any],
) -> None:
    """A DSN, keywords and an environment, as asyncpg itself takes them: the same assurance and floor, or refused."""
    added, around = with_files(keywords, ca), with_files(environment, ca)
    dsn = f"{OWN}?{'&'.join(f'{key}={value}' for key, value in with_files(query, ca).items())}".rstrip("?")
    version = Version(metadata.version("asyncpg"))
    dialer = registry.read(
        registry.from_keywords(
            "asyncpg",
            {"dsn": dsn, **added},
            environment=around,
            version=version,
            files={"~/.pg_service.conf": SERVICES.replace("CA", ca)},
        )
    )
    (tmp_path / ".pg_service.conf").write_text(SERVICES.replace("CA", ca))
    got = really({"dsn": dsn, **added}, around, tmp_path)
    refused = any(note.startswith("refused-option:") or note == "root-file-needed" for note in dialer.notes)
    assert isinstance(got, str) is refused, (got, dialer)
    if isinstance(got, str):
        assert "root-file-needed" in dialer.notes or any(note.endswith(f":{got}") for note in dialer.notes)
    else:
        assert got == (dialer.bounds.low.assurance, dialer.bounds.low.floor)
    assert dialer.bounds.settled is not None


def test_sqlalchemy_hands_on_what_is_read() -> None:
    """The real dialect's connect arguments are the keywords that this reading starts from."""
    dialect: Any = PGDialect_asyncpg
    _, arguments = dialect().create_connect_args(make_url(f"{BASE}?ssl=require&host=a:1&host=b:2"))
    assert (arguments["ssl"], arguments["host"], arguments["port"]) == ("require", ["a", "b"], [1, 2])


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)


@given(
    POSTURES,
    QUERIES,
    KEYWORDS,
    ENVIRONMENTS,
    st.sampled_from(["/etc/ssl/lab ca.pem", "system"]),
    st.none() | st.just(("/c.pem", "/k.pem")),
    st.sampled_from([BASE, OWN, "postgres://h/x", "postgresql+asyncpg:///x?host=/run", ""]),
    st.sampled_from([None, "0.27.0", ">=0.29", "0.20"]),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    keywords: dict[str, Any],
    environment: dict[str, str],
    anchors: str,
    pair: tuple[str, str] | None,
    base: str,
    version: str | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    known = Version(version) if version else None
    added = with_files(keywords, "/ca.pem")
    if base:
        dsn = registry.resolve(base, driver="asyncpg").dsn
        assert dsn is not None
        dsn = dsn.with_options(dict(query))
        before = registry.resolve(dsn, connect_args=added, environment=environment, version=known, files=FILES)
    else:
        given = {"dsn": f"{OWN}?{'&'.join(f'{k}={v}' for k, v in query.items())}", **added}
        before = registry.from_keywords("asyncpg", given, environment=environment, version=known, files=FILES)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    if spelling.url is None:
        again = registry.from_keywords(
            "asyncpg", spelling.connect_args, environment=spelling.environment, version=known, files=FILES
        )
    else:
        again = registry.resolve(
            spelling.url,
            connect_args=spelling.connect_args,
            environment=spelling.environment,
            version=known,
            files=FILES,
        )
    dialer = registry.read(again)
    got = dialer.bounds.settled
    assert got is not None, dialer
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)
    assert not [note for note in dialer.notes if note.startswith("refused-option:") and "ssl" in note]


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.dictionaries(st.sampled_from(["ssl", "dsn", "host", "port", "direct_tls"]), st.text(max_size=9) | st.integers()),
)
def test_any_text_is_a_reading_or_our_own_exception(name: str, value: str, keywords: dict[str, object]) -> None:
    """Nothing else is raised, whatever the options say."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    with suppress(EveryhopError):
        assert registry.read(dsn.with_options({name: value}), connect_args=keywords).why
    with suppress(EveryhopError):
        assert registry.read(registry.from_keywords("asyncpg", keywords)).why


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OWN, f"{OWN}?sslmode=verify-full&sslrootcert=/ca.pem"),
        (f"{OWN}?ssl=require&application_name=x", f"{OWN}?application_name=x&sslmode=verify-full&sslrootcert=/ca.pem"),
        (f"{OWN}?sslrootcert=/old&sslmode=require", f"{OWN}?sslrootcert=/ca.pem&sslmode=verify-full"),
    ],
)
def test_its_own_dsn_carries_everything(before: str, after: str) -> None:
    """What gets in the way goes, the rest stays in its place."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    spelling = registry.write(registry.resolve(before, driver="asyncpg"), posture, "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == after
    assert spelling.connect_args == {}


def test_through_sqlalchemy_it_takes_a_context() -> None:
    """A URL cannot name trust anchors there; the context believes no CN."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    spelling = registry.write(registry.resolve(f"{BASE}?ssl=require&command_timeout=5"), posture, "/ca")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?command_timeout=5"
    assert spelling.connect_args == {"ssl": PythonContext(anchors="/ca", common_name=False)}


# Where it goes, held against the real parser and SQLAlchemy's.


@pytest.mark.parametrize(
    "dsn",
    [
        "postgres://h/x",
        "postgres://h/x?port=5433",  # the port of a host before the path is settled by then
        "postgres://h:1,g:2/x",
        "postgres://h/x?host=g",
        "postgres:///x?host=g&port=2",
        "postgres:///x?host=g:3&port=2",
        "postgres:///x?host=/run/pg&port=2",
        "postgres:///x?host=/run/pg,g",
        "postgresql://%2Frun%2Fpg/x",
        "postgres://%2Frun%2Fpg/x",
        "postgres:///x?host=/run/pg/.s.PGSQL.7",
        "postgresql://[::1]:5433/x",
    ],
)
@pytest.mark.parametrize(
    ("keywords", "environment"),
    [
        ({}, {}),
        ({}, {"PGHOST": "away", "PGPORT": "9"}),
        ({"host": "k"}, {}),
        ({"port": 8}, {}),
        ({"host": ["k", "l"]}, {}),
    ],
)
def test_the_endpoint_agrees_with_the_real_parser(
    dsn: str, keywords: dict[str, Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the addresses that asyncpg would try, and a socket only if they all are sockets."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        addresses, _, _ = connect_utils._parse_connect_arguments(**{**ARGUMENTS, "user": "u", "dsn": dsn, **keywords})
    except exceptions.ClientConfigurationError:
        return
    known = registry.from_keywords("asyncpg", {"dsn": dsn, **keywords}, environment=environment)
    own = registry.resolve(dsn, driver="asyncpg", connect_args=keywords, environment=environment)
    assert known.endpoint == own.endpoint
    sockets = [UnixEndpoint(one) for one in addresses if isinstance(one, str)]
    if len(sockets) == len(addresses):
        assert known.endpoint in sockets
    else:
        assert known.endpoint in [TcpEndpoint(*one) for one in addresses if isinstance(one, tuple)]


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("?host=a,b", "refused-option:port:ArgumentError"),
        ("?host=a&host=b", "refused-option:port:ArgumentError"),
        ("?host=a:1&host=:2", "refused-option:host:ArgumentError"),
        ("?host=a:1&host=b:2&port=3", "refused-option:port:ArgumentError"),
        ("?port=x", "refused-option:port:ArgumentError"),
        ("?ssl=require&ssl=require", "refused-option:ssl:TypeError"),
        ("?application_name=x", "refused-option:application_name:TypeError"),
        ("?service=app", "ignored-option:service"),
        ("?host=a:1&host=b:2", None),
        ("?host=a,b&port=1,2", None),
        ("?host=a:1", None),
    ],
)
def test_what_sqlalchemy_refuses_is_noted(query: str, note: str | None) -> None:
    """Several hosts need their ports; what is repeated is no word any more."""
    notes_of = registry.read(f"postgresql+asyncpg://u@/x{query}").notes
    assert note in notes_of if note else not [one for one in notes_of if one.startswith("refused-option")]
    dialect: Any = PGDialect_asyncpg
    refused = False
    try:
        dialect().create_connect_args(make_url(f"postgresql+asyncpg://u@/x{query}"))
    except ArgumentError:
        refused = True
    assert refused is bool(note and note.endswith("ArgumentError"))


def test_a_keyword_that_is_none_takes_the_place_of_the_urls() -> None:
    """SQLAlchemy hands it on, and to asyncpg it means: as the environment says, else `prefer`."""
    assert bounds_words(registry.read(f"{BASE}?ssl=require", connect_args={"ssl": None})) == "opportunistic"
    assert bounds_words(registry.read(f"{BASE}?ssl=require", connect_args={"timeout": None})) == "encrypted"


def test_a_service_counts_beside_a_dsn_alone() -> None:
    """Without one asyncpg reads no service file, and PGSERVICE comes too late for it."""
    files = {"~/.pg_service.conf": SERVICES}
    known = registry.from_keywords("asyncpg", {"dsn": "postgres://h/x", "service": "weak"}, files=files)
    assert registry.read(known).bounds.low == Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_3)
    assert registry.files_named(known) == ("~/.pg_service.conf",)
    known = registry.from_keywords("asyncpg", {"host": "h", "service": "app"}, files=files)
    assert "ignored-option:service" in registry.read(known).notes
    assert registry.files_named(known) == ()
    known = registry.resolve(OWN, driver="asyncpg", environment={"PGSERVICE": "app"}, files=files)
    assert "ignored-option:PGSERVICE" in registry.read(known).notes
    known = registry.from_keywords("asyncpg", {"dsn": "postgres://h/x", "service": "app", "servicefile": "/s"})
    assert registry.files_named(known) == ("/s",)
    assert registry.read(known).bounds == UNKNOWN


# What verify-full leaves open.

VERIFIED = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)


def test_harden_believes_no_name_in_the_cn() -> None:
    """Its own DSN cannot say that: a context takes its place."""
    known = registry.resolve(f"{OWN}?sslcert=/c&sslkey=/k&application_name=x", driver="asyncpg")
    written = registry.write(known, VERIFIED, "/ca.pem")
    hardened = registry.harden(known, written)
    assert "cn-fallback" in registry.read(known_after(written)).notes
    assert hardened.url is not None
    assert hardened.url.revealed() == f"{OWN}?application_name=x"
    assert hardened.connect_args == {
        "ssl": PythonContext(anchors="/ca.pem", client_pair=("/c", "/k"), common_name=False)
    }


def test_harden_leaves_what_no_context_can_carry() -> None:
    """A revocation list is worth more."""
    known = registry.resolve(f"{OWN}?sslcrl=/crl.pem", driver="asyncpg")
    written = registry.write(known, VERIFIED, "/ca.pem")
    assert registry.harden(known, written) == written


def known_after(spelling: Spelling) -> DialerSettings:
    if spelling.url is None:
        return registry.from_keywords("asyncpg", spelling.connect_args, environment=spelling.environment)
    return registry.resolve(
        spelling.url, driver="asyncpg", connect_args=spelling.connect_args, environment=spelling.environment
    )


@given(QUERIES, KEYWORDS, ENVIRONMENTS, st.sampled_from([OWN, BASE, ""]), st.sampled_from(["/ca.pem", "system"]))
def test_what_is_hardened_is_still_verified(
    query: dict[str, str], keywords: dict[str, object], environment: dict[str, str], base: str, anchors: str
) -> None:
    """The law: `read(harden(write(verify-full)))` is verify-full, and believes no CN."""
    if base:
        dsn = registry.resolve(base, driver="asyncpg").dsn
        assert dsn is not None
        before = registry.resolve(dsn.with_options(dict(query)), connect_args=keywords, environment=environment)
    else:
        given = {"dsn": f"{OWN}?{'&'.join(f'{k}={v}' for k, v in query.items())}", **keywords}
        before = registry.from_keywords("asyncpg", given, environment=environment)
    dialer = registry.read(known_after(registry.harden(before, registry.write(before, VERIFIED, anchors))))
    assert dialer.bounds.settled == VERIFIED
    assert "cn-fallback" not in dialer.notes
    assert "clear-password" in dialer.notes  # which nothing of asyncpg's closes
