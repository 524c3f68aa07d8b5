"""How MariaDB Connector/Python (`mariadb`) spells a posture: keywords, by the URL or in the call.

Below it is MariaDB Connector/C, which insists on TLS only where the certificate is to be verified; there is no word for
less. Sources: `mariadb_connection.c` and `connections.py` of mariadb 1.1.14; 1.1.10, 1.1.12 and 1.1.14 on Connector/C
3.3.20; SQLAlchemy's `create_connect_args` (mariadbconnector.py). What was before 1.1.10 was not measured.
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
    pair_to_show,
    refuse,
    refuse_bare_demands,
    shown,
    spelled,
    without_local_files,
)
from everyhop.dialects.settings import ANY_OPTION, SOME_FILE, UNRESOLVED, DialerSettings, Spelling
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import BOTTOM, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"mariadb": "1.1.14"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("1.1.10",)
_ASKING: Final = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "tls_version")
_PINS: Final = ("tls_fp", "tls_fp_list")
_OPTION_FILE: Final = ("default_file", "default_group")

_SIGNATURE: Final = Signature(
    Version(DRIVERS["mariadb"], assumed=True),
    _TURNS,
    words(
        "host user username password passwd database db port unix_socket connect_timeout read_timeout write_timeout",
        "compress local_infile init_command default_file default_group client_flag plugin_dir autocommit reconnect",
        "converter status_callback pool_name pool_size pool_reset_connection connectionclass",
        "ssl ssl_crl ssl_crlpath ssl_verify_cert",
        *_ASKING,
        *_PINS,
    ),
    moved=(),
    booleans=frozenset({"local_infile", "ssl_verify_cert", "ssl", "pool_reset_connection", "compress"}),
    numbers=frozenset({"connect_timeout", "read_timeout", "write_timeout", "client_flag", "port", "pool_size"}),
    measured_since="1.1.10",
    candidates={
        **dict.fromkeys(("ssl", "ssl_verify_cert"), (True,)),
        **dict.fromkeys(("ssl_ca", "ssl_capath", "ssl_cert", *_OPTION_FILE), (SOME_FILE,)),
    },
    url_candidates={
        **dict.fromkeys(("ssl", "ssl_verify_cert"), ("true",)),
        **dict.fromkeys(("ssl_ca", "ssl_capath", "ssl_cert", *_OPTION_FILE), (SOME_FILE,)),
    },
    inner_candidates=dict.fromkeys(connector_c.FILES, (SOME_FILE,)),
)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Host and port; no host and `localhost` are a unix socket, which any other host passes over."""
    keywords = connector_c.placed(mysql_case.given(settings), settings.files, *_OPTION_FILE)
    return None if keywords is None else connector_c.endpoint(keywords)


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` or `ssl_capath`, or `ca` or `capath` of a dict."""
    return mysql_case.anchors(settings)


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option files that the library reads: the one named, or its own ones for an empty name or a group alone."""
    return connector_c.files_named(mysql_case.given(settings), *_OPTION_FILE)


def read(settings: DialerSettings) -> Dialer:
    """What the driver makes of these settings."""
    readings = [partial(_read, files=settings.files, library=library) for library in _libraries(settings)]
    return mysql_case.read(settings, _SIGNATURE, *readings)


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, as keywords in a direct call.

    Raises `SettingsError` for what the driver has no word for: `encrypted` and `verify-ca`, a floor other than TLS 1.2,
    the system's anchors; and on a unix socket or beside an option file, which may say something else.
    """
    _refuse_unspeakable(settings, posture, anchors)
    pair = pair_to_show(settings, posture, client_pair)
    options: dict[str, str | bool] = {}
    if posture.assurance is Assurance.OPPORTUNISTIC:
        options["ssl"] = True
    elif posture.assurance is Assurance.IDENTITY_VERIFIED:
        options |= {"ssl_capath" if anchors.endswith("/") else "ssl_ca": anchors, "ssl_verify_cert": True}
    if posture.assurance:
        options |= shown(pair)
    if by_url(settings):
        written = {name: value if isinstance(value, str) else "true" for name, value in options.items()}
        return spelled(settings, written, {})
    return spelled(settings, {}, options)


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:  # noqa: ARG001 - the same for all of them
    """No `LOAD DATA LOCAL`. Connector/C has no word against names in a CN and passwords in clear."""
    return without_local_files(spelling, "local_infile")


def _libraries(settings: DialerSettings) -> tuple[Library, ...]:
    """Connector/C alone; before and since 3.4 differ for addresses of the loopback."""
    possible = [library for library in connector_c.libraries(settings.build) if library is not Library.LIBMYSQLCLIENT]
    if connector_c.may_be_loopback(settings, *_OPTION_FILE):
        return tuple(possible) or (Library.EARLY, Library.LATE)
    return (Library.EARLY,)


def _read(case: Case, files: Mapping[str, str], library: Library) -> tuple[Bounds, str]:
    keywords = case.keywords
    told = _told(case)
    case.keywords = connector_c.placed(keywords, files, *_OPTION_FILE) or keywords
    known = connector_c.with_files(told, keywords, files, *_OPTION_FILE)
    bounds, why = connector_c.bounds(case, told, library, "mariadb")
    if any(keywords.get(name) for name in _PINS):
        pinned = connector_c.within(told, Assurance.ENCRYPTED, Assurance.IDENTITY_VERIFIED)
        bounds, why = (
            pinned,
            "tls_fp insists on TLS and on one certificate: whether it is the server's, nobody can tell",
        )
    if keywords.get("tls_version") and bounds.high.assurance:
        bounds = bounds.widen(Bounds.exactly(Posture(bounds.low.assurance, Floor.TLS_1_3)))
    if not known:
        bounds, why = connector_c.beside_a_file(case, bounds, why)
    if case.span == 0:
        bounds, why = bounds.widen(Bounds.exactly(BOTTOM)), f"what mariadb before 1.1.10 does was not measured: {why}"
    if connector_c.on_socket(case.keywords) and bounds.high.assurance:
        bounds, why = connector_c.beside_a_socket(bounds, why)
    case.note("clear-password")
    return bounds, why


def _told(case: Case) -> Told:
    """What the driver tells the library: keywords, those that it takes out of a dict `ssl`, and TLS for any of them."""
    keywords = case.keywords
    inner = keywords.get("ssl", False)
    files = {name: keywords.get(f"ssl_{name}") for name in connector_c.FILES}
    if isinstance(inner, Mapping):
        case.ignore_keys(inner, connector_c.FILES)
        files |= {name: inner[name] for name in connector_c.FILES if name in inner}
    elif isinstance(inner, str) and not any(key in inner for key in connector_c.FILES):
        inner = True  # a text is searched for the keys, and stands for TLS if there are none
    elif not isinstance(inner, bool):
        case.refuse("ssl", "TypeError")
        inner = False
    verify = keywords.get("ssl_verify_cert", False)
    if not isinstance(verify, int):
        case.refuse("ssl_verify_cert", "TypeError")
        verify = False
    if not verify and "" in [files.get(name) for name in connector_c.PATHS]:
        case.note("fails-over-tls")  # an empty name counts as a file, which is not there
        return Told({}, asked=False, verify=False)
    named = {name: str(file) for name, file in files.items() if file and file is not UNRESOLVED}
    asked = isinstance(inner, Mapping) or inner or any(keywords.get(name) is not None for name in _ASKING)
    return Told(named, asked, bool(verify))


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    keywords = mysql_case.given(settings)
    if any(keywords.get(name) for name in _OPTION_FILE) or ANY_OPTION in keywords:
        refuse("an option file may take back what is written here", "name all options in the call")
    refuse_bare_demands(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return
    if 0 in spans(settings.version or _SIGNATURE.newest, _TURNS):
        refuse("mariadb before 1.1.10 was not measured", "use mariadb 1.1.10 or later", "driver")
    if posture.assurance in {Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED}:
        refuse(
            f"MariaDB Connector/C has no word for {posture.assurance.word}", "demand verify-full, which insists on TLS"
        )
    connector_c.refuse_unsettled(keywords, posture, anchors, connector_c.libraries(settings.build))
