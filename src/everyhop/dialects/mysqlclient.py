"""How mysqlclient (MySQLdb) spells a posture: `ssl_mode` and the dict `ssl`, by the URL or in the call.

What that means is decided by the C library below it, and the two disagree. MariaDB Connector/C, which builds on Linux
use, speaks no TLS unless told to, and insists on it only with a VERIFY mode; libmysqlclient tries TLS by itself, and
insists from REQUIRED on. The build (`3.3.20` or `MariaDB Connector/C …`, `9.7.0` or `libmysqlclient …`) decides; where
it is not known, both are possible.

Sources: `_mysql.c` and `connections.py` of mysqlclient 2.1.1, 2.2.0, 2.2.3 and 2.3.1 on Connector/C 3.3.20, and the
project's measurements of both libraries. Turning points: before 2.2.0 there is no `ssl_mode` on Connector/C, and what
libmysqlclient did was not measured; `ssl=True` means REQUIRED from 2.2.4 on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from everyhop.dialects import connector_c, mysql_case
from everyhop.dialects.connector_c import Library, Told
from everyhop.dialects.mysql_case import Case, Signature, words
from everyhop.dialects.mysql_spelling import (
    by_url,
    refuse,
    refuse_bare_demands,
    shown,
    spelled,
    whole_pair_to_show,
    without_local_files,
)
from everyhop.dialects.settings import ANY_OPTION, SOME_FILE, DialerSettings, Spelling
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance, Bounds, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"mysqlclient": "2.3.1"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("2.2.0", "2.2.4")
_BEFORE, _EARLY, _NOW = range(3)

_MODES: Final = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
_OPTION_FILE: Final = ("read_default_file", "read_default_group")

_SIGNATURE: Final = Signature(
    Version(DRIVERS["mysqlclient"], assumed=True),
    _TURNS,
    words(
        "host user password passwd database db port unix_socket conv connect_timeout compress named_pipe init_command",
        "read_default_file read_default_group client_flag ssl ssl_mode auth_plugin local_infile local_infile_dir",
        "read_timeout write_timeout charset collation use_unicode sql_mode cursorclass multi_statements autocommit",
        "binary_prefix executemany_fallback server_public_key_path",
    ),
    measured_since="2.2.0",
    candidates={
        **dict.fromkeys(("ssl_ca", "ssl_capath", "ssl_cert", "unix_socket", *_OPTION_FILE), (SOME_FILE,)),
        "ssl_mode": _MODES,
        "ssl": ({"ca": SOME_FILE}, True),
    },
    inner_candidates=dict.fromkeys(connector_c.FILES, (SOME_FILE,)),
)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Host and port; no host and `localhost` are a unix socket, which any other host passes over."""
    keywords = connector_c.placed(mysql_case.given(settings), settings.files, *_OPTION_FILE)
    return None if keywords is None else connector_c.endpoint(keywords)


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` or `ssl_capath` of the URL, or `ca` or `capath` of the dict."""
    return mysql_case.anchors(settings)


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option files that the library reads: the one named, or its own ones for a group alone."""
    return connector_c.files_named(mysql_case.given(settings), *_OPTION_FILE)


def read(settings: DialerSettings) -> Dialer:
    """What mysqlclient makes of these settings."""
    readings = [partial(_read, files=settings.files, library=library) for library in _libraries(settings)]
    return mysql_case.read(settings, _SIGNATURE, *readings)


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """`verify-full` by the URL alone through SQLAlchemy, in the call without it.

    Raises `SettingsError` for what cannot be said: a floor other than TLS 1.2, the system's anchors, anything before
    2.2.0, on a unix socket or beside an option file; a client's certificate that nobody named; and what a library has
    no word for: `verify-ca` is libmysqlclient's alone, as `encrypted` is.
    """
    _refuse_unspeakable(settings, posture, anchors)
    pair = whole_pair_to_show(settings, posture, client_pair) if posture.assurance else None
    mode, needs_file = _wanted(connector_c.libraries(settings.build), posture.assurance)
    given = {"capath" if anchors.endswith("/") else "ca": anchors} if posture.assurance > Assurance.ENCRYPTED else {}
    given |= shown(pair, "")
    if needs_file and not given:
        refuse("MariaDB Connector/C needs a file to try TLS", "demand verify-full, which insists on it")
    told = {"ssl_mode": mode} if mode else {}
    if by_url(settings):
        return spelled(settings, told | {f"ssl_{name}": file for name, file in given.items()}, {})
    return spelled(settings, {}, {**told, **({"ssl": given} if given else {})})


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:  # noqa: ARG001 - the same for all of them
    """No `LOAD DATA LOCAL`. Neither library has a word against names in a CN and passwords in clear."""
    return without_local_files(spelling, "local_infile", "local_infile_dir")


def _libraries(settings: DialerSettings) -> tuple[Library, ...]:
    """The libraries that are possible; those two of MariaDB differ for addresses of the loopback alone."""
    possible = connector_c.libraries(settings.build)
    if len(possible) < 2 or connector_c.may_be_loopback(settings, *_OPTION_FILE):
        return possible
    return tuple(library for library in possible if library is not Library.LATE)


def _read(case: Case, files: Mapping[str, str], library: Library) -> tuple[Bounds, str]:
    keywords = case.keywords
    if isinstance(keywords.get("port"), str):
        case.refuse("port", "TypeError")  # it has to be a number, and in a query it is a text
    case.keywords = connector_c.placed(keywords, files, *_OPTION_FILE) or keywords
    if "local_infile_dir" in keywords and library is not Library.LIBMYSQLCLIENT:
        case.refuse("local_infile_dir", "NotSupportedError")
    mode, given = _mode(case, library), _given(case)
    told = Told(given, mode == "REQUIRED", mode in {"VERIFY_CA", "VERIFY_IDENTITY"})
    maybe_not = keywords.get("ssl") is True and "ssl_mode" not in keywords and case.span < _NOW
    if library is Library.LIBMYSQLCLIENT:
        bounds, why = _libmysqlclient(case, told, mode)
        known = not any(keywords.get(name) for name in _OPTION_FILE)
        maybe_not |= case.span is _BEFORE and bounds.high.assurance > Assurance.PLAINTEXT
    else:
        known = connector_c.with_files(told, keywords, files, *_OPTION_FILE)
        bounds, why = connector_c.bounds(case, told, library, "mysqlclient")
    if maybe_not:
        low = Posture(Assurance.PLAINTEXT, client_auth=bounds.low.client_auth)
        bounds, why = bounds.widen(Bounds.exactly(low)), f"{_WHY['early']}: {why}"
    if bounds.high.assurance and connector_c.on_socket(case.keywords):
        bounds, why = connector_c.beside_a_socket(bounds, why)
    if not known:
        bounds, why = connector_c.beside_a_file(case, bounds, why)
    case.note("clear-password")
    return bounds, why


def _mode(case: Case, library: Library) -> str | None:
    """`ssl_mode`, one of five words in capitals, or what `ssl` means where it is no dict."""
    keywords = case.keywords
    if "ssl_mode" in keywords:
        given = keywords["ssl_mode"]
        if not isinstance(given, str):
            case.refuse("ssl_mode", "TypeError")
        elif given not in _MODES or (case.span is _BEFORE and library is not Library.LIBMYSQLCLIENT):
            case.refuse("ssl_mode", "NotSupportedError")
        else:
            return given
        return None
    switch = keywords.get("ssl")
    if switch is None or isinstance(switch, (Mapping, str)):
        return None
    if switch:
        return "REQUIRED"
    return "DISABLED" if case.span is _NOW else None


def _given(case: Case) -> dict[str, str]:
    """The dict `ssl`, as far as the driver hands it on: texts under names that it knows."""
    inner = case.keywords.get("ssl")
    if not isinstance(inner, Mapping):
        if inner and inner is not True:
            case.note("ignored-option:ssl")  # a context is true and nothing more, a text is a mapping without keys
        return {}
    case.ignore_keys(inner, connector_c.FILES)
    return {key: value for key in connector_c.FILES if isinstance(value := inner.get(key), str) and value}


def _libmysqlclient(case: Case, told: Told, mode: str | None) -> tuple[Bounds, str]:
    """What libmysqlclient makes of it: TLS by itself, insisted on from REQUIRED on, a CA only with a VERIFY mode."""
    one = _LEVELS.get(mode or "PREFERRED", Assurance.OPPORTUNISTIC)
    if told.verify and not told.anchored:
        case.note("anchors-needed")
    elif told.anchored and not told.verify:
        case.ignore("ssl_ca")
    if one is Assurance.IDENTITY_VERIFIED:
        case.note("cn-fallback")
    case.assume_files(*[told.files.get(name) for name in ("ca", "capath", "cert", "key")])
    return connector_c.within(told, one, one), _WHY[one.word]


_LEVELS: Final = dict(zip(_MODES, Assurance, strict=True))


_NEWER: Final = "use mysqlclient 2.2.0 or later"


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    keywords = mysql_case.given(settings)
    if any(keywords.get(name) for name in _OPTION_FILE) or ANY_OPTION in keywords:
        refuse("an option file may take back what is written here", "name all options in the call")
    refuse_bare_demands(posture)
    if _BEFORE in spans(settings.version or _SIGNATURE.newest, _TURNS):
        refuse(f"before 2.2.0 mysqlclient has no word for {posture.assurance.word}", _NEWER, "driver")
    if posture.assurance is Assurance.PLAINTEXT:
        return
    connector_c.refuse_unsettled(keywords, posture, anchors, connector_c.libraries(settings.build))


def _wanted(libraries: tuple[Library, ...], assurance: Assurance) -> tuple[str | None, bool]:
    """The mode, and whether a file has to be named beside it."""
    mariadb, both = libraries != (Library.LIBMYSQLCLIENT,), len(libraries) == len(Library)
    if assurance in {Assurance.PLAINTEXT, Assurance.IDENTITY_VERIFIED}:
        return _MODES[assurance], False
    if assurance is Assurance.OPPORTUNISTIC:
        return ("PREFERRED", True) if both else ("REQUIRED" if mariadb else None, False)
    if mariadb:
        hint = "demand verify-full, or build mysqlclient on libmysqlclient and say so"
        refuse(f"MariaDB Connector/C has no word for {assurance.word}", hint)
    return _MODES[assurance], False


_WHY: Final[Mapping[str, str]] = {
    "plaintext": "ssl_mode=DISABLED turns TLS off",
    "opportunistic": "on libmysqlclient mysqlclient without ssl_mode encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "encrypted": "ssl_mode=REQUIRED encrypts and verifies nothing: whoever answers is believed",
    "verify-ca": "libmysqlclient's VERIFY_CA does not look at the name: any certificate of that authority is believed",
    "verify-full": "mysqlclient verifies the chain and the name: only the real server is believed",
    "early": "what mysqlclient of this version makes of this was not measured, and may be nothing; since then",
}
