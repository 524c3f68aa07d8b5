"""How MariaDB Connector/Python (`mariadb`) spells a posture: keywords, by the URL or in the call.

Below it is MariaDB Connector/C: it speaks no TLS unless told to, and insists on it only where the certificate is to be
verified. Then chain and name are looked at; there is no word for less.

Sources: the project's measurements, and mariadb 1.1.14 on Connector/C 3.3.20 for each spelling in the tests' table;
SQLAlchemy's `create_connect_args` (mariadbconnector.py) of 2.1. No test holds this against the real driver: it has to
be compiled, which the tests do not ask of a machine. What was before 1.1.14 was not measured. The floor is OpenSSL 3's
own, TLS 1.2, since older versions need security level 0 there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects import pymysql_family as family
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
from everyhop.model.posture import BOTTOM, UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"mariadb": "1.1.14"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("1.1.14",)
_SOCKET: Final = "/run/mysqld/mysqld.sock"  # Debian's; where another one is built in, it is a socket as well
_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})
_SWITCHES: Final = ("ssl", "ssl_verify_cert")
_DICT_KEYS: Final = ("ca", "cert", "capath", "key", "cipher")
_ASKING: Final = ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "tls_version")
_KEYWORDS: Final = frozenset(
    word
    for line in (
        "host user password passwd database db port unix_socket connect_timeout read_timeout write_timeout compress",
        "local_infile init_command default_file default_group client_flag named_pipe plugin_dir autocommit reconnect",
        "converter status_callback pool_name pool_size pool_reset_connection",
        "ssl ssl_ca ssl_capath ssl_cert ssl_key ssl_cipher ssl_crl ssl_crlpath ssl_verify_cert tls_version",
    )
    for word in line.split()
)
_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl": (True,),
    "ssl_ca": (SOME_FILE,),
    "ssl_verify_cert": (True,),
}


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host, or `localhost`, is the socket."""
    keywords = _keywords(settings)
    socket, host, port = keywords.get("unix_socket"), keywords.get("host"), keywords.get("port") or 3306
    if UNRESOLVED in (socket, host, port):
        return None
    if _on_socket(keywords):
        return UnixEndpoint(str(socket or _SOCKET))
    number = port_of(port)
    return TcpEndpoint(str(host), number) if number else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` or `ssl_capath`, or `ca` or `capath` of a dict."""
    return family.anchors(settings)


def read(settings: DialerSettings) -> Dialer:
    """What the driver makes of these settings."""
    version = settings.version or Version(DRIVERS["mariadb"], assumed=True)

    def dialer(bounds: Bounds, notes: list[str], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, tuple(dict.fromkeys(notes)), why)

    keywords = _keywords(settings)
    if ANY_OPTION in keywords:
        return dialer(UNKNOWN, ["unresolved-options"], "further options are known only at run time")
    late = spans(Version(settings.build) if settings.build else None, ("3.4",))
    return combined(
        [
            dialer(*_read(chosen, span, late=bool(build)))
            for chosen in alternatives(keywords, _CANDIDATES)
            for span in spans(version, _TURNS)
            for build in late
        ]
    )


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, as keywords in a direct call.

    Raises `SettingsError` for what the driver has no word for: `encrypted` and `verify-ca`, a floor other than TLS 1.2,
    the system's anchors; and on a unix socket or beside an option file, which may say something else.
    """
    pair = client_pair or family.client_pair(settings)
    _refuse_unspeakable(settings, posture, anchors)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    options: dict[str, str | bool] = {}
    if posture.assurance is Assurance.OPPORTUNISTIC:
        options["ssl"] = True
    elif posture.assurance is Assurance.IDENTITY_VERIFIED:
        options |= {"ssl_ca": anchors, "ssl_verify_cert": True}
    if posture.assurance:
        options |= {name: file for name, file in zip(("ssl_cert", "ssl_key"), pair or (), strict=False) if file}
    if settings.sqlalchemy and settings.dsn is not None:
        written = {name: value if isinstance(value, str) else "true" for name, value in options.items()}
        return family.spelling(settings, written, {})
    return family.spelling(settings, {}, options)


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    keywords = _keywords(settings)
    if keywords.get("default_file") or keywords.get("default_group") or ANY_OPTION in keywords:
        raise SettingsError("an option file may say otherwise", hint="name all options in the call")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if 0 in spans(settings.version or Version(DRIVERS["mariadb"]), _TURNS):
        raise SettingsError("mariadb before 1.1.14 was not measured", hint="use mariadb 1.1.14 or later", key="driver")
    if _on_socket(keywords):
        raise SettingsError("on a unix socket TLS cannot be relied on", hint="name a host other than localhost")
    if posture.floor is not Floor.TLS_1_2:
        raise SettingsError("the driver's floor is TLS 1.2", hint="demand TLSv1.2")
    if posture.assurance in {Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED}:
        hint = "demand verify-full, which insists on TLS"
        raise SettingsError(f"MariaDB Connector/C has no word for {posture.assurance.word}", hint=hint)
    if posture.assurance is Assurance.IDENTITY_VERIFIED:
        if anchors == "system":
            hint = "name a file: /etc/ssl/certs/ca-certificates.crt"
            raise SettingsError("without ssl_ca MariaDB Connector/C does not count as verifying", hint=hint)
        if keywords.get("host") in {"127.0.0.1", "::1", UNRESOLVED}:
            hint = "name the host, or use 127.0.0.2"
            raise SettingsError("for 127.0.0.1 and ::1 Connector/C 3.4 does not look at the name", hint=hint)


def _keywords(settings: DialerSettings) -> dict[str, object]:
    """The keywords as the driver gets them: SQLAlchemy makes booleans of a URL's switches, and of nothing else."""
    options: dict[str, object] = {}
    if settings.dsn and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        options = {key: resolved(value) for key, value in (("host", host), ("port", port)) if value is not None}
    for name, value in settings.options:
        word = value.strip().lower() if isinstance(value, str) and settings.sqlalchemy and name in _SWITCHES else ""
        options[name] = word in _TRUE if word in _TRUE | _FALSE else value
    options |= {name: resolved(value) for name, value in settings.connect_args.items()}
    return options


def _on_socket(keywords: Mapping[str, object]) -> bool:
    return bool(keywords.get("unix_socket")) or (keywords.get("host") or "localhost") == "localhost"


def _read(keywords: Mapping[str, object], span: int, *, late: bool) -> tuple[Bounds, list[str], str]:
    notes = [f"refused-option:{name}" for name in keywords if name not in _KEYWORDS]
    given = _flattened(keywords, notes)
    verify = given.get("ssl_verify_cert")
    if verify is not None and not isinstance(verify, int):
        notes.append("refused-option:ssl_verify_cert")  # TypeError: it has to be a boolean
        verify = None
    low, high, why = _assurance(given, notes, verify=bool(verify), late=late)
    files = [given.get(name) for name in ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key")]
    notes += [f"file-assumed:{file}" for file in files if file and file != SOME_FILE]
    weak = "seclevel" in str(given.get("ssl_cipher", "")).lower()
    floor = Floor.NONE if weak or not low else Floor.TLS_1_2
    most = Floor.TLS_1_3 if given.get("tls_version") else floor
    shown = ClientAuth.OPTIONAL if given.get("ssl_cert") and low else ClientAuth.ABSENT
    bounds = Bounds(Posture(low, floor, shown), Posture(high, most, shown))
    if given.get("default_file") or given.get("default_group"):
        notes.append("option-file")
        bounds = bounds.widen(Bounds(BOTTOM, Posture(Assurance.IDENTITY_VERIFIED, most, ClientAuth.OPTIONAL)))
        why = f"{why}; the option file that is named may say something else"
    if span < len(_TURNS):
        notes.append(f"unmeasured-version:{_TURNS[0]}")
        bounds, why = bounds.widen(Bounds.exactly(BOTTOM)), f"{_WHY['unmeasured']}; since then: {why}"
    if _on_socket(given):
        bounds, why = bounds.widen(Bounds.exactly(BOTTOM)), _WHY["socket"]
    if bounds.low.assurance < Assurance.IDENTITY_VERIFIED:
        notes.append("clear-password")
    refused = [note.partition(":")[2] for note in notes if note.startswith("refused-option:")]
    return bounds, notes, f"it cannot connect because of {', '.join(refused)}; without that: {why}" if refused else why


def _flattened(keywords: Mapping[str, object], notes: list[str]) -> dict[str, object]:
    """`ssl` may be a dict: the driver's own keywords come out of it, and `ssl=True`, even where it is empty."""
    given = dict(keywords)
    inner = given.get("ssl")
    if isinstance(inner, Mapping):
        notes += [f"ignored-option:ssl.{key}" for key in inner if key not in _DICT_KEYS]
        named = {f"ssl_{key}": resolved(inner[key]) for key in _DICT_KEYS if key in inner}
        # A file that is known only at run time is there or not: either way nothing insists on TLS.
        given |= {name: None if value is UNRESOLVED else value for name, value in named.items()} | {"ssl": True}
    elif "ssl" in given and not isinstance(inner, bool):
        notes.append("refused-option:ssl")
        given["ssl"] = False
    return given


def _assurance(
    given: Mapping[str, object], notes: list[str], *, verify: bool, late: bool
) -> tuple[Assurance, Assurance, str]:
    """The least and the most that Connector/C makes of it, and why."""
    anchored = bool(given.get("ssl_ca") or given.get("ssl_capath"))
    if verify and not anchored:
        notes += ["system-anchors", "cn-fallback"]
        return Assurance.OPPORTUNISTIC, Assurance.IDENTITY_VERIFIED, _WHY["no anchors"]
    if verify:
        notes.append("cn-fallback")
        if late and given.get("host") in {"127.0.0.1", "::1"}:
            notes.append("loopback-name")
            return Assurance.CHAIN_VERIFIED, Assurance.CHAIN_VERIFIED, _WHY["loopback"]
        return Assurance.IDENTITY_VERIFIED, Assurance.IDENTITY_VERIFIED, _WHY["verified"]
    if not given.get("ssl") and not any(given.get(name) for name in _ASKING):
        return Assurance.PLAINTEXT, Assurance.PLAINTEXT, _WHY["default"]
    if anchored:
        notes.append("strippable-check")
    return Assurance.OPPORTUNISTIC, Assurance.OPPORTUNISTIC, _WHY["ca alone" if anchored else "asked for"]


_WHY: Final = {
    "default": "mariadb without any ssl option speaks no TLS",
    "asked for": "mariadb asks for TLS here and insists on nothing: "
    "whoever sits on the path answers that there is none, and it goes on in plaintext",
    "ca alone": "a CA without ssl_verify_cert is looked at only if there is TLS: "
    "whoever answers that there is none is believed",
    "no anchors": "ssl_verify_cert without a CA does not count as verification: name ssl_ca",
    "loopback": "for 127.0.0.1 and ::1 MariaDB Connector/C 3.4 does not look at the name",
    "verified": "mariadb verifies the chain and the name: only the real server is believed",
    "unmeasured": "what mariadb before 1.1.14 makes of this was not measured",
    "socket": "on a unix socket (localhost is one) there may be no TLS: the kernel carries the bytes",
}
