"""How asyncpg spells a posture: in its own DSN, as keywords, through SQLAlchemy, or as an `ssl.SSLContext`.

Sources: asyncpg's `connect_utils.py` of 0.27 to 0.32 and SQLAlchemy's asyncpg dialect of 2.1; tests hold this reading
against the real ones. Through SQLAlchemy a URL carries `ssl` alone: trust anchors then come from PGSSLROOTCERT or in
a context. Turning points: before 0.27 nothing was measured; 0.30 knows `sslnegotiation`; 0.31 reads service files;
0.32 refuses direct TLS with weak modes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.dsn import Dsn
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
from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.secret import Secret
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"asyncpg": "0.32.0"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("0.27", "0.30", "0.31", "0.32")
_NEGOTIATION, _SERVICE, _STRICT = 2, 3, 4  # the spans from which on these are understood, or weak modes refused

_MODES: Final = {
    "disable": Assurance.PLAINTEXT,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
"""The table: read in one direction, written in the other. `allow` is read only: nobody should write it."""

_FLOORS: Final = {
    "MINIMUM_SUPPORTED": Floor.NONE,
    "TLSv1": Floor.TLS_1_0,
    "TLSv1_1": Floor.TLS_1_1,
    "TLSv1_2": Floor.TLS_1_2,
    "TLSv1_3": Floor.TLS_1_3,
    "MAXIMUM_SUPPORTED": Floor.TLS_1_3,
}
"""Members of `ssl.TLSVersion`, which asyncpg looks a word up in."""

# What asyncpg takes out of a DSN's query; everything else there goes to the server as a setting of the session.
_DSN_TLS: Final = frozenset(
    {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version"}
)
# Options of libpq that no server takes for a setting, so that it ends the session.
_NOT_SETTINGS: Final = frozenset(
    {"channel_binding", "require_auth", "gssencmode", "hostaddr", "connect_timeout", "requirepeer", "direct_tls"}
)
_VARIABLES: Final = {
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
}
_KEYWORDS: Final = frozenset(
    word
    for line in (
        "dsn host port user password passfile service servicefile database loop timeout statement_cache_size",
        "max_cached_statement_lifetime max_cacheable_statement_size command_timeout ssl direct_tls connection_class",
        "record_class server_settings target_session_attrs krbsrvname gsslib",
    )
    for word in line.split()
)
_SQLALCHEMY_KEYWORDS: Final = frozenset(
    {"async_creator_fn", "prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback", "plugin"}
)

_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl": (*_MODES, PythonContext(), PythonContext(PeerCheck.NONE, check_hostname=False)),
    "direct_tls": (True,),
}
_DSN_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "sslmode": tuple(_MODES),
    "sslrootcert": (SOME_FILE,),
    "sslcert": (SOME_FILE,),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.3"),
}

_SOCKET_FOLDER: Final = "/run/postgresql"
"""The first place where asyncpg looks when no host is named; the last is localhost."""


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out: keywords of the call, the DSN's query, and notes on the way."""

    span: int
    keywords: Mapping[str, object]
    query: Mapping[str, object]
    environment: Mapping[str, str]
    foreign: frozenset[str]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def value(self, name: str) -> str | None:
        """An option of the DSN, else its environment variable."""
        given = self.query.get(name)
        return str(given) if given is not None else self.environment.get(_VARIABLES[name])


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Where the host leads; of several, the farthest. Without one asyncpg tries unix sockets, then localhost."""
    query, keywords = _parts(settings)
    environment = settings.environment
    host = keywords.get("host") or query.get("host") or environment.get("PGHOST")
    port = keywords.get("port") or query.get("port") or environment.get("PGPORT") or 5432
    if UNRESOLVED in (host, port):
        return None
    ports = [str(one) for one in port] if isinstance(port, list | tuple) else str(port).split(",")
    hosts = [str(one) for one in host] if isinstance(host, list | tuple) else str(host or "").split(",")
    found = [_endpoint(name, ports[i] if i < len(ports) else ports[0]) for i, name in enumerate(hosts)]
    known = [one for one in found if one is not None]
    order = {Locality.NETWORK: 0, Locality.LOOPBACK: 1, Locality.UNIX: 2}
    return min(known, key=lambda one: order[one.locality]) if len(known) == len(found) else None


def anchors(settings: DialerSettings) -> str | None:
    """A context's own, `sslrootcert` of the DSN, or what PGSSLROOTCERT says."""
    query, keywords = _parts(settings)
    context = keywords.get("ssl")
    if isinstance(context, PythonContext):
        return context.anchors
    named = query.get("sslrootcert", settings.environment.get("PGSSLROOTCERT"))
    return named if isinstance(named, str) and named else None


def read(settings: DialerSettings) -> Dialer:
    """What asyncpg makes of these settings."""
    version = settings.version or Version(DRIVERS["asyncpg"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    query, keywords = _parts(settings)
    if ANY_OPTION in query or ANY_OPTION in keywords or UNRESOLVED in (keywords.get("dsn"), keywords.get("service")):
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    if keywords.get("async_creator_fn"):
        why = "async_creator_fn opens the connection in its own way: nothing else that stands here has to matter to it"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    sockets = isinstance(settings.endpoint or endpoint(settings), UnixEndpoint)
    cases = [
        _Case(span, added, options, settings.environment, _foreign(settings))
        for added in alternatives(keywords, _CANDIDATES)
        for options in alternatives(query, _DSN_CANDIDATES)
        for span in spans(version, _TURNS)
    ]
    return combined([dialer(*_read(case, sockets=sockets)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By asyncpg's own DSN alone where there is one; else as `ssl`: a word, or from `verify-ca` on a context.

    Raises `SettingsError` for what asyncpg cannot say: TLS on a unix socket, a floor without TLS, TLS without a floor,
    a floor of its own where plaintext will do, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture)
    pair = client_pair or _pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    if _is_own_dsn(settings) and not system:
        return _by_dsn(settings, posture, anchors, pair)
    word = next(word for word, assurance in _MODES.items() if assurance is posture.assurance)
    context = None
    if posture.assurance >= Assurance.ENCRYPTED and (
        system or pair or posture != Posture(Assurance.ENCRYPTED, Floor.TLS_1_2) or settings.dsn is None
    ):
        context = context_for(posture, None if system else anchors, pair)
    return _by_keyword(settings, word, context)


def _is_own_dsn(settings: DialerSettings) -> bool:
    """Whether the URL is one that asyncpg itself reads: SQLAlchemy's names the driver in its scheme."""
    return settings.dsn is not None and settings.dsn.scheme.lower() in {"postgres", "postgresql"}


def _parts(settings: DialerSettings) -> tuple[dict[str, object], dict[str, object]]:
    """The query of asyncpg's own DSN, and the keywords of the call (through SQLAlchemy: its URL, then connect_args)."""
    keywords: dict[str, object] = {}
    dsn, query = settings.dsn, {}
    if _is_own_dsn(settings):
        query = dict(settings.options)
    else:
        keywords = dict(settings.options) | _several(settings.options)
        given = settings.connect_args.get("dsn")
        if isinstance(given, str | Secret) and not isinstance(resolved(given), type(UNRESOLVED)):
            dsn = Dsn.parse(given.reveal() if isinstance(given, Secret) else given, "asyncpg")
            query = {key: resolved(value) for key, value in dsn.options}
    added = {key: resolved(value) for key, value in settings.connect_args.items() if value is not None}
    target = query if _is_own_dsn(settings) or "dsn" in settings.connect_args else keywords
    if dsn and dsn.hosts:
        hosts, ports = zip(*dsn.hosts, strict=True)
        if any(hosts):
            target["host"] = keywords.get("host") or resolved(",".join(host or "" for host in hosts))
        if any(ports):
            target.setdefault("port", ",".join(str(port or 5432) for port in ports))
    return query, keywords | added


def _several(options: tuple[tuple[str, object], ...]) -> dict[str, object]:
    """SQLAlchemy's `?host=h1:5432&host=h2:5433`, as it hands it on."""
    named = [str(value) for key, value in options if key == "host" and value is not UNRESOLVED]
    if not any(":" in name and not name.startswith("/") for name in named):
        return {"host": named} if len(named) > 1 else {}
    parts = [name.partition(":") for name in named]
    return {"host": [part[0] for part in parts], "port": [part[2] or "5432" for part in parts]}


def _foreign(settings: DialerSettings) -> frozenset[str]:
    """Options that raise TypeError, because `connect()` has no such keyword."""
    own = frozenset() if _is_own_dsn(settings) else frozenset(key for key, _ in settings.options)
    known = _KEYWORDS | (_SQLALCHEMY_KEYWORDS if settings.sqlalchemy else frozenset())
    return (own | frozenset(settings.connect_args)) - known - {ANY_OPTION}


def _read(case: _Case, *, sockets: bool) -> tuple[Bounds, tuple[str, ...], str]:
    """Bounds, notes and the sentence for one way in which the settings may turn out."""
    _note_options(case)
    if case.span == 0:
        case.note("unmeasured-version:0.27")
        return UNKNOWN, tuple(case.notes), "what asyncpg before 0.27 makes of its settings was not measured"
    if sockets:
        why = "on a unix socket asyncpg speaks no TLS, whatever ssl says: the kernel carries the bytes"
        return Bounds.exactly(Posture(Assurance.PLAINTEXT)), tuple(case.notes), why
    given = case.keywords.get("ssl", case.query.get("sslmode"))
    if given is None and case.span >= _SERVICE and (case.keywords.get("service") or case.query.get("service")):
        case.note("service-file")
        return UNKNOWN, tuple(case.notes), "the service file that is named may set any sslmode"
    if given is None:
        given = case.environment.get("PGSSLMODE", "prefer")
    posture, why = _posture(case, given)
    if posture.assurance < Assurance.IDENTITY_VERIFIED:
        case.note("clear-password")
    refused = [note.partition(":")[2] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
    return Bounds.exactly(posture), tuple(case.notes), why


def _note_options(case: _Case) -> None:
    for name in sorted(case.foreign):
        case.note(f"refused-option:{name}")
    for name in ("service", "servicefile"):
        if name in case.keywords and case.span < _SERVICE:
            case.note(f"refused-option:{name}")
    for name in case.query:
        about_tls = name.lower().startswith(("ssl", "tls")) and name not in _DSN_TLS
        if about_tls or name in _NOT_SETTINGS or (name == "sslnegotiation" and case.span < _NEGOTIATION):
            case.note(f"refused-option:{name}")
    if str(case.keywords.get("direct_tls", "")).lower() in {"false", "no", "off", "0"} and case.keywords["direct_tls"]:
        case.note("string-is-true:direct_tls")


def _posture(case: _Case, given: object) -> tuple[Posture, str]:
    """What `ssl` comes to: a word, a boolean, a context; anything else that is true is no context and raises."""
    context = context_of(given)
    word = given if isinstance(given, str) else getattr(given, "name", None) if isinstance(given, int) else None
    if isinstance(word, str):
        posture, why = _by_word(case, word.replace("_", "-"))
    elif given is True:
        case.note("system-anchors")
        posture, why = posture_of(PythonContext()), _WHY["true"]
    elif context is not None:
        posture = posture_of(context)
        why = _WHY[f"context {posture.assurance.word}"]
        if context.anchors:
            case.note(f"file-assumed:{context.anchors}")
        if case.keywords.get("direct_tls"):
            case.note("direct-tls-alpn")
    else:
        if given:
            case.note("refused-option:ssl")
        posture, why = Posture(Assurance.PLAINTEXT), _WHY["disable"]
    if posture.assurance is Assurance.IDENTITY_VERIFIED and (context is None or context.common_name):
        case.note("cn-fallback")
    if case.keywords.get("ssl") is not None and case.query:
        for name in ("sslmode", "sslrootcert") if not isinstance(word, str) else ("sslmode",):
            if name in case.query:
                case.note(f"ignored-option:{name}")
    return _direct(case, posture), why


def _by_word(case: _Case, word: str) -> tuple[Posture, str]:
    mode = word
    if word not in _MODES and word != "allow":
        case.note("refused-option:ssl" if "ssl" in case.keywords else "refused-option:sslmode")
        mode = "prefer"
    if mode in {"disable", "allow"}:
        if mode == "allow":
            _floor(case)  # allow has a context as well, for its second attempt: what is wrong with it raises
        return Posture(Assurance.PLAINTEXT), _WHY[mode]
    assurance, root = _MODES[mode], case.value("sslrootcert") or None
    why = _WHY[mode]
    if mode == "prefer":
        if case.query.get("sslrootcert"):
            case.note("ignored-option:sslrootcert")
    elif root == "system":
        case.note("refused-option:sslrootcert")  # the name of a file to asyncpg, and a missing one raises
    elif root:
        if root != SOME_FILE:
            case.note(f"file-assumed:{root}")
        if mode == "require":
            assurance, why = Assurance.CHAIN_VERIFIED, _WHY["require with root"]
    else:
        case.note("home-root-file" if mode == "require" else "root-file-needed")
    pair = ClientAuth.OPTIONAL if case.value("sslcert") else ClientAuth.ABSENT
    return Posture(assurance, _floor(case), pair), why


def _floor(case: _Case) -> Floor:
    word = case.value("ssl_min_protocol_version")
    if not word:
        return Floor.TLS_1_2
    floor = _FLOORS.get(word.replace(".", "_"))
    if floor is None:
        case.note("refused-option:ssl_min_protocol_version")
    return Floor.TLS_1_2 if floor is None else floor


def _direct(case: _Case, posture: Posture) -> Posture:
    """`direct_tls`, or `sslnegotiation=direct`: refused with a weak mode since 0.32, counted as that mode before."""
    given = case.keywords.get("direct_tls")
    named = case.value("sslnegotiation") if case.span >= _NEGOTIATION else None
    if given is None and named not in {None, "direct", "postgres"}:
        case.note("refused-option:sslnegotiation")
    direct = bool(given) if given is not None else named == "direct"
    if direct and posture.assurance < Assurance.ENCRYPTED and case.span >= _STRICT:
        case.note("refused-option:sslnegotiation" if given is None else "refused-option:direct_tls")
    return posture


_WHY: Final[Mapping[str, str]] = {
    "disable": "ssl=disable (or False) never speaks TLS: everything crosses in the clear",
    "allow": "ssl=allow tries plaintext first, and every ordinary server takes it",
    "prefer": "prefer, the default, encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and asyncpg goes on in plaintext",
    "require": "require encrypts to whoever answers: the certificate is not looked at",
    "require with root": "require with trust anchors verifies the chain but not the name: "
    "any certificate of that authority is believed",
    "verify-ca": "verify-ca verifies the chain but not the name: any certificate of that authority is believed",
    "verify-full": "verify-full verifies the chain and the name: only the real server is believed",
    "true": "ssl=True verifies chain and name, with the system's trust anchors",
    "context encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "context verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "context verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}


def _endpoint(host: str, port: str) -> Endpoint | None:
    name, colon, own = host.rpartition(":") if host.count(":") == 1 else (host, "", "")
    number = port_of(own if colon and own else port)
    if number is None:
        return None
    if not name or name.startswith("/"):
        folder = name or _SOCKET_FOLDER
        return UnixEndpoint(folder if ".s.PGSQL." in folder else f"{folder}/.s.PGSQL.{number}")
    return TcpEndpoint(name.strip("[]") or name, number)


def _pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already."""
    query, keywords = _parts(settings)
    context = keywords.get("ssl")
    if isinstance(context, PythonContext) and context.client_pair:
        return context.client_pair
    environment = settings.environment
    certificate = query.get("sslcert", environment.get("PGSSLCERT"))
    key = query.get("sslkey", environment.get("PGSSLKEY"))
    named = isinstance(certificate, str) and certificate
    return (str(certificate), key if isinstance(key, str) else None) if named else None


def _refuse_unspeakable(settings: DialerSettings, posture: Posture) -> None:
    if 0 in spans(settings.version or Version(DRIVERS["asyncpg"]), _TURNS):
        raise SettingsError("what asyncpg before 0.27 does was not measured", hint="use asyncpg 0.27 or later")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if isinstance(settings.endpoint, UnixEndpoint):
        raise SettingsError("asyncpg speaks no TLS on a unix socket", hint="name a host, or leave it local")
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("asyncpg's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    words_alone = posture.assurance is Assurance.OPPORTUNISTIC and not _is_own_dsn(settings)
    if words_alone and (posture.floor is not Floor.TLS_1_2 or posture.client_auth):
        raise SettingsError("with a context asyncpg insists on TLS", hint="demand at least `encrypted`")


def _by_dsn(settings: DialerSettings, posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> Spelling:
    assert settings.dsn is not None  # noqa: S101 - what the caller has looked at
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    told = "PGSSLMINPROTOCOLVERSION" in settings.environment or posture.floor is not Floor.TLS_1_2
    changes: dict[str, str | None] = dict.fromkeys(
        (key for key, _ in settings.dsn.options if key in _NOT_SETTINGS | {"ssl"} or _is_foreign(key)), None
    )
    changes["sslmode"] = next(word for word, assurance in _MODES.items() if assurance is posture.assurance)
    changes["sslrootcert"] = anchors if verified else None
    changes["ssl_min_protocol_version"] = posture.floor.word if told else None
    if posture.assurance and pair:
        changes |= {"sslcert": pair[0], "sslkey": pair[1]}
    changes["sslnegotiation"] = None
    gone = {"PGSSLNEGOTIATION", *(() if verified else ("PGSSLROOTCERT",))}
    kept = {k: v for k, v in settings.connect_args.items() if k not in {"ssl", "direct_tls"} and k in _KEYWORDS}
    environment = {key: value for key, value in settings.environment.items() if key not in gone}
    return Spelling(settings.dsn.with_options(changes), kept, environment)


def _by_keyword(settings: DialerSettings, word: str, context: PythonContext | None) -> Spelling:
    """`ssl` as a word in SQLAlchemy's URL, as a keyword where there is none, or a context."""
    kept = {k: v for k, v in settings.connect_args.items() if k not in {"ssl", "direct_tls"} and not _is_foreign(k)}
    dsn = kept.get("dsn")
    if isinstance(dsn, str) and resolved(dsn) is dsn:
        kept["dsn"] = _without_tls(Dsn.parse(dsn, "asyncpg")).revealed()
    gone = {"PGSSLNEGOTIATION", "PGSSLROOTCERT", "PGSSLMINPROTOCOLVERSION"}
    environment = {key: value for key, value in settings.environment.items() if key not in gone}
    url = settings.dsn
    if context is None and url is not None and not _is_own_dsn(settings):
        changes = {key: None for key, _ in url.options if key != "ssl" and _is_about_tls(key)}
        return Spelling(url.with_options(changes | {"ssl": word}), kept, environment)
    kept["ssl"] = word if context is None else context
    return Spelling(None if url is None else _without_tls(url), kept, environment)


def _without_tls(dsn: Dsn) -> Dsn:
    return dsn.with_options({key: None for key, _ in dsn.options if _is_about_tls(key)})


def _is_about_tls(name: str) -> bool:
    return name in _NOT_SETTINGS | _DSN_TLS | {"ssl"} or _is_foreign(name)


def _is_foreign(name: str) -> bool:
    """Another driver's spelling, or a typo, of something about TLS."""
    return name not in _DSN_TLS | _KEYWORDS and name.lower().startswith(("ssl", "tls"))
