"""aiomysql: whatever is set, nothing insists on TLS; held against the real driver's own objects."""

import inspect
import ssl
from collections.abc import Mapping
from typing import Any

import aiomysql  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import notes, registry
from everyhop.dialects.aiomysql import _SIGNATURE
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings, PeerCheck, PythonContext
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "mysql+aiomysql://app:pw@db.internal/app"


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


P, O = "plaintext", "opportunistic"  # noqa: E741 - one letter each keeps the tables readable

URLS = [
    ("", P, "clear-password"),
    ("?ssl_ca=/ca", P, "fails-over-tls"),  # trap 18
    ("?ssl_ca=/ca", P, "ignored-option:ssl_ca"),
    ("?ssl_ca=/ca&ssl_check_hostname=false", P, "ignored-option:ssl_check_hostname"),
    ("?ssl_cert=/c&ssl_key=/k", P, "ignored-option:ssl_cert"),  # trap 15
    ("?ssl=true", P, "fails-over-tls"),
    ("?ssl=false", P, "fails-over-tls"),
    ("?ssl=true", P, "ignored-option:ssl"),
    ("?ssl_disabled=false", P, "refused-option:ssl_disabled:TypeError"),
    ("?sslmode=require", P, "refused-option:sslmode:TypeError"),
    ("?ssl_mode=REQUIRED", P, "refused-option:ssl_mode:TypeError"),
    ("?ssl_verify_identity=true", P, "refused-option:ssl_verify_identity:TypeError"),
    ("?ssl_check_hostname=maybe", P, "refused-option:ssl_check_hostname:ValueError"),
    ("?read_default_file=/my.cnf", P, "clear-password"),
    (f"?ssl_ca={PLACEHOLDER}", P, "fails-over-tls"),
]


@pytest.mark.parametrize(("query", "expected", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, expected: str, note: str) -> None:
    """No URL can say anything: an `ssl.SSLContext` does not fit into one."""
    dialer = registry.read(BASE + query)
    assert bounds_words(dialer) == expected
    assert note in dialer.notes
    assert dialer.why
    assert all(map(notes.known, dialer.notes))


CALLS: list[tuple[dict[str, object], str, str]] = [
    ({"ssl": True}, O, "system-anchors"),
    ({"ssl": True}, O, "strippable-check"),
    ({"ssl": {}}, P, "clear-password"),
    ({"ssl": {"ca": "/ca"}}, P, "fails-over-tls"),  # trap 18
    ({"ssl": {"ca": "/ca"}}, P, "ignored-option:ssl.ca"),
    ({"ssl": PythonContext(anchors="/ca")}, O, "strippable-check"),
    ({"ssl": PythonContext(anchors="/ca")}, O, "file-assumed:/ca"),
    ({"ssl": PythonContext(anchors="/ca")}, O, "cn-fallback"),
    ({"ssl": PythonContext(check_hostname=False)}, O, "strippable-check"),
    ({"ssl": PythonContext(PeerCheck.NONE, check_hostname=False)}, O, "clear-password"),
    ({"ssl": UNRESOLVED}, f"{P}…{O}", "strippable-check"),
    ({"ssl": {"ca": UNRESOLVED}}, P, "fails-over-tls"),
    ({"ssl_ca": "/ca"}, P, "refused-option:ssl_ca:TypeError"),
    ({ANY_OPTION: UNRESOLVED}, f"{P}…{O}", "unresolved-options"),
]


@pytest.mark.parametrize(("keywords", "expected", "note"), CALLS, ids=str)
def test_a_call_means_what_was_measured(keywords: dict[str, object], expected: str, note: str) -> None:
    """In a direct call, and as `connect_args` beside a bare URL unless SQLAlchemy would move it."""
    direct = registry.read(registry.from_keywords("aiomysql", {"host": "db", **keywords}))
    beside = registry.read(BASE, connect_args=keywords)
    assert bounds_words(direct) == bounds_words(beside) == expected
    assert note in direct.notes


def test_a_live_context_keeps_its_floor_and_no_more() -> None:
    """A verifying `ssl.SSLContext` with TLS 1.3 is still opportunistic."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    dialer = registry.read(BASE, connect_args={"ssl": made})
    assert dialer.bounds.settled == Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_3)
    assert "clear-password" in dialer.notes


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0", ">=0.1", "nonsense"])
def test_no_version_is_any_better(version: str) -> None:
    """Measured from 0.1.1 to 0.3.2."""
    dialer = registry.read(BASE, connect_args={"ssl": PythonContext()}, version=Version(version))
    assert bounds_words(dialer) == O
    assert registry.read(BASE).version == Version("0.3.2", assumed=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mariadb+aiomysql:///app", TcpEndpoint("localhost", 3306)),
        (f"mysql+aiomysql://u@{PLACEHOLDER}/app", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is TCP here, other than with mysqlclient."""
    assert registry.resolve(url).endpoint == expected


def test_the_keywords_are_the_real_drivers() -> None:
    """Every other one raises TypeError."""
    assert set(inspect.signature(aiomysql.connect).parameters) | {"async_creator_fn"} == _SIGNATURE.keywords


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)
QUERIES = st.dictionaries(
    st.sampled_from(["ssl", "ssl_ca", "ssl_check_hostname", "ssl_disabled", "charset"]),
    st.sampled_from(["true", "/ca", "utf8mb4"]),
)
ARGUMENTS = st.fixed_dictionaries(
    {}, optional={"ssl": st.booleans() | st.just({"ca": "/ca"}) | st.just(PythonContext()), "ssl_ca": st.just("/ca")}
)


@given(POSTURES, QUERIES, ARGUMENTS, st.none() | st.just(("/c.pem", "/k.pem")), st.booleans())
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    arguments: dict[str, Any],
    pair: tuple[str, str] | None,
    direct: bool,  # noqa: FBT001 - drawn
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before; above `opportunistic`: no."""
    if direct:
        before = registry.from_keywords("aiomysql", {"host": "db", **arguments})
    else:
        dsn = registry.resolve(BASE).dsn
        assert dsn is not None
        before = registry.resolve(dsn.with_options(dict(query)), connect_args=arguments)
    try:
        spelling = registry.write(before, posture, "/ca.pem", pair)
    except SettingsError:
        return
    assert posture.assurance <= Assurance.OPPORTUNISTIC
    got = registry.read(_again(spelling.url, spelling.connect_args))
    assert got.bounds.settled is not None, got
    assert (got.bounds.low.assurance, got.bounds.low.floor) == (posture.assurance, posture.floor)
    assert got.bounds.low.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)


def _again(url: Any, connect_args: Mapping[str, object]) -> DialerSettings:
    if url is None:
        return registry.from_keywords("aiomysql", connect_args)
    return registry.resolve(url, connect_args=connect_args)


@pytest.mark.parametrize("assurance", [Assurance.PLAINTEXT, Assurance.OPPORTUNISTIC])
def test_what_it_can_promise_can_be_written(assurance: Assurance) -> None:
    """The law above is not kept by refusing."""
    posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
    spelling = registry.write(registry.resolve(f"{BASE}?x=1&ssl_ca=/old"), posture, "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?x=1"
    assert bool(spelling.connect_args) is bool(assurance)


@pytest.mark.parametrize(
    "assurance", [Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED, Assurance.IDENTITY_VERIFIED], ids=lambda one: one.word
)
def test_what_it_cannot_promise_takes_another_driver(assurance: Assurance) -> None:
    """And the error names one."""
    with pytest.raises(SettingsError, match="plaintext") as caught:
        registry.write(registry.resolve(BASE), Posture(assurance, Floor.TLS_1_2), "/ca.pem")
    assert "mysql+asyncmy://" in str(caught.value.hint)


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=12), st.text(max_size=12) | st.none(), max_size=3))
def test_any_text_is_a_reading_or_our_own_error(text: str, arguments: dict[str, Any]) -> None:
    """Whatever is handed in, it is never read as more than `opportunistic`."""
    try:
        dialer = registry.read(f"{BASE}?{text}", connect_args=arguments)
    except SettingsError:
        return
    assert dialer.bounds.high.assurance <= Assurance.OPPORTUNISTIC
