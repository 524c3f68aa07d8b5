"""PyMySQL: URL, keywords, dict and context, held against the real driver's own objects, in both directions."""

import ssl
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
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
from everyhop.runtime.python_tls import oldest

BASE = "mysql+pymysql://app:pw@db.internal/app"
INSTALLED = pymysql.VERSION_STRING


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


# Query → from 1.2.4, 1.2.0 to 1.2.3, before; a note. From the measurements, whose traps the numbers are.
URLS = [
    ("", "opportunistic", "opportunistic", "plaintext", "clear-password"),
    ("?ssl_ca=/ca", "verify-full", "verify-full", "opportunistic", "file-assumed:/ca"),
    ("?ssl_ca=/ca", "verify-full", "verify-full", "opportunistic", "cn-fallback"),
    ("?ssl_capath=/etc/ssl/certs", "verify-full", "verify-full", "opportunistic", "cn-fallback"),
    ("?ssl_ca=/ca&ssl_check_hostname=false", "verify-ca", "verify-ca", "opportunistic", "file-assumed:/ca"),
    ("?ssl_check_hostname=true", "encrypted", "encrypted", "opportunistic", "clear-password"),
    ("?ssl_ca=/ca&ssl_verify_identity=true", "verify-ca", "encrypted", "opportunistic", "ignored-option:ssl_ca"),  # 11
    ("?ssl_ca=/ca&ssl_verify_cert=true", "verify-ca", "verify-ca", "opportunistic", "ignored-option:ssl_ca"),  # 11
    ("?ssl_verify_identity=true", "verify-ca", "encrypted", "opportunistic", "clear-password"),  # 12
    ("?ssl_verify_identity=0", "verify-ca", "encrypted", "opportunistic", "string-is-true:ssl_verify_identity"),  # 14
    ("?ssl_verify_cert=false", "encrypted", "encrypted", "opportunistic", "clear-password"),  # 14
    ("?ssl_disabled=false", "plaintext", "plaintext", "plaintext", "string-is-true:ssl_disabled"),  # 14
    ("?ssl_ca=/ca&ssl_disabled=false", "plaintext", "plaintext", "plaintext", "ignored-option:ssl_ca"),  # 14
    ("?ssl_cert=/c&ssl_key=/k", "encrypted", "encrypted", "opportunistic", "file-assumed:/k"),  # 15
    ("?ssl=true", "opportunistic", "opportunistic", "plaintext", "refused-option:ssl:AttributeError"),  # 13
    ("?sslmode=require", "opportunistic", "opportunistic", "plaintext", "refused-option:sslmode:TypeError"),
    ("?ssl_mode=REQUIRED", "opportunistic", "opportunistic", "plaintext", "refused-option:ssl_mode:TypeError"),
    ("?ssl_check_hostname=maybe", "opportunistic", "opportunistic", "plaintext",
     "refused-option:ssl_check_hostname:ValueError"),
    ("?port=33", "opportunistic", "opportunistic", "plaintext", "refused-option:port:ValueError"),
    ("?compress=true", "opportunistic", "opportunistic", "plaintext", "refused-option:compress:NotImplementedError"),
    ("?read_default_file=/my.cnf", "opportunistic…verify-full", "opportunistic…verify-full", "plaintext…opportunistic",
     "option-file"),
    (f"?ssl_ca={PLACEHOLDER}", "opportunistic…verify-full", "opportunistic…verify-full", "plaintext…opportunistic",
     "clear-password"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "now", "early", "before", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, now: str, early: str, before: str, note: str) -> None:
    """The table of the measurements, for each span of versions, with a sentence each."""
    seen = [registry.read(BASE + query, version=Version(v)) for v in ("1.2.4", "1.2.2", "1.1.1")]
    assert [bounds_words(dialer) for dialer in seen] == [now, early, before]
    assert note in seen[0].notes
    assert all(dialer.why and all(map(notes.known, dialer.notes)) for dialer in seen)


KEYWORDS: list[tuple[dict[str, object], str, str]] = [
    ({"ssl_ca": "/ca"}, "encrypted", "clear-password"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": True}, "verify-ca", "clear-password"),
    ({"ssl_ca": "/ca", "ssl_verify_identity": True}, "verify-full", "cn-fallback"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": True, "ssl_verify_identity": True}, "verify-full", "cn-fallback"),
    ({"ssl_verify_identity": True}, "verify-ca", "system-anchors"),  # 12
    ({"ssl": {"ca": "/ca"}}, "verify-full", "file-assumed:/ca"),
    ({"ssl": {"ca": "/ca", "check_hostname": False}}, "verify-ca", "file-assumed:/ca"),
    ({"ssl": {"ca": "/ca", "verify_mode": "none"}}, "encrypted", "refused-option:ssl.verify_mode:ValueError"),
    ({"ssl": {"ca": "/ca", "verify_mode": ssl.CERT_NONE}}, "verify-full", "file-assumed:/ca"),
    ({"ssl": {"check_hostname": True}}, "encrypted", "clear-password"),  # 12
    ({"ssl": {"ssl_ca": "/ca"}}, "encrypted", "ignored-option:ssl.ssl_ca"),  # 12
    ({"ssl": {"ssl-mode": "REQUIRED"}}, "encrypted", "ignored-option:ssl.ssl-mode"),  # 12
    ({"ssl": {"fake_flag_to_enable_tls": True}}, "encrypted", "ignored-option:ssl.fake_flag_to_enable_tls"),  # 12
    ({"ssl": {}}, "opportunistic", "clear-password"),
    ({"ssl": True}, "opportunistic", "refused-option:ssl:AttributeError"),
    ({"ssl_disabled": True, "ssl_ca": "/ca"}, "plaintext", "ignored-option:ssl_ca"),
    ({"ssl_disabled": False}, "opportunistic", "clear-password"),
    ({"ssl_cert": "/c", "ssl_key": "/k"}, "encrypted", "clear-password"),  # 15
    ({"ssl": PythonContext(anchors="/ca")}, "verify-full", "file-assumed:/ca"),
    ({"ssl": PythonContext(check_hostname=False)}, "verify-ca", "clear-password"),
    ({"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)}, "encrypted", "clear-password"),
    ({"ssl": PythonContext(), "ssl_verify_identity": True}, "verify-ca", "ignored-option:ssl"),  # 11
    ({"ssl": UNRESOLVED}, "opportunistic…verify-full", "clear-password"),
    ({"ssl": {"ca": UNRESOLVED}}, "encrypted…verify-full", "clear-password"),
]


@pytest.mark.parametrize(("keywords", "expected", "note"), KEYWORDS, ids=str)
def test_a_call_means_what_was_measured(keywords: dict[str, object], expected: str, note: str) -> None:
    """The same for `pymysql.connect(…)` and for `connect_args` beside a bare URL."""
    direct = registry.read(registry.from_keywords("pymysql", {"host": "db", **keywords}))
    beside = registry.read(BASE, connect_args=keywords)
    assert bounds_words(direct) == bounds_words(beside) == expected
    assert note in direct.notes


def test_the_versions_turn_where_the_driver_did() -> None:
    """`ssl_ca` with `ssl_verify_identity` raises ValueError before 1.2.4; before 1.2.0 nothing is insisted on."""
    settings = {"host": "db", "ssl_ca": "/ca", "ssl_verify_identity": True}
    seen = [
        bounds_words(registry.read(registry.from_keywords("pymysql", settings, version=Version(version))))
        for version in ("1.2.4", "1.2.3", "1.1.2", ">=1.2", ">=1.0", "~=1.1.0", "nonsense")
    ]
    low = "opportunistic"
    assert seen == [
        "verify-full",
        "encrypted",
        low,
        "encrypted…verify-full",
        f"{low}…verify-full",
        low,
        f"{low}…verify-full",
    ]


def test_an_unknown_version_is_the_newest_and_says_so() -> None:
    """Nothing known: the newest known."""
    assert registry.read(BASE).version == Version("1.2.4", assumed=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mariadb+pymysql:///app", TcpEndpoint("localhost", 3306)),
        ("mysql+pymysql://u@h/app?port=33", TcpEndpoint("h", 33)),
        (f"mysql+pymysql://u@{PLACEHOLDER}/app", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is TCP here, other than with mysqlclient."""
    assert registry.resolve(url).endpoint == expected


# The real driver, asked without connecting: what its Connection has made of the settings.


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate that OpenSSL loads, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9999))
    certificate = builder.sign(key, hashes.SHA256())
    folder = tmp_path_factory.mktemp("authority")
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "ca.pem"), str(folder / "key.pem")


def really(arguments: Mapping[str, Any]) -> Assurance | None:
    """What a real `Connection` that was not opened insists on; None where it cannot even be made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            connection: Any = pymysql.Connection(**{**arguments, "defer_connect": True})
        except (TypeError, ValueError, AttributeError):
            return None
    insists = getattr(connection, "_ssl_required", False)  # since 1.2.0
    if not connection.ssl:
        return Assurance.PLAINTEXT
    if not insists:
        return Assurance.OPPORTUNISTIC
    if connection.ctx.verify_mode == ssl.CERT_NONE:
        return Assurance.ENCRYPTED
    return Assurance.IDENTITY_VERIFIED if connection.ctx.check_hostname else Assurance.CHAIN_VERIFIED


TRUTHS = st.sampled_from(["true", "false", "1", "no", "required"])
SWITCHES = {"ssl_verify_cert": TRUTHS, "ssl_verify_identity": TRUTHS, "ssl_disabled": TRUTHS}
FILES = {name: st.just(name) for name in ("ssl_ca", "ssl_pair")}
QUERIES = st.fixed_dictionaries(
    {}, optional=FILES | SWITCHES | {"ssl_check_hostname": TRUTHS, "ssl": TRUTHS, "charset": st.just("utf8mb4")}
)
BOOLEANS = st.booleans() | st.none() | st.sampled_from(["false", "required", "none", 0, 1])
DICTS = st.fixed_dictionaries(
    {},
    optional={"ca": st.just("ssl_ca"), "check_hostname": BOOLEANS, "verify_mode": BOOLEANS, "ssl_ca": st.just("x")},
)
CONTEXTS = st.sampled_from(["default", "no name", "none"])
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional=FILES
    | {"ssl": DICTS | CONTEXTS, "ssl_verify_cert": BOOLEANS, "ssl_verify_identity": BOOLEANS, "ssl_disabled": BOOLEANS},
)


def context(kind: str) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.check_hostname = kind == "default"
    made.verify_mode = ssl.CERT_NONE if kind == "none" else ssl.CERT_REQUIRED
    return made


def with_files(options: Mapping[str, Any], authority: tuple[str, str]) -> dict[str, Any]:
    """The same options with files that are there."""
    made = dict(options)
    if "ssl_ca" in made:
        made["ssl_ca"] = authority[0]
    if made.pop("ssl_pair", None):
        made |= {"ssl_cert": authority[0], "ssl_key": authority[1]}
    if isinstance(made.get("ssl"), dict) and "ca" in made["ssl"]:
        made["ssl"] = made["ssl"] | {"ca": authority[0]}
    elif made.get("ssl") in ["default", "no name", "none"]:
        made["ssl"] = context(made["ssl"])
    return made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(QUERIES, ARGUMENTS)
def test_the_reading_agrees_with_the_real_driver(
    authority: tuple[str, str], query: dict[str, str], arguments: dict[str, Any]
) -> None:
    """SQLAlchemy's own moving of the options, then PyMySQL's own reading of them: the same assurance, or refused."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    url = dsn.with_options(with_files(query, authority))
    added = with_files(arguments, authority)
    dialer = registry.read(url, connect_args=added, version=Version(INSTALLED))
    refused = [note for note in dialer.notes if note.startswith("refused-option:")]
    try:
        _, moved = MySQLDialect_pymysql().create_connect_args(make_url(url.revealed()))
    except ValueError:
        assert refused
        return
    got = really({**moved, **added})
    assert (got is None) is bool(refused), (got, dialer)
    assert got is None or dialer.bounds.settled is not None
    assert got is None or dialer.bounds.low.assurance is got


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(ARGUMENTS)
def test_keywords_agree_with_the_real_driver(authority: tuple[str, str], arguments: dict[str, Any]) -> None:
    """The same without SQLAlchemy."""
    keywords = {"host": "db", **with_files(arguments, authority)}
    dialer = registry.read(registry.from_keywords("pymysql", keywords, version=Version(INSTALLED)))
    refused = any(note.startswith("refused-option:") for note in dialer.notes)
    got = really(keywords)
    assert (got is None) is refused, (got, dialer)
    assert got is None or dialer.bounds.low.assurance is got


def test_the_floor_agrees_with_the_real_driver(authority: tuple[str, str]) -> None:
    """`ssl.create_default_context` refuses what is older than TLS 1.2, and PyMySQL leaves that as it is."""
    connection: Any = pymysql.Connection(defer_connect=True, ssl={"ca": authority[0]})
    assert oldest(connection.ctx) == "TLSv1_2"
    assert registry.read(f"{BASE}?ssl_ca=/ca").bounds.low.floor is Floor.TLS_1_2


def test_a_live_context_is_read_by_what_it_tells() -> None:
    """Mode, host name, floor and the CN fallback of an `ssl.SSLContext`."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.hostname_checks_common_name = False
    dialer = registry.read(BASE, connect_args={"ssl": made})
    assert dialer.bounds.settled == Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3)
    assert "cn-fallback" not in dialer.notes


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
    st.sampled_from([None, "1.2.1", "1.2.4", ">=1.2", "1.1.2"]),
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
        before = registry.from_keywords("pymysql", {"host": "db", **arguments}, version=given_version)
    else:
        dsn = registry.resolve(BASE).dsn
        assert dsn is not None
        before = registry.resolve(dsn.with_options(dict(query)), connect_args=arguments, version=given_version)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    after = _again(before, spelling.url, spelling.connect_args)
    got = registry.read(after).bounds.settled
    assert got is not None, registry.read(after)
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)


def _again(before: DialerSettings, url: Any, connect_args: Mapping[str, object]) -> DialerSettings:
    if url is None:
        return registry.from_keywords("pymysql", connect_args, version=before.version)
    return registry.resolve(url, connect_args=connect_args, version=before.version)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "?ssl_ca=/ca.pem"),
        ("?charset=utf8mb4&ssl_disabled=true", "?charset=utf8mb4&ssl_ca=/ca.pem"),
        ("?ssl_ca=/old&ssl_verify_identity=true&x=1", "?ssl_ca=/ca.pem&x=1"),
        ("?sslmode=require", "?ssl_ca=/ca.pem"),
        ("?ssl_cert=/c&ssl_key=/k", "?ssl_cert=/c&ssl_key=/k&ssl_ca=/ca.pem"),
    ],
)
def test_the_secure_spelling_is_ssl_ca_alone(before: str, after: str) -> None:
    """What gets in its way goes, the rest stays in its place."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    spelling = registry.write(registry.resolve(BASE + before), posture, "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == BASE + after
    assert spelling.connect_args == {}


def test_a_floor_of_tls_1_3_takes_a_context() -> None:
    """A URL cannot carry it."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3)
    spelling = registry.write(registry.resolve(f"{BASE}?ssl_ca=/old"), posture, "/ca")
    assert spelling.url is not None
    assert spelling.url.revealed() == BASE
    assert spelling.connect_args == {"ssl": PythonContext(anchors="/ca", floor=Floor.TLS_1_3, common_name=False)}


def test_an_old_driver_cannot_be_told() -> None:
    """Before 1.2.0 there is no spelling to write, and the error says what to do."""
    old = registry.resolve(BASE, version=Version("1.1.1"))
    with pytest.raises(SettingsError) as caught:
        registry.write(old, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca")
    assert "1.2.0" in str(caught.value.hint)


def test_the_authority_fixture_is_used(authority: tuple[str, str]) -> None:
    """The files of the agreement tests are there: a missing one would make every comparison vacuous."""
    assert all(Path(file).is_file() for file in authority)
