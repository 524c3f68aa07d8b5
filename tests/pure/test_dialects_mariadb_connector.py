"""MariaDB Connector/Python: URL and keywords against what was measured, in both directions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import UNRESOLVED
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "mariadb+mariadbconnector://app:pw@db.internal/app"
P, O, CA, FULL = "plaintext", "opportunistic", "verify-ca", "verify-full"  # noqa: E741 - short keeps tables readable


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


URLS = [
    ("", P, "clear-password"),
    ("?ssl=true", O, "clear-password"),  # trap 13
    ("?ssl=false", P, "clear-password"),
    ("?ssl_ca=/ca", O, "strippable-check"),
    ("?ssl_ca=/ca&ssl_verify_cert=true", FULL, "cn-fallback"),
    ("?ssl_ca=/ca&ssl_verify_cert=false", O, "strippable-check"),  # a real boolean here, other than in trap 14
    ("?ssl_capath=/certs&ssl_verify_cert=true", FULL, "file-assumed:/certs"),
    ("?ssl=false&ssl_ca=/ca&ssl_verify_cert=true", FULL, "file-assumed:/ca"),
    ("?ssl_verify_cert=true", f"encrypted…{FULL}", "system-anchors"),  # trap 17
    ("?ssl_cert=/c&ssl_key=/k", O, "file-assumed:/k"),  # trap 15
    ("?ssl_cipher=HIGH", O, "clear-password"),
    ("?tls_version=TLSv1.3", O, "clear-password"),
    ("?ssl_mode=REQUIRED", P, "refused-option:ssl_mode:TypeError"),
    ("?ssl_verify_identity=true", P, "refused-option:ssl_verify_identity:TypeError"),
    ("?ssl_ca=/ca&ssl_verify_cert=maybe", O, "refused-option:ssl_verify_cert:ValueError"),
    ("?default_file=/my.cnf", f"{P}…{FULL}", "option-file"),
    (f"?ssl_ca={PLACEHOLDER}", f"{P}…{O}", "strippable-check"),
]


@pytest.mark.parametrize(("query", "expected", "note"), URLS)
def test_a_url_means_what_was_measured(query: str, expected: str, note: str) -> None:
    """The table of the measurements, with a sentence each."""
    dialer = registry.read(BASE + query)
    assert bounds_words(dialer) == expected
    assert note in dialer.notes
    assert dialer.why
    assert all(map(notes.known, dialer.notes))


CALLS: list[tuple[dict[str, object], str, str]] = [
    ({"ssl": True}, O, "clear-password"),
    ({"ssl": {"ca": "/ca"}}, O, "strippable-check"),
    ({"ssl": {"ca": "/ca", "verify": True}}, O, "ignored-option:ssl.verify"),
    ({"ssl": {}}, O, "clear-password"),
    ({"ssl": None}, P, "refused-option:ssl:TypeError"),
    ({"ssl_ca": ""}, P, "fails-over-tls"),
    ({"ssl": {"ca": ""}}, P, "fails-over-tls"),
    ({"ssl_cipher": ""}, O, "clear-password"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": True}, FULL, "cn-fallback"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": "true"}, O, "refused-option:ssl_verify_cert:TypeError"),
    ({"ssl_ca": "/ca", "ssl_verify_cert": UNRESOLVED}, f"{O}…{FULL}", "strippable-check"),
]


@pytest.mark.parametrize(("keywords", "expected", "note"), CALLS, ids=str)
def test_a_call_means_what_was_measured(keywords: dict[str, object], expected: str, note: str) -> None:
    """SQLAlchemy makes no booleans of what stands in `connect_args`."""
    direct = registry.read(registry.from_keywords("mariadb", {"host": "db", **keywords}))
    beside = registry.read(BASE, connect_args=keywords)
    assert bounds_words(direct) == bounds_words(beside) == expected
    assert note in direct.notes


@pytest.mark.parametrize(
    ("host", "build", "expected"),
    [
        ("127.0.0.1", "3.4.8", CA),
        ("127.0.0.1", "3.3.20", FULL),
        ("::1", None, f"{CA}…{FULL}"),
        ("127.0.0.2", "3.4", FULL),
    ],
)
def test_a_loopback_address_proves_nothing(host: str, build: str | None, expected: str) -> None:  # trap 17
    """From Connector/C 3.4 on the name is not looked at there."""
    keywords = {"host": host, "ssl_ca": "/ca", "ssl_verify_cert": True}
    dialer = registry.read(registry.from_keywords("mariadb", keywords, build=build))
    assert bounds_words(dialer) == expected
    assert ("loopback-name" in dialer.notes) is (expected != FULL)


def test_an_old_version_was_not_measured() -> None:
    """Bounds, not a guess; and nothing is written for it."""
    old = registry.resolve(f"{BASE}?ssl_ca=/ca&ssl_verify_cert=true", version=Version("1.1.5"))
    dialer = registry.read(old)
    assert bounds_words(dialer) == f"{P}…{FULL}"
    assert "unmeasured-version:1.1.10" in dialer.notes
    with pytest.raises(SettingsError, match=r"1\.1\.10"):
        registry.write(old, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, TcpEndpoint("db.internal", 3306)),
        (f"{BASE}?unix_socket=/run/m.sock", TcpEndpoint("db.internal", 3306)),
        ("mariadb+mariadbconnector:///app?unix_socket=/run/m.sock", UnixEndpoint("/run/m.sock")),
        ("mysql+mariadbconnector://u@localhost/app", UnixEndpoint("/run/mysqld/mysqld.sock")),
        (f"mysql+mariadbconnector://u@{PLACEHOLDER}/app", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """`localhost` is the unix socket; any other host beats one that is named."""
    assert registry.resolve(url).endpoint == expected


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)
QUERIES = st.dictionaries(
    st.sampled_from(["ssl", "ssl_ca", "ssl_verify_cert", "ssl_mode", "default_file", "compress"]),
    st.sampled_from(["true", "false", "/ca"]),
)


@given(POSTURES, QUERIES, st.none() | st.just(("/c.pem", "/k.pem")), st.booleans())
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    pair: tuple[str, str] | None,
    direct: bool,  # noqa: FBT001 - drawn
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    before = (
        registry.from_keywords("mariadb", {"host": "db", **query})
        if direct
        else registry.resolve(dsn.with_options(dict(query)))
    )
    try:
        spelling = registry.write(before, posture, "/ca.pem", pair)
    except SettingsError:
        return
    again = (
        registry.from_keywords("mariadb", spelling.connect_args)
        if spelling.url is None
        else registry.resolve(spelling.url, connect_args=spelling.connect_args)
    )
    got = registry.read(again).bounds.settled
    assert got is not None, registry.read(again)
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)


def test_the_secure_spelling() -> None:
    """CA and switch, by the URL; nothing in between can be said."""
    settings = registry.resolve(f"{BASE}?x=1&ssl=true")
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?x=1&ssl_ca=/ca.pem&ssl_verify_cert=true"
    with pytest.raises(SettingsError, match="no word"):
        registry.write(settings, Posture(Assurance.ENCRYPTED, Floor.TLS_1_2), "/ca.pem")


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=12), st.text(max_size=12) | st.none(), max_size=3))
def test_any_text_is_a_reading_or_our_own_error(text: str, arguments: dict[str, Any]) -> None:
    """Whatever is handed in."""
    try:
        dialer = registry.read(f"{BASE}?{text}", connect_args=arguments)
    except SettingsError:
        return
    assert dialer.why
