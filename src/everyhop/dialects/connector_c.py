"""What MariaDB Connector/C makes of its TLS options: the library below `mariadb` and, on Linux, below mysqlclient.

It speaks no TLS unless told to, and insists on it only where the certificate is to be verified; then chain and name are
looked at. Its option files are read last, so that what they say of TLS beats the call; what they say of the place does
not. Sources: `mariadb_lib.c`, `ma_default.c` and `my_auth.c` of 3.4, the project's measurements, and each spelling in
the tests' tables on 3.3.20. The floor is OpenSSL 3's own, TLS 1.2: what is older needs security level 0 there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects.mysql_case import Case
from everyhop.dialects.option_file import Reader, parse
from everyhop.dialects.settings import UNRESOLVED, DialerSettings
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import BOTTOM, UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture

SOCKET: Final = "/run/mysqld/mysqld.sock"
"""Debian's; where another one is built in, it is a socket as well."""

PATHS: Final = ("ca", "capath", "cert", "key")
FILES: Final = (*PATHS, "cipher")
"""What a driver's dict `ssl` hands on, and an option file names with `ssl-` or `tls-` before it."""

LOOPBACK: Final = ("127.0.0.1", "::1")
_DEFAULT_FILES: Final = ("/etc/my.cnf", "/etc/mysql/my.cnf", "~/.my.cnf")
_GROUPS: Final = ("client", "client-server", "client-mariadb")
_PLACE: Final = {
    "host": "host",
    "servername": "host",
    "port": "port",
    "socket": "unix_socket",
    "unix_socket": "unix_socket",
}


class Library(Enum):
    """The C library below a driver."""

    EARLY = "MariaDB Connector/C before 3.4"
    LATE = "MariaDB Connector/C 3.4"
    LIBMYSQLCLIENT = "libmysqlclient"


def libraries(build: str | None) -> tuple[Library, ...]:
    """Which are possible. Connector/C calls itself 3.x (10.x, long ago), libmysqlclient 5.x, 8.x or 9.x."""
    text = (build or "").lower()
    number = re.search(r"(\d{1,4})(?:\.(\d{1,4}))?", text)
    major, minor = (int(part or 0) for part in number.groups()) if number else (0, 0)
    if "mariadb" in text or "connector/c" in text or (number and "mysql" not in text and major in {2, 3, 10}):
        if major == 3:
            return (Library.EARLY,) if minor < 4 else (Library.LATE,)
        return (Library.EARLY, Library.LATE)
    if "mysql" in text or major in {5, 6, 8, 9}:
        return (Library.LIBMYSQLCLIENT,)
    return tuple(Library)


@dataclass(slots=True)
class Told:
    """What the library is told of TLS: files, whether it is asked for, whether the certificate is to be verified."""

    files: dict[str, str]
    asked: bool
    verify: bool
    floor: Floor = Floor.TLS_1_2

    @property
    def anchored(self) -> bool:
        """Whether there are trust anchors."""
        return bool(self.files.get("ca") or self.files.get("capath"))


def on_socket(keywords: Mapping[str, object]) -> bool:
    """Whether it goes to a unix socket: without a host, or to `localhost`; with any other host one is passed over."""
    return (keywords.get("host") or "localhost") == "localhost"


def may_be_loopback(settings: DialerSettings, file: str, group: str) -> bool:
    """Whether the host is, or an option file may make it, one of which 3.4 does not look at the name."""
    keywords = mysql_case.given(settings)
    return keywords.get("host") in LOOPBACK or (on_socket(keywords) and bool(files_named(keywords, file, group)))


def endpoint(keywords: Mapping[str, object]) -> Endpoint | None:
    """Host and port, or the socket; None for several hosts and what is known only at run time."""
    host, port, socket = keywords.get("host"), keywords.get("port") or 3306, keywords.get("unix_socket")
    if host is UNRESOLVED:
        return None
    if on_socket(keywords):
        return None if socket is UNRESOLVED else UnixEndpoint(str(socket or SOCKET))
    number = None if port is UNRESOLVED else port_of(port)
    return TcpEndpoint(host, number) if number and isinstance(host, str) and "," not in host else None


def files_named(keywords: Mapping[str, object], file: str, group: str) -> tuple[str, ...]:
    """The option files that are read: the one named, or the system's and the user's for a group alone."""
    named = keywords.get(file)
    if isinstance(named, str) and named:
        return (named,)
    return _DEFAULT_FILES if named == "" or keywords.get(group) else ()


def placed(
    keywords: Mapping[str, object], files: Mapping[str, str], file: str, group: str
) -> Mapping[str, object] | None:
    """The keywords with the option files' host, port and socket where the call has none.

    None where nobody knows what they say and the call names no host, which beats them.
    """
    said = _said(keywords, files, file, group)
    if said is None:
        return None if on_socket(keywords) else keywords
    place = {_PLACE[name]: value for name, value in said.items() if name in _PLACE and value}
    return {**place, **{name: value for name, value in keywords.items() if value}} if place else keywords


def with_files(told: Told, keywords: Mapping[str, object], files: Mapping[str, str], file: str, group: str) -> bool:
    """Add what the option files say of TLS. False where nobody knows what that is."""
    said = _said(keywords, files, file, group)
    if said is None:
        return False
    for name, value in said.items():
        kind, _, rest = name.partition("_")
        if kind not in {"ssl", "tls"}:
            continue
        if rest in FILES:
            told.files = {known: path for known, path in {**told.files, rest: value}.items() if path}
        elif rest in {"verify_server_cert", "verify_peer"}:
            told.verify = _number(value) != 0
        elif rest == "enforce":
            told.asked = _number(value) != 0
        elif name == "tls_version" and value == "TLSv1.3":
            told.floor = Floor.TLS_1_3
    return True


def bounds(case: Case, told: Told, library: Library, driver: str) -> tuple[Bounds, str]:
    """What Connector/C makes of it, and why."""
    host = case.keywords.get("host")
    low = high = Assurance.OPPORTUNISTIC
    if told.verify:
        case.note("cn-fallback")
        low = high = Assurance.IDENTITY_VERIFIED
        kind = "verified"
        if not told.anchored:
            case.note("system-anchors")
            low, kind = Assurance.ENCRYPTED, "no anchors"
        elif library is Library.LATE and host in LOOPBACK:
            case.note("loopback-name")
            low, high, kind = Assurance.CHAIN_VERIFIED, Assurance.CHAIN_VERIFIED, "loopback"
    elif not told.files and not told.asked:
        low, high, kind = Assurance.PLAINTEXT, Assurance.PLAINTEXT, "default"
    elif told.anchored:
        case.note("strippable-check")
        kind = "ca alone"
    else:
        kind = "asked for"
    case.assume_files(*[told.files.get(name) for name in PATHS])
    return within(told, low, high), _WHY[kind].format(driver=driver)


def within(told: Told, low: Assurance, high: Assurance) -> Bounds:
    """The bounds of an assurance with the floor and the client's certificate that go with it."""
    if not high:
        return Bounds.exactly(BOTTOM)
    shown = ClientAuth.OPTIONAL if told.files.get("cert") else ClientAuth.ABSENT
    floor = Floor.NONE if "seclevel" in told.files.get("cipher", "").lower() else told.floor
    return Bounds(Posture(low, floor if low else Floor.NONE, shown), Posture(high, floor, shown))


def beside_a_socket(bounds: Bounds, why: str) -> tuple[Bounds, str]:
    """On a unix socket there may be TLS or not, whatever is set."""
    low = Posture(Assurance.PLAINTEXT, Floor.NONE, bounds.low.client_auth)
    return bounds.widen(Bounds.exactly(low)), f"{_WHY['socket']}: {why}"


def beside_a_file(case: Case, bounds: Bounds, why: str) -> tuple[Bounds, str]:
    """Beside an option file of which nothing is known, anything goes: it beats the call."""
    case.note("option-file")
    return bounds.widen(UNKNOWN), f"{_WHY['file']}: {why}"


def refuse_unsettled(
    keywords: Mapping[str, object], posture: Posture, anchors: str, possible: tuple[Library, ...]
) -> None:
    """Raise `SettingsError` where Connector/C cannot keep `posture`, which is above `plaintext`."""
    if on_socket(keywords):
        hint = "name a host other than localhost, or leave it local"
        raise SettingsError("on a unix socket TLS cannot be relied on", hint=hint)
    if posture.floor is not Floor.TLS_1_2:
        raise SettingsError("the floor is OpenSSL's own: TLS 1.2", hint="demand TLSv1.2")
    if posture.assurance >= Assurance.CHAIN_VERIFIED and anchors == "system":
        hint = "name a file: /etc/ssl/certs/ca-certificates.crt"
        raise SettingsError("without a CA it does not count as verifying", hint=hint)
    full, unnamed = posture.assurance is Assurance.IDENTITY_VERIFIED, keywords.get("host") in LOOPBACK
    if full and unnamed and Library.LATE in possible:
        hint = "name the host, or use 127.0.0.2"
        raise SettingsError("for 127.0.0.1 and ::1 Connector/C 3.4 does not look at the name", hint=hint)


def _said(
    keywords: Mapping[str, object], files: Mapping[str, str], file: str, group: str
) -> Mapping[str, str | None] | None:
    """The options of all files that are read, the last one winning; None where one is not known, or names another."""
    if not (named := files_named(keywords, file, group)):
        return {}
    found = [parse(files[path], Reader.CONNECTOR_C) for path in named if path in files]
    if not found or any(one.includes for one in found):
        return None
    said: dict[str, str | None] = {}
    for one in found:
        said |= one.of(*_GROUPS, str(keywords.get(group) or "client"))
    return None if "connection" in said else said  # a string of further options


def _number(value: str | None) -> int:
    """C's `atoi`: the digits at the beginning, or 0: `ON` and `true` are 0 to it."""
    digits = re.match(r"\s*[+-]?\d{1,9}", value or "", re.ASCII)
    return int(digits[0]) if digits else 0


_WHY: Final = {
    "default": "{driver} on MariaDB Connector/C speaks no TLS unless it is asked to",
    "asked for": "on MariaDB Connector/C this asks for TLS and insists on nothing: "
    "whoever sits on the path answers that there is none, and it goes on in plaintext",
    "ca alone": "on MariaDB Connector/C a CA that nothing verifies by is looked at only if there is TLS: "
    "whoever answers that there is none is believed",
    "no anchors": "verifying without a CA does not count as verification: name ssl_ca",
    "loopback": "for 127.0.0.1 and ::1 MariaDB Connector/C 3.4 does not look at the name",
    "verified": "{driver} verifies the chain and the name: only the real server is believed",
    "socket": "on a unix socket (localhost is one) there may be no TLS, and the kernel carries the bytes",
    "file": "the option file that is named may say anything, and beats the call; without it",
}
