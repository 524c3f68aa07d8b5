"""What each MySQL driver takes of an option file: known, it is read with the call; unknown, it leaves bounds."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

import pymysql
import pytest

from everyhop.dialects import registry
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.sighting import Dialer, Version
from tests.certificates import good, new_authority

P, O, E, CA, FULL = "plaintext", "opportunistic", "encrypted", "verify-ca", "verify-full"  # noqa: E741 - short tables
PATH = "/my.cnf"


def bounds_words(dialer: Dialer) -> str:
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low}…{high}"


def reading(url: str, text: str | None, **more: Any) -> Dialer:
    return registry.read(registry.resolve(url, files={} if text is None else {PATH: text}, **more))


PYMYSQL = "mysql+pymysql://app@db/app?read_default_file=/my.cnf"
ASYNCMY = "mysql+asyncmy://app@db/app?read_default_file=/my.cnf"
AIOMYSQL = "mysql+aiomysql://app@db/app?read_default_file=/my.cnf"
MYSQLCLIENT = "mysql+mysqldb://app@db/app?read_default_file=/my.cnf"
MARIADB = "mariadb+mariadbconnector://app@db/app?default_file=/my.cnf"
CONNECTOR = "mysql+mysqlconnector://app@db/app?use_pure=true&option_files=/my.cnf"
VERIFYING = "ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca"

READ = [
    (PYMYSQL, None, f"{O}…{FULL}", "option-file"),
    (PYMYSQL, "[client]\nuser=app\n", O, "clear-password"),
    (PYMYSQL, "[client]\nssl-ca=/ca\n", FULL, "file-assumed:/ca"),
    (PYMYSQL, "[client]\nssl_ca = '/ca'\n", FULL, "file-assumed:/ca"),
    (PYMYSQL, "[client]\nssl-verify-server-cert\nssl-mode=VERIFY_IDENTITY\n", O, "clear-password"),  # it knows neither
    (PYMYSQL, "[mysql]\nssl-ca=/ca\n", O, "clear-password"),
    (PYMYSQL, "[client]\nssl-cert=/c\nssl-key=/k\n", E, "file-assumed:/k"),
    (PYMYSQL + "&ssl_verify_cert=true", "[client]\nssl-ca=/ca\n", CA, "system-anchors"),  # keywords take its place
    (PYMYSQL + "&ssl_disabled=true", None, P, "option-file"),
    (PYMYSQL + "&read_default_group=app", "[client]\nssl-ca=/a\n[app]\nssl-ca=/b\n", FULL, "file-assumed:/b"),
    (PYMYSQL, "ssl-ca=/ca\n", O, "refused-option:read_default_file:MissingSectionHeaderError"),
    (PYMYSQL, "[client]\nssl-ca=/a\nssl-ca=/b\n", O, "refused-option:read_default_file:DuplicateOptionError"),
    (ASYNCMY, None, f"{P}…{FULL}", "option-file"),
    (ASYNCMY, "[client]\nssl-ca=/ca\n", FULL, "cn-fallback"),
    (ASYNCMY, "[client]\nssl-key=/k\n", E, "ignored-option:ssl.key"),
    (AIOMYSQL, None, P, "option-file"),
    (AIOMYSQL, "[client]\nssl-ca=/ca\n", P, "clear-password"),  # nothing of TLS is taken
    (AIOMYSQL, "[client]\n!includedir /etc/mysql/conf.d\n", P, "refused-option:read_default_file:ParsingError"),
    (MYSQLCLIENT, None, f"{P}…{FULL}", "option-file"),
    (MYSQLCLIENT, "[client]\nuser=app\n", P, "clear-password"),
    (MYSQLCLIENT, "[client]\nssl-ca=/ca\n", O, "strippable-check"),
    (MYSQLCLIENT, "[client-mariadb]\nssl-ca=/ca\nssl-verify-server-cert=1\n", FULL, "cn-fallback"),
    (MYSQLCLIENT, "[client]\nssl-verify-server-cert\nssl-ca=/ca\n", O, "strippable-check"),  # bare, it is unknown
    (MYSQLCLIENT, "[client]\nssl-verify-server-cert=ON\nssl-ca=/ca\n", O, "strippable-check"),  # `ON` is 0
    (MYSQLCLIENT, "[client]\nssl-enforce=1\n", O, "clear-password"),
    (MYSQLCLIENT, "[client]\nssl=1\nssl-mode=REQUIRED\n", P, "clear-password"),  # MySQL's own words
    (MYSQLCLIENT, "[client]\n!includedir /etc/mysql/conf.d\n", f"{P}…{FULL}", "option-file"),
    (f"{MYSQLCLIENT}&{VERIFYING}", "[client]\nssl-verify-server-cert=0\n", O, "strippable-check"),  # the file wins
    (f"{MYSQLCLIENT}&{VERIFYING}", "[client]\nssl-ca=\n", f"{E}…{FULL}", "system-anchors"),
    (MYSQLCLIENT.replace("@db", "@"), "[client]\nhost=db\nssl-ca=/ca\nssl-verify-server-cert=1\n", FULL, "cn-fallback"),
    (MYSQLCLIENT.replace("@db", "@"), "[client]\nssl-ca=/ca\nssl-verify-server-cert=1\n", f"{P}…{FULL}", "cn-fallback"),
    (MARIADB, None, f"{P}…{FULL}", "option-file"),
    (MARIADB, "[client]\nssl-ca=/ca\ntls-verify-peer=1\n", FULL, "file-assumed:/ca"),
    (MARIADB + "&ssl_ca=/ca&ssl_verify_cert=true", "[client-server]\nuser=app\n", FULL, "cn-fallback"),
    (MARIADB + "&ssl_ca=/ca&ssl_verify_cert=true", "[client]\nssl_verify_server_cert=0\n", O, "strippable-check"),
    (CONNECTOR, None, f"{P}…{FULL}", "option-file"),
    (CONNECTOR, "[client]\nuser=app\n", O, "clear-password"),
    (CONNECTOR, "[client]\nssl-ca=/ca\nssl-verify-cert=True\nssl-verify-identity=1\n", FULL, "cn-fallback"),
    (CONNECTOR, "[client]\nssl-verify-cert=false\n", CA, "string-is-true:ssl_verify_cert"),  # a text, and so true
    (CONNECTOR, "[client]\nssl-disabled=False\n", O, "clear-password"),
    (CONNECTOR, "[client]\nssl-mode=REQUIRED\n", O, "clear-password"),  # passed over
    (CONNECTOR, "[connector_python]\nssl-mode=REQUIRED\n", O, "refused-option:ssl_mode:AttributeError"),
    (CONNECTOR, "[client]\nssl-disabled=True\n[connector_python]\nssl-disabled=False\n", O, "clear-password"),
    (CONNECTOR + "&ssl_disabled=true", "[client]\nssl-ca=/ca\n", P, "ignored-option:ssl_ca"),
    (CONNECTOR, "[client]\n!include /etc/more.cnf\n", f"{P}…{FULL}", "option-file"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "text", "expected", "note"), READ)
def test_what_a_file_says_is_read_with_the_call(url: str, text: str | None, expected: str, note: str) -> None:
    """Each driver's own words, groups and precedence."""
    dialer = reading(url, text, build=None if "mysqldb" not in url else "3.3.20")
    assert bounds_words(dialer) == expected, dialer
    assert note in dialer.notes
    assert ("option-file" in dialer.notes) is (text is None or ("!include" in text and "aiomysql" not in url))


def test_what_libmysqlclient_makes_of_a_file_is_not_guessed() -> None:
    """It was not measured."""
    dialer = reading(MYSQLCLIENT, "[client]\nssl-mode=DISABLED\n", build="9.7.0")
    assert bounds_words(dialer) == f"{P}…{FULL}"


@pytest.mark.parametrize("version", ["0.2.8", "0.2.18"])
def test_asyncmy_takes_tls_of_a_file_since_0_2_9(version: str) -> None:
    """Before, it took the place alone."""
    dialer = reading(ASYNCMY, "[client]\nssl-ca=/ca\n", version=Version(version))
    assert bounds_words(dialer) == (P if version == "0.2.8" else FULL)


PLACES = [
    (PYMYSQL, "[client]\nhost=other\nport=33\n", TcpEndpoint("db", 33)),  # the call's host wins
    (PYMYSQL, "[client]\nsocket=/run/m.sock\n", UnixEndpoint("/run/m.sock")),  # a socket beats a host
    (PYMYSQL, None, None),
    (ASYNCMY, "[client]\nport=33\n", TcpEndpoint("db", 33)),
    (AIOMYSQL, "[client]\nhost=other\nport=33\n", TcpEndpoint("other", 33)),  # the file wins
    (AIOMYSQL, None, None),
    (MYSQLCLIENT, "[client]\nsocket=/run/m.sock\nport=33\n", TcpEndpoint("db", 33)),  # a host beats a socket
    (MYSQLCLIENT, None, TcpEndpoint("db", 3306)),
    (MYSQLCLIENT.replace("@db", "@"), "[client]\nhost=other\n", TcpEndpoint("other", 3306)),
    (MYSQLCLIENT.replace("@db", "@"), None, None),
    (MARIADB.replace("@db", "@"), "[client]\nsocket=/run/m.sock\n", UnixEndpoint("/run/m.sock")),
    (CONNECTOR, "[client]\nport=33\nsocket=/run/m.sock\n", UnixEndpoint("/run/m.sock")),
    (CONNECTOR, "[client]\nhost=other\nport=33\n", TcpEndpoint("db", 33)),
    (CONNECTOR, None, None),
]


@pytest.mark.parametrize(("url", "text", "expected"), PLACES)
def test_a_file_may_lead_elsewhere(url: str, text: str | None, expected: object) -> None:
    """Host, port and socket, by each driver's precedence."""
    assert registry.resolve(url, files={} if text is None else {PATH: text}).endpoint == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PYMYSQL, (PATH,)),
        ("mysql+pymysql://app@db/app?read_default_group=app", ("/etc/my.cnf",)),
        ("mysql+pymysql://app@db/app", ()),
        ("mysql+aiomysql://app@db/app?read_default_group=app", ()),
        ("mysql+mysqldb://app@db/app?read_default_group=app", ("/etc/my.cnf", "/etc/mysql/my.cnf", "~/.my.cnf")),
        (MARIADB, (PATH,)),
        (CONNECTOR, (PATH,)),
    ],
)
def test_a_caller_is_told_what_to_read(url: str, expected: tuple[str, ...]) -> None:
    """By the names under which the settings have them; a dialect opens nothing."""
    assert registry.files_named(registry.resolve(url)) == expected


def test_several_files_are_read_in_order() -> None:
    """The later one wins, and one that is not known is enough for bounds."""
    files = {"/a": "[client]\nssl-disabled=True\n", "/b": "[client]\nssl-disabled=False\n"}
    for order, expected in ((["/a", "/b"], O), (["/b", "/a"], P), (["/a", "/c"], f"{P}…{FULL}")):
        settings = registry.from_keywords("mysql-connector", {"option_files": order, "use_pure": True}, files=files)
        assert bounds_words(registry.read(settings)) == expected


SPELLED = [
    "ssl-ca=CA",
    "ssl-ca=CA\nssl-cert=CA\nssl-key=KEY",
    "ssl-capath=/etc/ssl/certs",
    "ssl-key=KEY",
    "ssl-mode=REQUIRED",
    "ssl-verify-server-cert",
    "port=33\nssl_ca='CA'",
]
BESIDE: list[dict[str, Any]] = [
    {},
    {"ssl": {"check_hostname": False}},
    {"ssl_verify_cert": True},
    {"ssl_disabled": True},
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate that OpenSSL loads, and its key."""
    issued = good(new_authority("Files"), "db")
    folder = tmp_path_factory.mktemp("files")
    (folder / "ca.pem").write_text(issued.chain_pem, encoding="ascii")
    (folder / "key.pem").write_text(issued.key_pem.reveal(), encoding="ascii")
    return {"CA": str(folder / "ca.pem"), "KEY": str(folder / "key.pem")}


@pytest.mark.parametrize("lines", SPELLED)
@pytest.mark.parametrize("beside", BESIDE, ids=str)
def test_pymysql_makes_the_same_of_a_file(
    tmp_path: Path, authority: dict[str, str], lines: str, beside: dict[str, Any]
) -> None:
    """The real driver's own context, without connecting."""
    for name, file in authority.items():
        lines = lines.replace(name, file)
    path = tmp_path / "my.cnf"
    path.write_text(f"[client]\n{lines}\n", encoding="utf-8")
    keywords = {"host": "db", "read_default_file": str(path), **beside}
    files = {str(path): path.read_text(encoding="utf-8")}
    dialer = registry.read(registry.from_keywords("pymysql", keywords, version=Version("1.2.4"), files=files))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        connection: Any = pymysql.Connection(**{**keywords, "ssl": dict(beside.get("ssl", {}))}, defer_connect=True)
    if not connection.ssl:
        expected = P
    elif not connection._ssl_required:
        expected = O
    else:
        verified = CA if not connection.ctx.check_hostname else FULL
        expected = E if connection.ctx.verify_mode is ssl.CERT_NONE else verified
    assert bounds_words(dialer) == expected
