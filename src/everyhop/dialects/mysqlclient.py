"""How mysqlclient (MySQLdb) spells a posture: `ssl_mode` and the dict `ssl`, by the URL or in the call.

What that means is decided by the C library below it, and the two disagree. MariaDB Connector/C, which builds on Linux
use, speaks no TLS unless told to, and insists on it only with a VERIFY mode; libmysqlclient tries TLS by itself, and
insists from REQUIRED on. The build (`3.3.20` or `MariaDB Connector/C …`, `9.7.0` or `libmysqlclient …`) decides; where
it is not known, both are possible.

Sources: the project's measurements of both libraries, and of mysqlclient 2.3.1 on Connector/C 3.3.20 for each spelling
in the tests' table; SQLAlchemy's `create_connect_args` (mysqldb.py) of 2.1. No test holds this against the real driver:
it has to be compiled, which the tests do not ask of a machine. Turning points: what was before 2.2.0 was not measured;
`ssl=True` means REQUIRED from 2.2.4 on. Neither library is told a floor: it is OpenSSL 3's own, TLS 1.2, since older
versions need security level 0 there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    Spelling,
    alternatives,
    combined,
    resolved,
)
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"mysqlclient": "2.3.1"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("2.2.0", "2.2.4")
_SOCKET: Final = "/run/mysqld/mysqld.sock"  # Debian's; where another one is built in, it is a socket as well

# What SQLAlchemy moves from the query into the dict `ssl`, and the one that it turns into a boolean (mysqldb.py).
_MOVED: Final = ("ssl_ca", "ssl_key", "ssl_cert", "ssl_capath", "ssl_cipher", "ssl_check_hostname")
_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})

_MODES: Final = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
_DICT_KEYS: Final = ("ca", "capath", "cert", "key", "cipher")
_KEYWORDS: Final = frozenset(
    word
    for line in (
        "host user password passwd database db port unix_socket conv connect_timeout compress named_pipe init_command",
        "read_default_file read_default_group client_flag ssl ssl_mode auth_plugin local_infile local_infile_dir",
        "read_timeout write_timeout charset collation use_unicode sql_mode cursorclass multi_statements autocommit",
        "binary_prefix executemany_fallback server_public_key_path",
    )
    for word in line.split()
)
_MOST_OPEN: Final = 5
"""Options that are known only at run time: with more of them the ways in which it may turn out are not gone through."""
_OPTION_FILES: Final = ("read_default_file", "read_default_group")

_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl_ca": (SOME_FILE,),
    "ssl_capath": (SOME_FILE,),
    "ssl_cert": (SOME_FILE,),
    "ssl_mode": _MODES,
    "ssl": ({"ca": SOME_FILE}, True),
    "unix_socket": (SOME_FILE,),
    "read_default_file": (SOME_FILE,),
    "read_default_group": (SOME_FILE,),
}
_DICT_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = dict.fromkeys(_DICT_KEYS, (SOME_FILE,))


@dataclass(frozen=True, slots=True)
class _Library:
    """The C library below: MariaDB Connector/C or libmysqlclient; `early` is Connector/C before 3.4."""

    mariadb: bool
    early: bool = False


_LIBMYSQLCLIENT: Final = _Library(mariadb=False)
_EARLY: Final = _Library(mariadb=True, early=True)
_LATE: Final = _Library(mariadb=True)


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out: the span of versions, the library, the keywords, and notes."""

    span: int
    library: _Library
    keywords: Mapping[str, object]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    @property
    def given(self) -> dict[str, str]:
        """The dict `ssl`, as far as the driver hands it on: texts under names that it knows."""
        inner = self.keywords.get("ssl")
        if not isinstance(inner, Mapping):
            return {}
        return {key: value for key in _DICT_KEYS if isinstance(value := inner.get(key), str) and value}


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host and `localhost` are the library's own unix socket."""
    keywords = _query(settings) | _resolved(settings.connect_args)
    socket = keywords.get("unix_socket")
    host, port = keywords.get("host") or "localhost", keywords.get("port") or 3306
    if UNRESOLVED in (socket, host, port) or (host == "localhost" and _names_option_file(keywords) and not socket):
        return None
    if socket or host == "localhost":
        return UnixEndpoint(str(socket or _SOCKET))
    number = port_of(port)
    return TcpEndpoint(str(host), number) if number else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` or `ssl_capath` of the URL, or `ca` or `capath` of the dict."""
    keywords = _query(settings) | _resolved(settings.connect_args)
    inner = keywords.get("ssl")
    given = inner if isinstance(inner, Mapping) else {}
    named = (keywords.get("ssl_ca"), given.get("ca"), keywords.get("ssl_capath"), given.get("capath"))
    found = next((value for value in (*named, given.get("ssl_ca")) if value), None)
    return found if isinstance(found, str) else None


def read(settings: DialerSettings) -> Dialer:
    """What mysqlclient makes of these settings."""
    version = settings.version or Version(DRIVERS["mysqlclient"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    query, arguments = _named(_query(settings)), _named(_resolved(settings.connect_args))
    open_ones = sum(keywords.get(name) is UNRESOLVED for keywords in (query, arguments) for name in _CANDIDATES)
    if ANY_OPTION in query or ANY_OPTION in arguments or open_ones > _MOST_OPEN:
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    cases = [
        _Case(span, library, keywords, list(notes))
        for keywords, notes in _keyword_alternatives(query, arguments, moves=settings.sqlalchemy)
        for library in _libraries(settings.build)
        for span in spans(version, _TURNS)
    ]
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """`verify-full` by the URL alone through SQLAlchemy, in the call without it.

    Raises `SettingsError` for what cannot be said: a floor other than TLS 1.2, the system's anchors, anything before
    2.2.0, on a unix socket or beside an option file; a client's certificate that nobody named; and what a library has
    no word for: `verify-ca` is libmysqlclient's alone, as `encrypted` is.
    """
    pair = client_pair or _pair(settings)
    libraries = _libraries(settings.build)
    _refuse_unspeakable(settings, posture, anchors, pair)
    mode, files = _wanted(libraries, posture.assurance)
    given = {"ca": anchors} if posture.assurance >= Assurance.CHAIN_VERIFIED else {}
    if pair and posture.assurance is not Assurance.PLAINTEXT:
        given |= {"cert": pair[0], "key": pair[1]}
    if files and not given:
        raise SettingsError(
            "MariaDB Connector/C needs a file to try TLS", hint="demand verify-full, which insists on it"
        )
    if settings.sqlalchemy and settings.dsn is not None:
        options = ({"ssl_mode": mode} if mode else {}) | {f"ssl_{name}": file for name, file in given.items()}
        return _spelling(settings, options, {})
    arguments: dict[str, object] = ({"ssl_mode": mode} if mode else {}) | ({"ssl": given} if given else {})
    return _spelling(settings, {}, arguments)


def _resolved(arguments: Mapping[str, object]) -> dict[str, object]:
    settled = {key: resolved(value) for key, value in arguments.items()}
    inner = settled.get("ssl")
    if isinstance(inner, Mapping):
        settled["ssl"] = {str(key): resolved(value) for key, value in inner.items()}
    return settled


def _query(settings: DialerSettings) -> dict[str, object]:
    """The URL as keywords, before SQLAlchemy moves any of them; the query beats what stands before it."""
    options: dict[str, object] = {}
    if settings.dsn and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        options = {key: resolved(value) for key, value in (("host", host), ("port", port)) if value is not None}
    return options | dict(settings.options)


def _named(keywords: dict[str, object]) -> dict[str, object]:
    """A host that is known only at run time is there, whatever it is: without one it would be a unix socket."""
    return keywords | {"host": SOME_FILE} if keywords.get("host") is UNRESOLVED else keywords


def _keyword_alternatives(
    query: Mapping[str, object], arguments: Mapping[str, object], *, moves: bool
) -> Iterator[tuple[dict[str, object], list[str]]]:
    """The keywords as the driver gets them, with what is to be noted of the way: `connect_args` win."""
    for options, outer in product(alternatives(query, _CANDIDATES), alternatives(arguments, _CANDIDATES)):
        inner = outer.get("ssl")
        dicts = alternatives(inner, _DICT_CANDIDATES) if isinstance(inner, Mapping) else iter([None])
        for chosen in dicts:
            added = outer if chosen is None else outer | {"ssl": chosen}
            notes: list[str] = []
            moved = _moved(options, notes) if moves else dict(options)
            if "ssl" in added and any(name in options for name in _MOVED):
                notes += [f"ignored-option:{name}" for name in _MOVED if name in options]
            yield moved | added, notes


def _moved(options: Mapping[str, object], notes: list[str]) -> dict[str, object]:
    """As SQLAlchemy hands them on: files and `ssl_check_hostname` in a dict `ssl`, which replaces any other `ssl`."""
    kept = {key: value for key, value in options.items() if key not in _MOVED}
    inner: dict[str, object] = {}
    for key in (key for key in _MOVED if key in options):
        value: object = options[key]
        if key == "ssl_check_hostname":
            word = str(value).strip().lower()
            notes.append(f"{'ignored' if word in _TRUE | _FALSE else 'refused'}-option:{key}")
            value = word in _TRUE
        inner[key.removeprefix("ssl_")] = value
    if inner and "ssl" in kept:
        notes.append("ignored-option:ssl")
    return kept | {"ssl": inner} if inner else kept


def _libraries(build: str | None) -> tuple[_Library, ...]:
    """Which libraries are possible. Connector/C calls itself 3.x (10.x, long ago), libmysqlclient 5.x, 8.x or 9.x."""
    text = (build or "").lower()
    number = re.search(r"(\d{1,4})(?:\.(\d{1,4}))?", text)
    major, minor = (int(part or 0) for part in number.groups()) if number else (0, 0)
    if "mariadb" in text or "connector/c" in text or (number and "mysql" not in text and major in {2, 3, 10}):
        if major == 3:
            return (_EARLY,) if minor < 4 else (_LATE,)
        return (_EARLY, _LATE)
    if "mysql" in text or major in {5, 6, 8, 9}:
        return (_LIBMYSQLCLIENT,)
    return (_EARLY, _LATE, _LIBMYSQLCLIENT)


def _read(case: _Case) -> tuple[Bounds, tuple[str, ...], str]:
    keywords = case.keywords
    for name in keywords:
        if name not in _KEYWORDS:
            case.note(f"refused-option:{name}")
    bounds, why = _bounds(case)
    if bounds.high.assurance and (case.span == 0 or _on_socket(keywords)):
        low = Posture(Assurance.PLAINTEXT, Floor.NONE, bounds.low.client_auth)
        bounds, why = bounds.widen(Bounds.exactly(low)), f"{_WHY['socket' if case.span else 'before 2.2.0']}: {why}"
    if _names_option_file(keywords):
        case.note("option-file")
        bounds, why = bounds.widen(UNKNOWN), f"the option file that is named may say anything; without it: {why}"
    if bounds.low.assurance < Assurance.IDENTITY_VERIFIED:
        case.note("clear-password")
    refused = [note.partition(":")[2] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
    return bounds, tuple(case.notes), why


def _bounds(case: _Case) -> tuple[Bounds, str]:
    mode, given = _mode(case), case.given
    inner = case.keywords.get("ssl")
    if isinstance(inner, Mapping):
        for key in inner:
            if key not in _DICT_KEYS and f"ignored-option:ssl_{key}" not in case.notes:
                case.note(f"ignored-option:ssl.{key}")
    elif isinstance(inner, str) and inner:
        case.note("ignored-option:ssl")
    switched = bool(inner) and not isinstance(inner, (Mapping, str))
    if switched:
        if inner is not True:
            case.note("ignored-option:ssl")  # a context is true and nothing more
        mode = mode or "REQUIRED"
    anchored = bool(given.get("ca") or given.get("capath"))
    low, high, why = _assurance(case, mode, given, anchored=anchored)
    if switched and case.span < len(_TURNS):
        low = Assurance.PLAINTEXT
    for name in ("ca", "capath", "cert", "key"):
        if given.get(name, SOME_FILE) != SOME_FILE:
            case.note(f"file-assumed:{given[name]}")
    shown = ClientAuth.OPTIONAL if given.get("cert") and high else ClientAuth.ABSENT
    floor = Floor.NONE if not high or "seclevel" in given.get("cipher", "").lower() else Floor.TLS_1_2
    return Bounds(Posture(low, floor if low else Floor.NONE, shown), Posture(high, floor, shown)), why


def _mode(case: _Case) -> str | None:
    """`ssl_mode`: one of five words in capitals; anything else raises."""
    given = case.keywords.get("ssl_mode")
    if "ssl_mode" in case.keywords and given not in _MODES:
        case.note("refused-option:ssl_mode")
        return None
    return str(given) if given else None


def _assurance(
    case: _Case, mode: str | None, given: Mapping[str, str], *, anchored: bool
) -> tuple[Assurance, Assurance, str]:
    """The least and the most that the library makes of it, and why."""
    if mode in {"VERIFY_CA", "VERIFY_IDENTITY"}:
        return _verified(case, mode, anchored=anchored)
    if not case.library.mariadb:
        level = {"DISABLED": Assurance.PLAINTEXT, "REQUIRED": Assurance.ENCRYPTED}
        one = level.get(mode or "", Assurance.OPPORTUNISTIC)
        if anchored:
            case.note("ignored-option:ssl_ca")
        return one, one, _WHY[f"libmysqlclient {one.word}"]
    if not given and mode != "REQUIRED":
        return Assurance.PLAINTEXT, Assurance.PLAINTEXT, _WHY["plaintext"]
    if anchored:
        case.note("strippable-check")
    return Assurance.OPPORTUNISTIC, Assurance.OPPORTUNISTIC, _WHY["ca alone" if anchored else "required"]


def _verified(case: _Case, mode: str, *, anchored: bool) -> tuple[Assurance, Assurance, str]:
    library = case.library
    most = Assurance.IDENTITY_VERIFIED if library.mariadb or mode == "VERIFY_IDENTITY" else Assurance.CHAIN_VERIFIED
    if most is Assurance.IDENTITY_VERIFIED:
        case.note("cn-fallback")
    if not anchored:
        case.note("system-anchors" if library.mariadb else "anchors-needed")
        least = Assurance.ENCRYPTED if library.mariadb else most
        return least, most, _WHY["no anchors"]
    unnamed = library == _LATE and case.keywords.get("host") in {"127.0.0.1", "::1"}
    if unnamed:
        case.note("loopback-name")
        return Assurance.CHAIN_VERIFIED, Assurance.CHAIN_VERIFIED, _WHY["loopback"]
    return most, most, _WHY["verified" if most is Assurance.IDENTITY_VERIFIED else "chain"]


def _on_socket(keywords: Mapping[str, object]) -> bool:
    return bool(keywords.get("unix_socket")) or (keywords.get("host") or "localhost") == "localhost"


def _names_option_file(keywords: Mapping[str, object]) -> bool:
    return any(keywords.get(name) for name in _OPTION_FILES)


_WHY: Final[Mapping[str, str]] = {
    "plaintext": "mysqlclient on MariaDB Connector/C speaks no TLS unless ssl_mode or a file asks for it",
    "required": "on MariaDB Connector/C this asks for TLS and insists on nothing: "
    "whoever sits on the path answers that there is none, and it goes on in plaintext",
    "ca alone": "on MariaDB Connector/C a CA without a VERIFY mode is looked at only if there is TLS: "
    "whoever answers that there is none is believed",
    "libmysqlclient plaintext": "ssl_mode=DISABLED turns TLS off",
    "libmysqlclient opportunistic": "on libmysqlclient mysqlclient without ssl_mode encrypts only while nobody "
    "objects: whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "libmysqlclient encrypted": "ssl_mode=REQUIRED encrypts and verifies nothing: whoever answers is believed",
    "no anchors": "a VERIFY mode without a CA does not count as verification: name ssl_ca",
    "loopback": "for 127.0.0.1 and ::1 MariaDB Connector/C 3.4 does not look at the name",
    "chain": "libmysqlclient's VERIFY_CA does not look at the name: any certificate of that authority is believed",
    "verified": "mysqlclient verifies the chain and the name: only the real server is believed",
    "before 2.2.0": "what mysqlclient before 2.2.0 makes of this was not measured; since then",
    "socket": "on a unix socket (localhost is one) there may be no TLS: the kernel carries the bytes",
}


def _pair(settings: DialerSettings) -> tuple[str, str] | None:
    """The client's certificate and key that are named already: writing other settings leaves them."""
    keywords = dict(settings.options) | dict(settings.connect_args)
    inner = keywords.get("ssl")
    given = inner if isinstance(inner, Mapping) else {}
    certificate, key = keywords.get("ssl_cert") or given.get("cert"), keywords.get("ssl_key") or given.get("key")
    named = all(isinstance(file, str) and file for file in (certificate, key))
    return (str(certificate), str(key)) if named else None


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str, pair: tuple[str, str] | None) -> None:
    keywords = _query(settings) | _resolved(settings.connect_args)
    if _names_option_file(keywords) or ANY_OPTION in keywords:
        raise SettingsError("an option file may take back what is written here", hint="name all options in the call")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if _on_socket(keywords):
        hint = "name a host other than localhost, or leave it local"
        raise SettingsError("mysqlclient takes a unix socket here, where TLS cannot be relied on", hint=hint)
    if 0 in spans(settings.version or Version(DRIVERS["mysqlclient"]), _TURNS):
        hint = "use mysqlclient 2.2.0 or later"
        raise SettingsError("what mysqlclient before 2.2.0 does was not measured", hint=hint, key="driver")
    if posture.floor is not Floor.TLS_1_2:
        raise SettingsError("mysqlclient's floor is OpenSSL's: TLS 1.2", hint="demand TLSv1.2")
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    if posture.assurance >= Assurance.CHAIN_VERIFIED and anchors == "system":
        hint = "name a file of trust anchors"
        raise SettingsError("a VERIFY mode without a CA does not count as verification", hint=hint)
    late = _LATE in _libraries(settings.build)
    if posture.assurance is Assurance.IDENTITY_VERIFIED and late and keywords.get("host") in {"127.0.0.1", "::1"}:
        hint = "name the host, or use 127.0.0.2"
        raise SettingsError("for 127.0.0.1 and ::1 Connector/C 3.4 does not look at the name", hint=hint)


def _wanted(libraries: tuple[_Library, ...], assurance: Assurance) -> tuple[str | None, bool]:
    """The mode, and whether a file has to be named beside it."""
    mariadb = any(library.mariadb for library in libraries)
    both = mariadb and _LIBMYSQLCLIENT in libraries
    if assurance is Assurance.PLAINTEXT:
        return "DISABLED", False
    if assurance is Assurance.IDENTITY_VERIFIED:
        return "VERIFY_IDENTITY", False
    if assurance is Assurance.OPPORTUNISTIC and not both:
        return ("REQUIRED", False) if mariadb else (None, False)
    if assurance is Assurance.OPPORTUNISTIC:
        return "PREFERRED", True
    if mariadb:
        hint = "demand verify-full, or build mysqlclient on libmysqlclient and say so"
        raise SettingsError(f"MariaDB Connector/C has no word for {assurance.word}", hint=hint)
    return ("REQUIRED", False) if assurance is Assurance.ENCRYPTED else ("VERIFY_CA", False)


def _is_about_tls(name: str) -> bool:
    """Options about TLS: mysqlclient's own, SQLAlchemy's, every other driver's and typos."""
    return name.lower().startswith(("ssl", "tls"))


def _spelling(settings: DialerSettings, options: Mapping[str, str], arguments: Mapping[str, object]) -> Spelling:
    kept = {key: value for key, value in settings.connect_args.items() if not _is_about_tls(key)}
    url = settings.dsn
    if url is not None:
        gone = {key: None for key, _ in url.options if _is_about_tls(key)}
        url = url.with_options(gone | dict(options))
    return Spelling(url, kept | dict(arguments), dict(settings.environment))
