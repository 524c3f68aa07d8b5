"""pg8000: what `ssl_context` means, before 1.31 and since, in both directions."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pg8000 import core, exceptions  # type: ignore[import-untyped]
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, PeerCheck, PythonContext, Spelling
from everyhop.errors import EveryhopError, SettingsError
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

BASE = "postgresql+pg8000://app:pw@db.internal/app"
UNVERIFIED = PythonContext(PeerCheck.NONE, check_hostname=False)


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


# Query, connect_args, version → assurance and a note that must be there; the numbers are the measurements' traps.
SPELLINGS: list[tuple[str, dict[str, object], str | None, str, str]] = [
    ("", {}, None, "opportunistic", "clear-password"),
    ("", {}, "1.30.5", "plaintext", "clear-password"),
    ("", {}, ">=1.29", "plaintext…opportunistic", "clear-password"),
    ("", {}, "1.28", "plaintext…verify-full", "unmeasured-version:1.29"),
    ("", {"ssl_context": None}, None, "opportunistic", "clear-password"),
    ("", {"ssl_context": True}, None, "encrypted", "clear-password"),  # 9
    ("", {"ssl_context": True}, "1.30.5", "verify-full", "system-anchors"),
    ("", {"ssl_context": True}, ">=1.30", "encrypted…verify-full", "clear-password"),
    ("", {"ssl_context": False}, None, "plaintext", "clear-password"),
    ("", {"ssl_context": False}, "1.30.5", "plaintext", "refused-option:ssl_context:AttributeError"),
    ("", {"ssl_context": PythonContext(anchors="/ca.pem")}, None, "verify-full", "file-assumed:/ca.pem"),
    ("", {"ssl_context": PythonContext(anchors="/ca.pem")}, ">=1.29", "verify-full", "cn-fallback"),
    ("", {"ssl_context": PythonContext(anchors="/ca.pem")}, None, "verify-full", "clear-password"),
    ("?ssl_context=a&ssl_context=b", {}, None, "opportunistic", "refused-option:ssl_context:AttributeError"),
    ("", {"ssl_context": PythonContext(check_hostname=False)}, None, "verify-ca", "clear-password"),
    ("", {"ssl_context": UNVERIFIED}, "1.30.5", "encrypted", "clear-password"),
    ("", {"ssl_context": {"ca": "/ca.pem"}}, None, "opportunistic", "refused-option:ssl_context:AttributeError"),
    ("", {"ssl_context": 1}, None, "opportunistic", "refused-option:ssl_context:AttributeError"),
    ("?ssl_context=true", {}, None, "opportunistic", "refused-option:ssl_context:AttributeError"),
    (f"?ssl_context={PLACEHOLDER}", {}, None, "plaintext…verify-full", "clear-password"),
    ("", {"ssl_context": UNRESOLVED}, None, "plaintext…verify-full", "clear-password"),
    ("?sslmode=verify-full", {}, None, "opportunistic", "refused-option:sslmode:TypeError"),
    ("?ssl=true", {}, None, "opportunistic", "refused-option:ssl:TypeError"),
    ("", {"ssl": True}, None, "opportunistic", "refused-option:ssl:TypeError"),
    ("?unix_sock=/run/s", {}, None, "plaintext", "clear-password"),
    ("?unix_sock=/run/s", {"ssl_context": True}, None, "encrypted", "refused-option:ssl_context:InterfaceError"),
    ("", {"sock": UNRESOLVED}, None, "plaintext…verify-full", "unresolved-options"),
]


@pytest.mark.parametrize(("query", "arguments", "version", "expected", "note"), SPELLINGS)
def test_a_spelling_means_what_was_measured(
    query: str, arguments: dict[str, object], version: str | None, expected: str, note: str
) -> None:
    """Through SQLAlchemy and, without a query, in a call."""
    known = Version(version) if version else None
    dialers = [registry.read(BASE + query, connect_args=arguments, version=known)]
    if not query:
        dialers.append(registry.read(registry.from_keywords("pg8000", {"host": "h", **arguments}, version=known)))
    for dialer in dialers:
        assert bounds_words(dialer) == expected
        assert note in dialer.notes
        assert dialer.why
        assert all(notes.known(word) for word in dialer.notes)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+pg8000://u@db.internal/x", TcpEndpoint("db.internal", 5432)),
        ("postgresql+pg8000://u@[::1]:5433/x", TcpEndpoint("::1", 5433)),
        ("postgresql+pg8000:///x", TcpEndpoint("localhost", 5432)),
        ("postgresql+pg8000://h/x?host=other&port=1", TcpEndpoint("other", 1)),
        ("postgresql+pg8000://h/x?unix_sock=/run/.s.PGSQL.5432", UnixEndpoint("/run/.s.PGSQL.5432")),
        (f"postgresql+pg8000://u@{PLACEHOLDER}/x", None),
    ],
)
def test_the_endpoint_is_where_the_bytes_go(url: str, expected: object) -> None:
    """No host is localhost by TCP, and the environment has no say."""
    assert registry.resolve(url, environment={"PGHOST": "elsewhere"}).endpoint == expected


def test_the_environment_has_no_say() -> None:
    """pg8000 reads no PG… variable."""
    environment = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem"}
    assert bounds_words(registry.read(BASE, environment=environment)) == "opportunistic"


def test_unknown_stays_unknown() -> None:
    """Options known only at run time may say anything."""
    assert registry.read(BASE, connect_args={ANY_OPTION: UNRESOLVED}).bounds == UNKNOWN


class Scripted:
    """A connected socket to a server that gives one answer to the SSLRequest."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def sendall(self, _data: bytes) -> None: ...

    def recv(self, _size: int) -> bytes:
        return self.answer

    def setsockopt(self, *_: object) -> None: ...

    def close(self) -> None: ...


def really(arguments: Mapping[str, Any]) -> Assurance | None:
    """What the real driver does where the server has TLS and where it has none; None: nothing goes with TLS."""
    wrapped: list[ssl.SSLContext] = []

    def wrap(context: ssl.SSLContext, sock: object, **_: object) -> object:
        wrapped.append(context)
        return sock

    def made() -> bool:
        try:
            core._make_socket(None, None, "db", 5432, None, None, False, arguments.get("ssl_context"))
        except (exceptions.InterfaceError, AttributeError):
            return False
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "wrap_socket", wrap)
        taken = {}
        for answer in (b"S", b"N"):
            patch.setattr(socket, "create_connection", lambda *_, answer=answer: Scripted(answer))
            taken[answer] = made()
    if not taken[b"S"]:
        return None
    if not wrapped:
        return Assurance.PLAINTEXT
    if taken[b"N"]:
        return Assurance.OPPORTUNISTIC
    if wrapped[0].verify_mode == ssl.CERT_NONE:
        return Assurance.ENCRYPTED
    return Assurance.IDENTITY_VERIFIED if wrapped[0].check_hostname else Assurance.CHAIN_VERIFIED


@pytest.mark.parametrize("given", [None, True, False, 0, 1, "true", {}, "context", "no name", "unverified"])
def test_the_reading_agrees_with_the_real_driver(given: object) -> None:
    """Its own making of a socket, with a scripted server in place of a real one."""
    value = given
    if given in ("context", "no name", "unverified"):
        value = ssl.create_default_context()
        value.check_hostname = given == "context"
        value.verify_mode = ssl.CERT_NONE if given == "unverified" else ssl.CERT_REQUIRED
    dialer = registry.read(BASE, connect_args={"ssl_context": value})
    got = really({"ssl_context": value})
    assert (got is None) is ("refused-option:ssl_context:AttributeError" in dialer.notes)
    assert got is None or got is dialer.bounds.low.assurance


def test_sqlalchemy_hands_on_what_is_read() -> None:
    """The real dialect's connect arguments are the keywords that this reading starts from."""
    dialect: Any = PGDialect_pg8000
    _, arguments = dialect().create_connect_args(make_url(f"{BASE}?ssl_context=x&host=other"))
    assert (arguments["ssl_context"], arguments["host"]) == ("x", "other")


POSTURES = st.builds(
    Posture, st.sampled_from(list(Assurance)), st.sampled_from(list(Floor)), st.sampled_from(list(ClientAuth))
)
GIVEN = st.sampled_from([None, True, False, 1, PythonContext(), UNVERIFIED, PythonContext(client_pair=("/c", "/k"))])


@given(
    POSTURES,
    st.dictionaries(st.sampled_from(["ssl_context", "sslmode", "application_name", "ssl"]), st.just("x")),
    st.fixed_dictionaries({}, optional={"ssl_context": GIVEN, "timeout": st.just(5)}),
    st.sampled_from(["/etc/ssl/lab ca.pem", "system"]),
    st.none() | st.just(("/c.pem", "/k.pem")),
    st.sampled_from([BASE, "postgresql+pg8000:///x?unix_sock=/run/s", ""]),
    st.sampled_from([None, "1.30.5", "1.29.8", ">=1.30", ">=1.31", "1.28"]),
)
def test_what_is_written_is_read_back(
    posture: Posture,
    query: dict[str, str],
    arguments: dict[str, object],
    anchors: str,
    pair: tuple[str, str] | None,
    base: str,
    version: str | None,
) -> None:
    """The law: `read(write(p)) == p` in assurance and floor, whatever stood there before."""
    known = Version(version) if version else None
    if base:
        dsn = registry.resolve(base).dsn
        assert dsn is not None
        before = registry.resolve(dsn.with_options(dict(query)), connect_args=arguments, version=known)
    else:
        before = registry.from_keywords("pg8000", {"host": "h", **arguments}, version=known)
    try:
        spelling = registry.write(before, posture, anchors, pair)
    except SettingsError:
        return
    if spelling.url is None:
        again = registry.from_keywords("pg8000", spelling.connect_args, version=known)
    else:
        again = registry.resolve(spelling.url, connect_args=spelling.connect_args, version=known)
    dialer = registry.read(again)
    got = dialer.bounds.settled
    assert got is not None, dialer
    assert (got.assurance, got.floor) == (posture.assurance, posture.floor)
    assert got.client_auth >= min(posture.client_auth, ClientAuth.OPTIONAL)
    assert not [note for note in dialer.notes if note.startswith("refused-option:")]
    assert spelling.connect_args.get("timeout") == arguments.get("timeout")


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.dictionaries(st.text(max_size=5) | st.sampled_from(["ssl_context", "host", "port"]), st.text() | st.integers()),
)
def test_any_text_is_a_reading_or_our_own_exception(name: str, value: str, keywords: dict[str, object]) -> None:
    """Nothing else is raised, whatever the options say."""
    dsn = registry.resolve(BASE).dsn
    assert dsn is not None
    with suppress(EveryhopError):
        assert registry.read(dsn.with_options({name: value}), connect_args=keywords).why
    with suppress(EveryhopError):
        assert registry.read(registry.from_keywords("pg8000", keywords)).why


def test_the_secure_spelling_is_a_context() -> None:
    """The URL loses what it cannot carry; the context believes no CN."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    before = registry.resolve(f"{BASE}?sslmode=require&application_name=x", connect_args={"timeout": 5})
    spelling = registry.write(before, posture, "/ca")
    assert spelling.url is not None
    assert spelling.url.revealed() == f"{BASE}?application_name=x"
    assert spelling.connect_args == {"timeout": 5, "ssl_context": PythonContext(anchors="/ca", common_name=False)}


def test_harden_believes_no_name_in_the_cn() -> None:
    """Which `write` makes sure of already; a context that somebody else made is mended."""
    known = registry.resolve(BASE, connect_args={"timeout": 5})
    written = registry.write(known, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "/ca.pem")
    assert registry.harden(known, written) == written
    believing = Spelling(written.url, {"timeout": 5, "ssl_context": PythonContext(floor=Floor.TLS_1_0)})
    hardened = registry.harden(known, believing)
    assert hardened.connect_args == {"timeout": 5, "ssl_context": PythonContext(common_name=False)}
    assert hardened.url is not None
    for spelling, believed in ((believing, True), (hardened, False)):
        notes_of = registry.read(BASE, connect_args=spelling.connect_args).notes
        assert ("cn-fallback" in notes_of) is believed
        assert "clear-password" in notes_of  # which nothing of pg8000's closes


def test_no_file_is_named() -> None:
    """pg8000 reads none, whatever the environment says."""
    assert registry.files_named(registry.resolve(BASE, environment={"PGSERVICE": "app"})) == ()
