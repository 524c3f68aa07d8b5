"""How MySQL Connector/Python spells a posture: through SQLAlchemy's URL, or as keywords of `mysql.connector.connect`.

It is two drivers under one name, and they disagree: pure Python, which insists on TLS only with `ssl_verify_cert`, and
a C extension on libmysqlclient, which insists only with `ssl_verify_identity` and takes nothing but real booleans. The
build (`pure`; anything else is the C extension) or `use_pure` decides; where neither is known, both are possible.

Sources: Connector/Python's `abstracts.py`, `connection.py`, `connection_cext.py` and `network.py` of 8.0.33, 9.7 and
26.10, and SQLAlchemy's `create_connect_args` (mysqlconnector.py) of 2.1; tests hold this reading against both builds of
the real one. What was before 8.0.33 was not measured: it may be anything down to plaintext.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
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

DRIVERS: Final = {"mysql-connector": "26.10.0"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("8.0.33",)

# Of the options in SQLAlchemy's URL only these become booleans (mysqlconnector.py); `ssl_disabled` and
# `ssl_verify_identity` stay text.
_COERCED: Final = ("ssl_verify_cert", "use_pure")
_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})

_TLS_KEYWORDS: Final = frozenset(
    {
        *("ssl_ca", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"),
        *("tls_versions", "tls_ciphersuites"),
    }
)
# DEFAULT_CONFIGURATION, and what connect() takes beside it.
_KEYWORDS: Final = _TLS_KEYWORDS | frozenset(
    word
    for line in (
        "allow_local_infile allow_local_infile_in_path auth_plugin autocommit buffered charset client_flags collation",
        "compress conn_attrs connect_timeout connection_timeout consume_results converter_class database db dns_srv",
        "converter_str_fallback fido_callback force_ipv6 get_warnings host init_command kerberos_auth_mode",
        "krb_service_principal oci_config_file oci_config_profile openid_token_file passwd password password1",
        "password2 password3 port raise_on_warnings raw read_timeout sql_mode time_zone unix_socket use_pure",
        "use_unicode user username webauthn_callback write_timeout pool_name pool_size pool_reset_session failover",
        "option_files option_groups read_default_file",
    )
    for word in line.split()
)
_MOST_OPEN: Final = 5
"""Options that are known only at run time: with more of them the ways in which it may turn out are not gone through."""
_OPTION_FILES: Final = ("option_files", "read_default_file")
_PAIR: Final = ("ssl_cert", "ssl_key")
_KNOWN_TLS: Final = frozenset({"TLSv1.2", "TLSv1.3"})

_ARGUMENT_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl_ca": (SOME_FILE,),
    "ssl_disabled": (True,),
    "ssl_verify_cert": (True,),
    "ssl_verify_identity": (True,),
    "tls_versions": (("TLSv1.3",),),
    "unix_socket": (SOME_FILE,),
    "use_pure": (True, False),
    "option_files": (SOME_FILE,),
    "read_default_file": (SOME_FILE,),
}
_URL_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl_ca": (SOME_FILE,),
    "ssl_disabled": ("true",),
    "ssl_verify_cert": ("true",),
    "ssl_verify_identity": ("true",),
    "tls_versions": ("[TLSv1.3]",),
    "unix_socket": (SOME_FILE,),
    "use_pure": ("true", "false"),
    "option_files": (SOME_FILE,),
    "read_default_file": (SOME_FILE,),
}
_FROM_FILE: Final = ("ssl_ca", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity", "tls_versions", "use_pure")
"""What an option file may bring, of the above; what the call says beats it."""


class _Build(Enum):
    PURE = "pure Python"
    C = "the C extension"


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out: the span of versions, the build, the keywords, and notes."""

    span: int
    build: _Build
    keywords: Mapping[str, object]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def on(self, name: str) -> bool:
        """Whether a switch is on. The C extension refuses what is true and no boolean: then it counts as off."""
        value = self.keywords.get(name)
        if self.build is _Build.C and value and not isinstance(value, bool):
            self.note(f"refused-option:{name}")
            return False
        return bool(value)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is 127.0.0.1, and `localhost` is TCP here."""
    keywords = _query(settings) | _resolved(settings.connect_args)
    elsewhere = any(keywords.get(name) for name in (*_OPTION_FILES, "failover", "dns_srv"))
    socket = keywords.get("unix_socket")
    host, port = keywords.get("host") or "127.0.0.1", keywords.get("port") or 3306
    if UNRESOLVED in (socket, host, port) or (elsewhere and not socket):
        return None
    if socket:
        return UnixEndpoint(str(socket))
    number = port_of(port)
    return TcpEndpoint(str(host), number) if number else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call."""
    found = (_query(settings) | _resolved(settings.connect_args)).get("ssl_ca")
    return found if isinstance(found, str) and found else None


def read(settings: DialerSettings) -> Dialer:
    """What Connector/Python makes of these settings."""
    version = settings.version or Version(DRIVERS["mysql-connector"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    query, arguments = _query(settings), _resolved(settings.connect_args)
    open_ones = sum(keywords.get(name) is UNRESOLVED for keywords in (query, arguments) for name in _URL_CANDIDATES)
    if ANY_OPTION in query or ANY_OPTION in arguments or open_ones > _MOST_OPEN:
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    cases = [
        _Case(span, build, keywords, list(notes))
        for keywords, notes in _keyword_alternatives(query, arguments, moves=settings.sqlalchemy)
        for build in _builds(settings.build, keywords)
        for span in spans(version, _TURNS)
    ]
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """In `connect_args`, since a URL cannot carry a real boolean; only plaintext can be said in a URL.

    Raises `SettingsError` for what it cannot say: `encrypted`, which there is not; `verify-ca` and the system's anchors
    with the C extension; a floor below TLS 1.2 or none; anything before 8.0.33, on a unix socket or beside an option
    file; a client's certificate that nobody named.
    """
    pair = client_pair or _pair(settings)
    _refuse_unspeakable(settings, posture, anchors)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    if posture.assurance is Assurance.PLAINTEXT:
        if settings.sqlalchemy and settings.dsn is not None:
            return _spelling(settings, {"ssl_disabled": "true"}, {})
        return _spelling(settings, {}, {"ssl_disabled": True})
    wanted: dict[str, object] = {}
    if posture.assurance >= Assurance.CHAIN_VERIFIED:
        wanted = ({} if anchors == "system" else {"ssl_ca": anchors}) | {"ssl_verify_cert": True}
    if posture.assurance is Assurance.IDENTITY_VERIFIED:
        wanted["ssl_verify_identity"] = True
    if posture.floor is Floor.TLS_1_3:
        wanted["tls_versions"] = ["TLSv1.3"]
    if pair:
        wanted |= {"ssl_cert": pair[0], "ssl_key": pair[1]}
    return _spelling(settings, {}, wanted)


def _resolved(arguments: Mapping[str, object]) -> dict[str, object]:
    return {key: resolved(value) for key, value in arguments.items()}


def _query(settings: DialerSettings) -> dict[str, object]:
    """The URL as keywords, before SQLAlchemy converts any of them; the query beats what stands before it."""
    options: dict[str, object] = {}
    if settings.dsn and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        options = {key: resolved(value) for key, value in (("host", host), ("port", port)) if value is not None}
    return options | dict(settings.options)


def _keyword_alternatives(
    query: dict[str, object], arguments: dict[str, object], *, moves: bool
) -> Iterator[tuple[dict[str, object], list[str]]]:
    """The keywords as the driver gets them, with what is to be noted of the way: `connect_args` win."""
    candidates = _URL_CANDIDATES if moves else _ARGUMENT_CANDIDATES
    for options, added in product(alternatives(query, candidates), alternatives(arguments, _ARGUMENT_CANDIDATES)):
        notes: list[str] = []
        keywords = (_coerced(options, notes) if moves else options) | added
        if UNRESOLVED in [(query | arguments).get(name) for name in _PAIR]:
            keywords |= {
                name: keywords.get(name) or SOME_FILE for name in _PAIR
            }  # one without the other connects to nothing
        if not any(keywords.get(name) for name in _OPTION_FILES):
            yield keywords, notes
            continue
        brought = {name: UNRESOLVED for name in _FROM_FILE if name not in keywords}
        for file in alternatives(brought, _ARGUMENT_CANDIDATES):
            yield keywords | file, [*notes, "option-file"]


def _coerced(options: Mapping[str, object], notes: list[str]) -> dict[str, object]:
    """As SQLAlchemy hands them on: two of the switches become booleans, or raise ValueError."""
    kept = dict(options)
    for key in _COERCED:
        if not isinstance(kept.get(key), str):
            continue
        word = str(kept[key]).strip().lower()
        if word in _TRUE | _FALSE:
            kept[key] = word in _TRUE
        else:
            notes.append(f"refused-option:{key}")
            del kept[key]
    return kept


def _builds(build: str | None, keywords: Mapping[str, object]) -> tuple[_Build, ...]:
    """`use_pure` decides; else what is installed. The C extension is taken where it loads, and nobody says which."""
    if "use_pure" in keywords:
        return (_Build.PURE,) if keywords["use_pure"] else (_Build.C,)
    if build is None:
        return (_Build.PURE, _Build.C)
    return (_Build.PURE,) if build == "pure" else (_Build.C,)


def _read(case: _Case) -> tuple[Bounds, tuple[str, ...], str]:
    keywords = case.keywords
    for name in keywords:
        if name not in _KEYWORDS:
            case.note(f"refused-option:{name}")
    if keywords.get("ssl_cipher"):
        case.note("ignored-option:ssl_cipher")
    if (keywords.get("ssl_cert", "") is None) is not (keywords.get("ssl_key", "") is None) or (
        ("ssl_cert" in keywords) is not ("ssl_key" in keywords)
    ):
        case.note(f"refused-option:{'ssl_cert' if keywords.get('ssl_cert') else 'ssl_key'}")
    floor = _floor(case)
    for name in ("ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"):
        value = keywords.get(name)
        if isinstance(value, str) and value.strip().lower() in _FALSE:
            case.note(f"string-is-true:{name}")
    if keywords.get("unix_socket") or keywords.get("ssl_disabled"):
        posture, why = Posture(Assurance.PLAINTEXT), _WHY["socket" if keywords.get("unix_socket") else "disabled"]
        for name in ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity", "tls_versions"):
            if keywords.get(name):
                case.note(f"ignored-option:{name}")
    else:
        posture, why = _posture(case, floor)
    bounds = Bounds.exactly(posture)
    if case.span == 0 and posture.assurance:
        low = Posture(Assurance.PLAINTEXT, Floor.NONE, posture.client_auth)
        bounds, why = Bounds(low, posture), f"{_WHY['before 8.0.33']}; since then: {why}"
    if bounds.low.assurance < Assurance.IDENTITY_VERIFIED:
        case.note("clear-password")
    refused = [note.partition(":")[2] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
    return bounds, tuple(case.notes), why


def _posture(case: _Case, floor: Floor) -> tuple[Posture, str]:
    """What is promised where TLS is not switched off, and why."""
    disabled = case.keywords.get("ssl_disabled", False)
    if case.build is _Build.C and not isinstance(disabled, bool):
        case.note("refused-option:ssl_disabled")
    chain, name = case.on("ssl_verify_cert"), case.on("ssl_verify_identity")
    assurance, why = _pure(chain=chain, name=name) if case.build is _Build.PURE else _extension(chain=chain, name=name)
    if (chain or name) and assurance is Assurance.OPPORTUNISTIC:
        case.note("strippable-check")
    _note_files(case, checks=chain or name)
    if name:
        case.note("cn-fallback")
    shown = ClientAuth.OPTIONAL if case.keywords.get("ssl_cert") else ClientAuth.ABSENT
    if assurance is Assurance.OPPORTUNISTIC and not (chain or name):
        ca = _names_anchors(case)
        why = _WHY["ca alone" if ca else "pair alone" if shown else "default"]
    return Posture(assurance, floor, shown), why


def _names_anchors(case: _Case) -> bool:
    """Whether there is a file of trust anchors."""
    return bool(case.keywords.get("ssl_ca"))


def _pure(*, chain: bool, name: bool) -> tuple[Assurance, str]:
    """`MySQLConnection._do_handshake` insists on TLS for `verify_cert` alone; `build_ssl_context` checks for both."""
    if chain:
        return (
            (Assurance.IDENTITY_VERIFIED, _WHY["verified"]) if name else (Assurance.CHAIN_VERIFIED, _WHY["pure chain"])
        )
    return Assurance.OPPORTUNISTIC, _WHY["pure name"]


def _extension(*, chain: bool, name: bool) -> tuple[Assurance, str]:
    """`ssl_verify_identity` is libmysqlclient's VERIFY_IDENTITY; `ssl_verify_cert` checks and never insists."""
    del chain  # whatever it says, the name alone makes the C extension insist
    return (Assurance.IDENTITY_VERIFIED, _WHY["verified"]) if name else (Assurance.OPPORTUNISTIC, _WHY["c chain"])


def _floor(case: _Case) -> Floor:
    """TLS 1.2, but with `tls_versions` of 1.3 alone; what is older is dropped, and with nothing left it raises."""
    given = case.keywords.get("tls_versions")
    if given is None:
        return Floor.TLS_1_2
    names: list[str] = []
    if isinstance(given, str) and given.startswith("[") and given.endswith("]"):
        names = [part.strip() for part in given[1:-1].split(",") if part.strip()]
    elif isinstance(given, (list, set, frozenset, tuple)):
        names = [str(part) for part in given]
    usable = _KNOWN_TLS.intersection(names)
    if not usable or len(names) != len(set(names)):
        case.note("refused-option:tls_versions")
    return Floor.TLS_1_3 if usable == {"TLSv1.3"} else Floor.TLS_1_2


def _note_files(case: _Case, *, checks: bool) -> None:
    keywords = case.keywords
    if checks and not _names_anchors(case):
        # The C extension hands on an empty file name; Python's own context has no anchors with `tls_versions`.
        pure = case.build is _Build.PURE and keywords.get("tls_versions") is None
        case.note("system-anchors" if pure else "anchors-needed")
    elif checks and case.build is _Build.PURE and keywords.get("tls_versions") is None:
        case.note("system-anchors-too")
    for name in ("ssl_ca", "ssl_cert", "ssl_key"):
        file = keywords.get(name)
        if isinstance(file, str) and file and file != SOME_FILE:
            case.note(f"file-assumed:{file}")


_WHY: Final[Mapping[str, str]] = {
    "disabled": "ssl_disabled turns TLS off, whatever else is set; in a URL every text is true, `false` as well",
    "socket": "on a unix socket Connector/Python speaks no TLS, whatever is set: the kernel carries the bytes",
    "before 8.0.33": "what Connector/Python before 8.0.33 makes of this was not measured",
    "default": "Connector/Python without ssl_verify_cert and ssl_verify_identity encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "ca alone": "ssl_ca alone verifies nothing and insists on nothing: "
    "it takes ssl_verify_cert and ssl_verify_identity as well",
    "pair alone": "ssl_cert and ssl_key show a certificate and verify nothing: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "verified": "Connector/Python verifies the chain and the name: only the real server is believed",
    "pure chain": "Connector/Python verifies the chain but not the name: any certificate of that authority is believed",
    "pure name": "in pure Python ssl_verify_identity without ssl_verify_cert looks at the certificate only if there is "
    "TLS: whoever answers that there is none is believed",
    "c chain": "in the C extension ssl_verify_cert without ssl_verify_identity looks at the chain only if there is "
    "TLS: whoever answers that there is none is believed",
}


def _pair(settings: DialerSettings) -> tuple[str, str] | None:
    """The client's certificate and key that are named already: writing other settings leaves them."""
    keywords = dict(settings.options) | dict(settings.connect_args)
    certificate, key = keywords.get("ssl_cert"), keywords.get("ssl_key")
    return (str(certificate), str(key)) if certificate and key else None


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    options = dict(settings.options)
    keywords = (_coerced(options, []) if settings.sqlalchemy else options) | dict(settings.connect_args)
    if ANY_OPTION in keywords:
        raise SettingsError("further options are known only at run time", hint="name all options in the call")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if keywords.get("unix_socket"):
        raise SettingsError("Connector/Python speaks no TLS on a unix socket", hint="name a host, or leave it local")
    if any(keywords.get(name) for name in _OPTION_FILES):
        raise SettingsError("an option file may take back what is written here", hint="name all options in the call")
    if 0 in spans(settings.version or Version(DRIVERS["mysql-connector"]), _TURNS):
        hint = "use MySQL Connector/Python 8.0.33 or later"
        raise SettingsError("what Connector/Python before 8.0.33 does was not measured", hint=hint, key="driver")
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("Connector/Python's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    if posture.assurance is Assurance.ENCRYPTED:
        raise SettingsError("Connector/Python insists on TLS only where it verifies", hint="demand verify-full")
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    pure = keywords.get("use_pure") is not UNRESOLVED and _builds(settings.build, keywords) == (_Build.PURE,)
    if posture.assurance is Assurance.CHAIN_VERIFIED and not pure:
        hint = "demand verify-full, or add use_pure=True"
        raise SettingsError("Connector/Python's C extension cannot insist on verify-ca", hint=hint)
    if verified and anchors == "system" and (not pure or posture.floor is Floor.TLS_1_3):
        raise SettingsError("Connector/Python verifies only with ssl_ca here", hint="name a file of trust anchors")


def _is_about_tls(name: str) -> bool:
    """Connector/Python's own options about TLS, and every other driver's or a typo."""
    return name in _TLS_KEYWORDS or name.lower().startswith(("ssl", "tls"))


def _spelling(settings: DialerSettings, options: Mapping[str, str], arguments: Mapping[str, object]) -> Spelling:
    kept = {key: value for key, value in settings.connect_args.items() if not _is_about_tls(key)}
    url = settings.dsn
    if url is not None:
        gone = {key: None for key, _ in url.options if _is_about_tls(key)}
        url = url.with_options(gone | dict(options))
    return Spelling(url, kept | dict(arguments), dict(settings.environment))
