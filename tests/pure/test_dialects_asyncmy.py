"""asyncmy: URL, dict and context, held against the real driver's own objects, in both directions."""

import asyncio
import ssl
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from typing import Any

import asyncmy.connection
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import UNRESOLVED, DialerSettings, PeerCheck, PythonContext
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "mysql+asyncmy://app:pw@db.internal/app"
VERSIONS = ("0.2.18", "0.2.11", "0.2.9", "0.2.8")


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


P, E, CA, FULL = "plaintext", "encrypted", "verify-ca", "verify-full"

# Query → for each of VERSIONS; a note of the newest. Before 0.2.9 everything that becomes a dict raises.
URLS = [
    ("", P, P, P, P, "clear-password"),
    ("?ssl_ca=/ca", FULL, FULL, FULL, P, "file-assumed:/ca"),
    ("?ssl_ca=/ca", FULL, FULL, FULL, P, "cn-fallback"),
    ("?ssl_capath=/etc/ssl/certs", FULL, FULL, FULL, P, "cn-fallback"),
    ("?ssl_ca=/ca&ssl_check_hostname=false", CA, CA, CA, P, "clear-password"),
    ("?ssl_check_hostname=true", E, E, E, P, "clear-password"),
    ("?ssl_check_hostname=false", E, E, E, P, "clear-password"),
    ("?ssl_cert=/c&ssl_key=/k", E, E, E, P, "file-assumed:/k"),  # trap 15
    ("?ssl_key=/k", E, E, E, P, "ignored-option:ssl_key"),
    ("?ssl=true", P, P, P, P, "refused-option:ssl:ValueError"),  # trap 13
    ("?ssl=true&ssl_ca=/ca", FULL, FULL, FULL, P, "ignored-option:ssl"),
    ("?ssl_disabled=false", P, P, P, P, "refused-option:ssl_disabled:TypeError"),  # trap 14: here it is an error
    ("?ssl_ca=/ca&ssl_verify_identity=true", FULL, FULL, FULL, P, "refused-option:ssl_verify_identity:TypeError"),
    ("?sslmode=require", P, P, P, P, "refused-option:sslmode:TypeError"),
    ("?ssl_mode=REQUIRED", P, P, P, P, "refused-option:ssl_mode:TypeError"),
    ("?ssl_check_hostname=maybe", P, P, P, P, "refused-option:ssl_check_hostname:ValueError"),
    ("?port=3307", P, P, P, P, "refused-option:port:ValueError"),
    ("?read_default_file=/my.cnf", f"{P}…{FULL}", f"{P}…{FULL}", f"{P}…{FULL}", P, "option-file"),
    ("?ssl_ca=/ca&read_default_file=/my.cnf", FULL, FULL, FULL, P, "file-assumed:/ca"),
    (f"?ssl_ca={PLACEHOLDER}", f"{P}…{FULL}", f"{P}…{FULL}", f"{P}…{FULL}", P, "clear-password"),
]


@pytest.mark.parametrize(("query", "now", "silent", "dicts", "before", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, now: str, silent: str, dicts: str, before: str, note: str) -> None:
    """The table of the measurements, for each span of versions, with a sentence each."""
    seen = [registry.read(BASE + query, version=Version(v)) for v in VERSIONS]
    assert [bounds_words(dialer) for dialer in seen] == [now, silent, dicts, before]
    assert note in seen[0].notes
    assert all(dialer.why and all(map(notes.known, dialer.notes)) for dialer in seen)


REFUSED = "refused-option:ssl:AttributeError"

CALLS: list[tuple[object, str, str, str, str, tuple[str, str, str, str]]] = [
    (True, E, P, P, FULL, ("clear-password", "fails-over-tls", REFUSED, "system-anchors")),
    ("true", P, P, P, P, ("refused-option:ssl:ValueError", "fails-over-tls", REFUSED, REFUSED)),
    ({}, P, P, P, P, ("clear-password",) * 4),
    ({"ca": "/ca"}, FULL, FULL, FULL, P, ("cn-fallback", "cn-fallback", "cn-fallback", REFUSED)),
    (PythonContext(), FULL, FULL, FULL, FULL, ("cn-fallback",) * 4),
    (PythonContext(check_hostname=False), CA, CA, CA, CA, ("clear-password",) * 4),
    (PythonContext(PeerCheck.NONE, check_hostname=False), E, E, E, E, ("clear-password",) * 4),
]


@pytest.mark.parametrize(("given_ssl", "now", "silent", "dicts", "before", "told"), CALLS, ids=str)
def test_ssl_means_what_the_version_makes_of_it(
    given_ssl: object, now: str, silent: str, dicts: str, before: str, told: tuple[str, ...]
) -> None:
    """`ssl=True` alone has had four meanings."""
    keywords = {"host": "db", "ssl": given_ssl}
    seen = [registry.read(registry.from_keywords("asyncmy", keywords, version=Version(v))) for v in VERSIONS]
    assert [bounds_words(dialer) for dialer in seen] == [now, silent, dicts, before]
    assert all(note in dialer.notes for note, dialer in zip(told, seen, strict=True))


DICTS: list[tuple[dict[str, object], str, str]] = [
    ({"ca": "/ca", "check_hostname": False}, CA, "file-assumed:/ca"),
    ({"ca": "/ca", "check_hostname": False, "verify_mode": "none"}, E, "clear-password"),
    ({"ca": "/ca", "verify_mode": "none"}, E, "refused-option:ssl.verify_mode:ValueError"),
    ({"ca": "/ca", "verify_mode": ssl.CERT_NONE}, FULL, "cn-fallback"),
    ({"check_hostname": True}, E, "clear-password"),
    ({"verify_mode": "required"}, CA, "system-anchors"),
    ({"ca": ""}, FULL, "system-anchors"),
    ({"ssl_ca": "/ca"}, E, "ignored-option:ssl.ssl_ca"),
    ({"ssl-mode": "REQUIRED"}, E, "ignored-option:ssl.ssl-mode"),
    ({"cert": None}, E, "refused-option:ssl.cert:TypeError"),
    ({"ca": UNRESOLVED}, f"{E}…{FULL}", "clear-password"),
]


@pytest.mark.parametrize(("inner", "expected", "note"), DICTS, ids=str)
def test_a_dict_means_what_was_measured(inner: dict[str, object], expected: str, note: str) -> None:
    """In a direct call and as `connect_args` beside a bare URL."""
    direct = registry.read(registry.from_keywords("asyncmy", {"host": "db", "ssl": inner}))
    beside = registry.read(BASE, connect_args={"ssl": inner})
    assert bounds_words(direct) == bounds_words(beside) == expected
    assert note in direct.notes


def test_a_requirement_leaves_bounds() -> None:
    """Where the version may be on either side of a turning point."""
    settings = registry.from_keywords("asyncmy", {"host": "db", "ssl": True}, version=Version(">=0.2.10"))
    assert bounds_words(registry.read(settings)) == f"{P}…{E}"
    assert registry.read(BASE).version == Version("0.2.18", assumed=True)
    unresolved = registry.read(registry.from_keywords("asyncmy", {"host": "db", "ssl": UNRESOLVED}))
    assert bounds_words(unresolved) == f"{P}…{FULL}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mariadb+asyncmy:///app", TcpEndpoint("localhost", 3306)),
        (f"mysql+asyncmy://u@{PLACEHOLDER}/app", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is TCP here, other than with mysqlclient."""
    assert registry.resolve(url).endpoint == expected


# The real driver, asked without connecting: what its Connection has made of the settings.


def really(arguments: Mapping[str, Any]) -> Assurance | None:
    """What a real `Connection` that was not opened insists on; None where it cannot even be made."""
    make: Any = asyncmy.connection.Connection

    async def made() -> Assurance | None:
        try:
            connection: Any = make(**arguments)
        except (TypeError, ValueError, AttributeError):
            return None
        context = connection._ssl_context
        if context is None:
            return Assurance.PLAINTEXT
        if context.verify_mode == ssl.CERT_NONE:
            return Assurance.ENCRYPTED
        return Assurance.IDENTITY_VERIFIED if context.check_hostname else Assurance.CHAIN_VERIFIED

    return asyncio.run(made())


SYSTEM = ssl.get_default_verify_paths().openssl_capath
TRUTHS = st.sampled_from(["true", "false", "1", "no", "required"])
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "ssl_capath": st.just(SYSTEM),
        "ssl_check_hostname": TRUTHS,
        "ssl": TRUTHS,
        "ssl_disabled": TRUTHS,
        "ssl_verify_cert": TRUTHS,
        "charset": st.just("utf8mb4"),
    },
)
SWITCHES = st.booleans() | st.none() | st.sampled_from(["false", "required", "none", 0, 1])
INNER = st.fixed_dictionaries(
    {},
    optional={
        "capath": st.just(SYSTEM) | st.none(),
        "check_hostname": SWITCHES,
        "verify_mode": SWITCHES,
        "ssl_ca": st.just("x"),
        "cert": st.none(),
    },
)
CONTEXTS = st.sampled_from(["default", "no name", "none"])
ARGUMENTS = st.fixed_dictionaries(
    {}, optional={"ssl": INNER | CONTEXTS | SWITCHES, "ssl_ca": st.just("/ca"), "read_timeout": st.just(5)}
)


def with_context(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A real context in place of its name."""
    kind = arguments.get("ssl")
    if kind not in ["default", "no name", "none"] or kind == "none":
        return dict(arguments)
    made = ssl.create_default_context()
    made.check_hostname = kind == "default"
    return {**arguments, "ssl": made}


@given(QUERIES, ARGUMENTS, st.booleans())
def test_the_reading_agrees_with_the_real_driver(
    query: dict[str, str],
    arguments: dict[str, Any],
    direct: bool,  # noqa: FBT001 - drawn
) -> None:
    """SQLAlchemy's own moving of the options, then asyncmy's own reading of them: the same assurance, or refused."""
    added = with_context(arguments)
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    here = Version(installed_version("asyncmy"))
    if direct:
        keywords: dict[str, Any] = {"host": "db", **added}
        dialer = registry.read(registry.from_keywords("asyncmy", keywords, version=here))
        got = really(keywords)
    else:
        url = dsn.with_options(dict(query))
        dialer = registry.read(url, connect_args=added, version=here)
        try:
            _, moved = MySQLDialect_pymysql().create_connect_args(
                make_url(url.revealed()), _translate_args={"username": "user", "database": "db"}
            )
            got = really({**moved, **added})
        except ValueError:
            got = None
    refused = any(note.startswith("refused-option:") for note in dialer.notes)
    assert (got is None) is refused, (got, dialer)
    assert got is None or (dialer.bounds.settled is not None and dialer.bounds.low.assurance is got)


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
    st.sampled_from([None, "0.2.7", "0.2.9", "0.2.11", ">=0.2.9", ">=0.2", "0.2.18"]),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    arguments: dict[str, Any],
    anchors: str,
    pair: tuple[str, str] | None,
    direct: bool,  # noqa: FBT001 - drawn
    version: str | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    given_version = Version(version) if version else None
    if direct:
        before = registry.from_keywords("asyncmy", {"host": "db", **arguments}, version=given_version)
    else:
        dsn = registry.resolve(BASE).dsn
        assert dsn is not None
        before = registry.resolve(dsn.with_options(dict(query)), connect_args=arguments, version=given_version)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    got = registry.read(_again(before, spelling.url, spelling.connect_args))
    assert got.bounds.settled is not None, got
    assert (got.bounds.low.assurance, got.bounds.low.floor) == (posture.assurance, posture.floor)
    assert got.bounds.low.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)
    assert not any(note.startswith(("refused-option:", "ignored-option:")) for note in got.notes)


def _again(before: DialerSettings, url: Any, connect_args: Mapping[str, object]) -> DialerSettings:
    if url is None:
        return registry.from_keywords("asyncmy", connect_args, version=before.version)
    return registry.resolve(url, connect_args=connect_args, version=before.version)


@pytest.mark.parametrize("assurance", [one for one in Assurance if one is not Assurance.OPPORTUNISTIC])
def test_everything_but_opportunistic_can_be_written(assurance: Assurance) -> None:
    """The law above is not kept by refusing."""
    floor = Floor.TLS_1_2 if assurance else Floor.NONE
    spelling = registry.write(registry.resolve(f"{BASE}?x=1&ssl_ca=/old"), Posture(assurance, floor), "/ca.pem")
    assert spelling.connect_args == {}
    assert spelling.url is not None
    written = {
        Assurance.PLAINTEXT: "?x=1",
        Assurance.ENCRYPTED: "?x=1&ssl_check_hostname=false",
        Assurance.CHAIN_VERIFIED: "?x=1&ssl_ca=/ca.pem&ssl_check_hostname=false",
        Assurance.IDENTITY_VERIFIED: "?x=1&ssl_ca=/ca.pem",
    }[assurance]
    # an option is replaced in its place; the order of the two that are new does not matter
    assert sorted(spelling.url.revealed().partition("?")[2].split("&")) == sorted(written[1:].split("&"))


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=12), st.text(max_size=12) | st.none(), max_size=3))
def test_any_text_is_a_reading_or_our_own_error(text: str, arguments: dict[str, Any]) -> None:
    """Whatever is handed in."""
    try:
        dialer = registry.read(f"{BASE}?{text}", connect_args=arguments)
    except SettingsError:
        return
    assert dialer.why
