"""How PyMySQL spells a posture: through SQLAlchemy's URL, as keywords, as a dict or as an `ssl.SSLContext`.

Sources: PyMySQL's `connections.py` of 1.1.2 and 1.2.0 to 1.2.4, and SQLAlchemy's `create_connect_args` (mysqldb.py) of
2.0 and 2.1; tests hold this reading against the real ones. Turning points: before 1.2.0 PyMySQL goes on in plaintext
whatever is set; before 1.2.4 `ssl_verify_identity` alone does not look at the chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    PeerCheck,
    PythonContext,
    Spelling,
    alternatives,
    combined,
    resolved,
)
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"pymysql": "1.2.4"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("1.2.0", "1.2.4")

# What SQLAlchemy moves from the query into the dict `ssl`, and the one that it turns into a boolean (mysqldb.py).
_MOVED: Final = ("ssl_ca", "ssl_key", "ssl_cert", "ssl_capath", "ssl_cipher", "ssl_check_hostname")
_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})

# PyMySQL's own keywords about TLS, the keys of its dict, and the rest of its signature.
_DECIDING: Final = ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
_TLS_KEYWORDS: Final = frozenset({*_DECIDING, "ssl", "ssl_disabled", "ssl_key_password"})
_DICT_KEYS: Final = frozenset({"ca", "capath", "cert", "key", "password", "cipher", "check_hostname", "verify_mode"})
_KEYWORDS: Final = _TLS_KEYWORDS | frozenset(
    word
    for line in (
        "user password host database unix_socket port charset collation sql_mode read_default_file conv use_unicode",
        "client_flag cursorclass init_command connect_timeout read_default_group autocommit local_infile",
        "max_allowed_packet defer_connect auth_plugin_map read_timeout write_timeout bind_address binary_prefix",
        "program_name server_public_key compress named_pipe passwd db",
    )
    for word in line.split()
)

_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl_ca": (SOME_FILE,),
    "ssl_cert": (SOME_FILE,),
    "ssl_disabled": (True,),
    "ssl_verify_cert": (True, "false"),
    "ssl_verify_identity": (True,),
    "ssl_check_hostname": ("true", "false"),
    "ssl": (PythonContext(), PythonContext(PeerCheck.NONE, check_hostname=False)),
}
_DICT_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ca": (SOME_FILE,),
    "capath": (SOME_FILE,),
    "cert": (SOME_FILE,),
    "check_hostname": (True, False),
    "verify_mode": ("none", "required"),
}


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out: the span of versions, the keywords as PyMySQL gets them, and notes.

    `written` are the options that SQLAlchemy made the dict `ssl` from, under the names that a person knows.
    """

    span: int
    keywords: Mapping[str, object]
    written: tuple[str, ...]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def ignore(self, name: str) -> None:
        """Note that a keyword has no effect, by the names it was written under."""
        for known in self.written if name == "ssl" and self.written else (name,):
            self.note(f"ignored-option:{known}")


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is `localhost`, which PyMySQL reaches by TCP."""
    keywords = _query(settings) | _resolved(settings.connect_args)
    socket = keywords.get("unix_socket")
    host, port = keywords.get("host") or "localhost", keywords.get("port") or 3306
    if UNRESOLVED in (socket, host, port):
        return None
    if socket:
        return UnixEndpoint(str(socket))
    number = port_of(port)
    return TcpEndpoint(str(host), number) if number else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call, `ca` or `capath` of a dict, or a context's own."""
    keywords = {**_query(settings), **_resolved(settings.connect_args)}
    inner = keywords.get("ssl")
    given = inner if isinstance(inner, Mapping) else {}
    context = inner.anchors if isinstance(inner, PythonContext) else None
    named = (keywords.get("ssl_ca"), given.get("ca"), given.get("capath"), keywords.get("ssl_capath"), context)
    found = next((value for value in (*named, given.get("ssl_ca")) if value), None)
    return found if isinstance(found, str) else None


def read(settings: DialerSettings) -> Dialer:
    """What PyMySQL makes of these settings."""
    version = settings.version or Version(DRIVERS["pymysql"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    query, arguments = _query(settings), _resolved(settings.connect_args)
    if ANY_OPTION in query or ANY_OPTION in arguments:
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    cases = [
        _case(span, options, added, moves=settings.sqlalchemy)
        for options in alternatives(query, _CANDIDATES)
        for added in _argument_alternatives(arguments)
        for span in spans(version, _TURNS)
    ]
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, as keywords in a direct call; a floor of TLS 1.3 takes an `ssl.SSLContext`.

    Raises `SettingsError` for what PyMySQL cannot say: more than `opportunistic` before 1.2.0, a floor below TLS 1.2 or
    none, TLS 1.3 as a floor where plaintext will do, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture)
    pair = client_pair or _pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    if posture.floor is Floor.TLS_1_3 or system:
        return _spelling(settings, {}, {"ssl": context_for(posture, None if system else anchors, pair)})
    if settings.sqlalchemy and settings.dsn is not None:
        return _spelling(settings, _by_url(posture, anchors, pair), {})
    return _spelling(settings, {}, _by_keywords(posture, anchors, pair))


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


def _argument_alternatives(arguments: Mapping[str, object]) -> Iterator[dict[str, object]]:
    for added in alternatives(arguments, _CANDIDATES):
        inner = added.get("ssl")
        if isinstance(inner, Mapping):
            # A key of a dict does not vanish: `{"ca": None}` still turns TLS on.
            for chosen in alternatives(inner, _DICT_CANDIDATES):
                yield added | {"ssl": {key: chosen.get(key) for key in inner}}
        else:
            yield added


def _case(span: int, options: Mapping[str, object], added: Mapping[str, object], *, moves: bool) -> _Case:
    """The keywords as PyMySQL gets them: SQLAlchemy's union of the URL and `connect_args`, which win."""
    notes: list[str] = []
    moved, written = _moved(options, notes) if moves else (dict(options), ())
    keywords = {key: value for key, value in {**moved, **added}.items() if value is not None}
    if "ssl" in added:
        notes += [f"ignored-option:{name}" for name in written]
        written = ()
    return _Case(span, keywords, written, notes)


def _moved(options: Mapping[str, object], notes: list[str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """As SQLAlchemy hands them on: files and `ssl_check_hostname` in a dict `ssl`, which replaces any other `ssl`."""
    kept = {key: value for key, value in options.items() if key not in _MOVED}
    inner: dict[str, object] = {}
    for key in (key for key in _MOVED if key in options):
        value: object = options[key]
        if key == "ssl_check_hostname":
            word = str(value).strip().lower()
            if word not in _TRUE | _FALSE:
                notes.append(f"refused-option:{key}")
                continue
            value = word in _TRUE
        inner[key.removeprefix("ssl_")] = value
    if not inner:
        return kept, ()
    if "ssl" in kept:
        notes.append("ignored-option:ssl")
    return kept | {"ssl": inner}, tuple(key for key in _MOVED if key.removeprefix("ssl_") in inner)


def _read(case: _Case) -> tuple[Bounds, tuple[str, ...], str]:
    keywords = case.keywords
    for name in keywords:
        if name not in _KEYWORDS:
            case.note(f"refused-option:{name}")
    for name in ("ssl_disabled", "ssl_verify_identity"):
        if str(keywords.get(name, "")).strip().lower() in _FALSE and keywords[name]:
            case.note(f"string-is-true:{name}")
    if keywords.get("ssl_disabled"):
        context, why = None, _WHY["disabled"]
        for name in (*_DECIDING, "ssl"):
            if keywords.get(name):
                case.ignore(name)
    else:
        context, why = _context(case)
    bounds = Bounds.exactly(_posture(case, context))
    if _option_file_matters(case, context):
        case.note("option-file")
        verified = _posture(case, PythonContext(client_pair=(SOME_FILE, None)))
        bounds, why = bounds.widen(Bounds.exactly(verified)), f"{why}; the option file that is named may bring a CA"
    if bounds.low.assurance < Assurance.IDENTITY_VERIFIED:
        case.note("clear-password")
    refused = [note.partition(":")[2] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
    return bounds, tuple(case.notes), why


def _posture(case: _Case, context: PythonContext | None) -> Posture:
    """What PyMySQL does with a context (None: no option asks for TLS): before 1.2.0 it never insists."""
    if context is None:
        plain = case.keywords.get("ssl_disabled") or case.span == 0
        return Posture(Assurance.PLAINTEXT) if plain else Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2)
    posture = posture_of(context)
    return replace(posture, assurance=Assurance.OPPORTUNISTIC) if case.span == 0 else posture


def _context(case: _Case) -> tuple[PythonContext | None, str]:
    """The `ssl.SSLContext` that PyMySQL makes (`Connection.__init__`), and what it comes to in a sentence."""
    keywords = case.keywords
    inner = keywords.get("ssl")
    if any(keywords.get(name) for name in _DECIDING):
        thrown = bool(inner)
        if thrown:
            case.ignore("ssl")
        context = _from_dict(case, _as_dict(case), "ssl_verify_identity")
        why = _why_keywords(case, context, thrown=thrown)
    elif not inner:
        return None, _WHY["default"] if case.span else _WHY["default before 1.2.0"]
    elif isinstance(inner, Mapping):
        for key in inner:
            if key not in _DICT_KEYS:
                case.note(f"ignored-option:ssl.{key}")
        context = _from_dict(case, inner, "ssl.verify_mode")
        why = _why_dict(case, context)
    else:
        given = context_of(inner)
        if given is None:
            case.note("refused-option:ssl")
            return None, _WHY["default"] if case.span else _WHY["default before 1.2.0"]
        context, why = given, _WHY[f"context {posture_of(given).assurance.word}"]
    _note_context(case, context)
    return context, why if case.span else _WHY["before 1.2.0"]


def _as_dict(case: _Case) -> dict[str, object]:
    """The dict that PyMySQL makes of its keywords, in place of any `ssl`."""
    keywords = case.keywords
    identity = bool(keywords.get("ssl_verify_identity"))
    made: dict[str, object] = {"ca": keywords.get("ssl_ca"), "check_hostname": identity}
    since_1_2_4 = case.span == len(_TURNS)
    made["verify_mode"] = True if identity and since_1_2_4 else keywords.get("ssl_verify_cert", False)
    names = {"ssl_cert": "cert", "ssl_key": "key"}
    return made | {inner: keywords[name] for name, inner in names.items() if name in keywords}


def _from_dict(case: _Case, inner: Mapping[str, object], culprit: str) -> PythonContext:
    """`Connection._create_ssl_ctx`: without a CA the name is never looked at, and the chain only if it is asked for."""
    anchors = inner.get("ca") if inner.get("ca") is not None else inner.get("capath")
    check_hostname = anchors is not None and bool(inner.get("check_hostname", True))
    peer = _peer(inner.get("verify_mode"), PeerCheck.NONE if anchors is None else PeerCheck.REQUIRED)
    if peer is PeerCheck.NONE and check_hostname:
        case.note(f"refused-option:{culprit}")  # `ssl` raises ValueError: CERT_NONE with check_hostname
        check_hostname = False
    pair = (str(inner["cert"]), _text(inner.get("key"))) if inner.get("cert") else None
    if inner.get("key") and pair is None:
        case.note("ignored-option:ssl_key")
    return PythonContext(peer, check_hostname, _text(anchors) or None, Floor.TLS_1_2, pair)


def _peer(mode: object, otherwise: PeerCheck) -> PeerCheck:
    """`verify_mode`: booleans and words; anything else, `ssl.CERT_NONE` too, counts as not given."""
    if isinstance(mode, bool):
        return PeerCheck.REQUIRED if mode else PeerCheck.NONE
    word = mode.lower() if isinstance(mode, str) else ""
    if word in {"none", "0", "false", "no"}:
        return PeerCheck.NONE
    return PeerCheck.REQUIRED if word in {"optional", "required", "1", "true", "yes"} else otherwise


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _note_context(case: _Case, context: PythonContext) -> None:
    verified = context.peer is PeerCheck.REQUIRED
    if verified and context.anchors is None and context_of(case.keywords.get("ssl")) is None:
        case.note("system-anchors")
    for file in (context.anchors, *(context.client_pair or ())):
        if file and file != SOME_FILE:
            case.note(f"file-assumed:{file}")
    if verified and context.check_hostname and context.common_name:
        case.note("cn-fallback")


def _option_file_matters(case: _Case, context: PythonContext | None) -> bool:
    """An option file may add `ssl-ca` and its like to the dict `ssl`; keywords and contexts pass over it."""
    keywords = case.keywords
    if not (keywords.get("read_default_file") or keywords.get("read_default_group")) or keywords.get("ssl_disabled"):
        return False
    keeps = any(keywords.get(name) for name in _DECIDING) or context_of(keywords.get("ssl")) is not None
    return not keeps and (context is None or context.anchors is None)


def _why_keywords(case: _Case, context: PythonContext, *, thrown: bool) -> str:
    if thrown and "ssl_ca" in case.written:
        return _WHY["ca thrown away"] if context.peer is PeerCheck.REQUIRED else _WHY["ca thrown away, unverified"]
    if context.peer is PeerCheck.REQUIRED:
        if context.check_hostname:
            return _WHY["verified"]
        return _WHY["no name looked at" if context.anchors else "no name without ca"]
    if str(case.keywords.get("ssl_verify_cert", "")).lower() in _FALSE and case.keywords.get("ssl_verify_cert"):
        return _WHY["verify_cert false"]
    if context.anchors:
        return _WHY["keyword ca alone"]
    return _WHY["pair without ca" if context.client_pair else "identity without ca"]


def _why_dict(case: _Case, context: PythonContext) -> str:
    if context.peer is PeerCheck.REQUIRED:
        return _WHY["verified" if context.check_hostname else "no name looked at"]
    if context.client_pair and context.anchors is None:
        return _WHY["pair without ca"]
    return _WHY["url without ca" if case.written else "dict without ca"]


_WHY: Final[Mapping[str, str]] = {
    "disabled": "ssl_disabled turns TLS off, whatever else is set; in a URL every text is true, `false` as well",
    "default": "PyMySQL without any ssl option encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "default before 1.2.0": "PyMySQL before 1.2.0 without any ssl option never speaks TLS",
    "before 1.2.0": "PyMySQL before 1.2.0 goes on in plaintext when it is told that there is no TLS, "
    "whatever is set here: only 1.2.0 and later insist",
    "verified": "PyMySQL verifies the chain and the name: only the real server is believed",
    "no name looked at": "PyMySQL verifies the chain but not the name: any certificate of that authority is believed",
    "no name without ca": "without ssl_ca PyMySQL holds the chain against the system's store and never looks at the "
    "name: any certificate of a public authority is believed",
    "ca thrown away": "ssl_verify_cert and ssl_verify_identity in a SQLAlchemy URL make PyMySQL throw ssl_ca away: "
    "it believes any certificate of a public authority, for any name; ssl_ca alone is right",
    "ca thrown away, unverified": "ssl_verify_cert and ssl_verify_identity in a SQLAlchemy URL make PyMySQL throw "
    "ssl_ca away, and then nothing is verified: whoever answers is believed; ssl_ca alone is right",
    "verify_cert false": "ssl_verify_cert=false switches verification off: whoever answers is believed",
    "keyword ca alone": "as a keyword ssl_ca alone verifies nothing: it takes ssl_verify_cert and ssl_verify_identity "
    "as well (in a SQLAlchemy URL it is enough)",
    "pair without ca": "PyMySQL with ssl_cert and ssl_key, but without ssl_ca, accepts any certificate: "
    "whoever answers is believed",
    "identity without ca": "before PyMySQL 1.2.4 ssl_verify_identity without ssl_ca verifies nothing: "
    "whoever answers is believed",
    "dict without ca": "a dict ssl={…} without `ca` turns TLS on and verifies nothing: whoever answers is believed",
    "url without ca": "without ssl_ca PyMySQL encrypts and verifies nothing: whoever answers is believed",
    "context encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "context verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "context verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}


def _pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already: writing other settings leaves them."""
    keywords = dict(settings.options) | dict(settings.connect_args)
    inner = keywords.get("ssl")
    given = inner if isinstance(inner, Mapping) else {}
    certificate = keywords.get("ssl_cert") or given.get("cert")
    key = keywords.get("ssl_key") or given.get("key")
    return (str(certificate), _text(key)) if certificate else None


def _refuse_unspeakable(settings: DialerSettings, posture: Posture) -> None:
    possible = spans(settings.version or Version(DRIVERS["pymysql"]), _TURNS)
    if 0 in possible:
        raise SettingsError(
            "before 1.2.0 PyMySQL keeps none of its promises about TLS", hint="use PyMySQL 1.2.0 or later", key="driver"
        )
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("PyMySQL's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    if posture.assurance is Assurance.OPPORTUNISTIC and (posture.floor is Floor.TLS_1_3 or posture.client_auth):
        raise SettingsError("with any TLS option PyMySQL insists on TLS", hint="demand at least `encrypted`")


def _by_url(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, str]:
    """The table for SQLAlchemy's URL; what is not in it has to go."""
    if posture.assurance is Assurance.PLAINTEXT:
        return {"ssl_disabled": "true"}
    if posture.assurance is Assurance.OPPORTUNISTIC:
        return {}
    options: dict[str, str] = {}
    if posture.assurance >= Assurance.CHAIN_VERIFIED:
        options["ssl_ca"] = anchors
    if posture.assurance < Assurance.IDENTITY_VERIFIED:
        options["ssl_check_hostname"] = "false"
    shown = zip(("ssl_cert", "ssl_key"), pair or (), strict=False)
    return options | {name: file for name, file in shown if file}


def _by_keywords(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, object]:
    """The table for a direct call. Both switches, because from 1.2.0 to 1.2.3 one alone raises ValueError."""
    if posture.assurance is Assurance.PLAINTEXT:
        return {"ssl_disabled": True}
    if posture.assurance is Assurance.OPPORTUNISTIC:
        return {}
    files = zip(("ssl_cert", "ssl_key"), pair or (), strict=False)
    shown: dict[str, object] = {name: file for name, file in files if file}
    if posture.assurance is Assurance.ENCRYPTED:
        return shown or {"ssl": {"verify_mode": "none"}}
    verified: dict[str, object] = {"ssl_ca": anchors, "ssl_verify_cert": True}
    if posture.assurance is Assurance.IDENTITY_VERIFIED:
        verified["ssl_verify_identity"] = True
    return verified | shown


def _is_about_tls(name: str) -> bool:
    """PyMySQL's own options about TLS, SQLAlchemy's, and every other driver's or a typo."""
    return name in _TLS_KEYWORDS or name in _MOVED or name.lower().startswith(("ssl", "tls"))


def _spelling(settings: DialerSettings, options: Mapping[str, str], arguments: Mapping[str, object]) -> Spelling:
    kept = {key: value for key, value in settings.connect_args.items() if not _is_about_tls(key)}
    url = settings.dsn
    if url is not None:
        gone = {key: None for key, _ in url.options if _is_about_tls(key)}
        url = url.with_options(gone | dict(options))
    return Spelling(url, kept | dict(arguments), dict(settings.environment))
