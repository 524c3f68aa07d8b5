"""How libpq spells a posture: psycopg 3, psycopg2 and psycopg2cffi, which hand their options to it as they are.

Sources: PostgreSQL 18's manual ("Database Connection Control Functions", "SSL Support") and libpq's fe-connect.c, held
against libpq 15, 17 and 18. What depends on libpq's version (`build`) and is not settled by it becomes bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.dsn import Grammar
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
from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint, UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"psycopg2": "2.9.13", "psycopg2cffi": "2.9.0", "psycopg": "3.3.9"}
"""Newest versions known (November 2026)."""

_MODES: Final = {
    "disable": Assurance.PLAINTEXT,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
"""The table: read in one direction, written in the other. `allow` is read only: nobody should write it."""

_CERTIFICATE_MODES: Final = {"disable": ClientAuth.ABSENT, "require": ClientAuth.REQUIRED}
"""`sslcertmode`; `allow`, the default, shows a certificate if there is one."""

_DEFAULT_FLOOR: Final = Floor.TLS_1_2
"""`ssl_min_protocol_version` since libpq 13."""

# Option → environment variable, for the options that a posture or an endpoint depends on.
_VARIABLES: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcertmode": "PGSSLCERTMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "service": "PGSERVICE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
}

# Every option of libpq 18, with the version that brought it where that is after 13.
_SINCE: Final[Mapping[str, int]] = {
    "sslcrldir": 14,
    "sslsni": 14,
    "require_auth": 16,
    "sslcertmode": 16,
    "load_balance_hosts": 16,
    "gssdelegation": 17,
    "sslnegotiation": 17,
    "min_protocol_version": 18,
    "max_protocol_version": 18,
    "scram_client_key": 18,
    "scram_server_key": 18,
    "oauth_issuer": 18,
    "oauth_client_id": 18,
    "oauth_client_secret": 18,
    "oauth_scope": 18,
    "sslkeylogfile": 18,
}
_OPTIONS: Final = frozenset(_SINCE) | frozenset(
    word
    for line in (
        "service user password passfile channel_binding connect_timeout dbname host hostaddr port client_encoding",
        "options application_name fallback_application_name keepalives keepalives_idle keepalives_interval",
        "keepalives_count tcp_user_timeout sslmode sslcompression sslcert sslkey sslpassword sslrootcert sslcrl",
        "requirepeer ssl_min_protocol_version ssl_max_protocol_version gssencmode krbsrvname gsslib replication",
        "target_session_attrs",
    )
    for word in line.split()
)
# Keywords that the Python drivers (and SQLAlchemy's `plugin`) take for themselves before libpq sees the rest.
_PYTHON_KEYWORDS: Final = frozenset(
    {"dsn", "conninfo", "connection_factory", "cursor_factory", "async", "async_", "autocommit", "prepare_threshold"}
    | {"context", "row_factory", "database", "plugin"}
)

# `read` only asks what an option known at run time could do to a posture.
_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "sslmode": (*_MODES, "allow"),
    "sslrootcert": (SOME_FILE,),
    "channel_binding": ("require",),
    "sslcert": (SOME_FILE,),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.3"),
}

_PLACES: Final = ("host", "hostaddr", "port")

_SOCKET_FOLDER: Final = "/var/run/postgresql"
"""Where Debian's libpq and the wheels look for a socket when no host is named."""


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out, and what is noted about it on the way."""

    explicit: Mapping[str, object]
    environment: Mapping[str, str]
    before_16: bool
    notes: list[str] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        """What libpq uses: the option, else its environment variable (an argument beats the environment)."""
        given = self.explicit.get(name)
        return str(given) if given is not None else self.environment.get(_VARIABLES[name])

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Where the host leads; of several, the farthest (network, loopback, socket). No host at all is a unix socket."""
    return _farthest(_explicit(settings), settings.environment)


def anchors(settings: DialerSettings) -> str | None:
    """`sslrootcert`, or what PGSSLROOTCERT says."""
    named = _explicit(settings).get("sslrootcert", settings.environment.get("PGSSLROOTCERT"))
    return named if isinstance(named, str) and named else None


def read(settings: DialerSettings) -> Dialer:
    """What libpq makes of these settings."""
    explicit = _explicit(settings)
    version = settings.version or Version(DRIVERS[settings.driver], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    if ANY_OPTION in explicit:
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    farthest = settings.endpoint or _farthest(explicit, settings.environment)
    sockets = isinstance(farthest, UnixEndpoint)
    return combined([dialer(*_read(case, sockets=sockets)) for case in _cases(settings, explicit)])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """`sslmode`, `sslrootcert` and `ssl_min_protocol_version`, by the URL alone where there is one.

    Raises `SettingsError` for what libpq cannot say: TLS on a unix socket, TLS without a floor, a floor without TLS,
    `verify-ca` with the system's anchors, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture, anchors)
    changes = _changes(settings, posture, anchors, client_pair)
    explicit = _explicit(settings)
    if posture.client_auth and not (client_pair or explicit.get("sslcert")):
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    removed = {_VARIABLES[key] for key, value in changes.items() if value is None}
    environment = {key: value for key, value in settings.environment.items() if key not in removed}
    kept = {k: v for k, v in settings.connect_args.items() if k not in changes and not _is_foreign(k)}
    if settings.dsn is None:
        return Spelling(None, kept | {k: v for k, v in changes.items() if v is not None}, environment)
    foreign = {key: None for key, _ in settings.dsn.options if _is_foreign(key)}
    return Spelling(settings.dsn.with_options(foreign | changes), kept, environment)


def _explicit(settings: DialerSettings) -> dict[str, object]:
    """The options as libpq gets them: the URL's parts, over them its query, over both `connect_args`."""
    options: dict[str, object] = {}
    dsn = settings.dsn
    if dsn and dsn.hosts:
        hosts, ports = zip(*dsn.hosts, strict=True)
        if any(hosts):
            options["host"] = resolved(",".join(host or "" for host in hosts))
        if any(ports):
            options["port"] = ",".join(str(port or "") for port in ports)
    options |= settings.options
    if settings.sqlalchemy:
        options |= _sqlalchemy_hosts(settings.options)
    elif dsn and dsn.grammar is Grammar.LIBPQ_URL and options.get("ssl") == "true":
        del options["ssl"]
        options["sslmode"] = "require"  # libpq's courtesy to URLs of JDBC
    return options | {key: resolved(value) for key, value in settings.connect_args.items() if value is not None}


def _sqlalchemy_hosts(options: Iterable[tuple[str, object]]) -> dict[str, object]:
    """SQLAlchemy's own `?host=h1:5432&host=h2:5433`, as it hands it on: `host=h1,h2`, `port=5432,5433`."""
    named = [value for key, value in options if key == "host"]
    texts = [value for value in named if isinstance(value, str)]
    single = len(named) == 1 and texts and re.fullmatch(r"[A-Za-z0-9.-]*:\d*", texts[0])
    if len(texts) != len(named) or not (len(named) > 1 or single):
        return {}
    parts = [text.partition(":") for text in texts]
    return {"host": ",".join(p[0] for p in parts), "port": ",".join(p[2] for p in parts)}


def _cases(settings: DialerSettings, explicit: Mapping[str, object]) -> Iterator[_Case]:
    build = Version(settings.build) if settings.build else None
    for options in alternatives(explicit, _CANDIDATES):
        case = _Case(options, settings.environment, before_16=False)
        turning = case.value("sslrootcert") == "system"  # all that 16 changed in what a posture depends on
        for span in spans(build, ["16"]) if turning else (1,):
            case = _Case(options, settings.environment, before_16=span == 0)
            _note_options(case, build)
            yield case


def _is_foreign(name: str) -> bool:
    """Another driver's spelling, or a typo, of something about TLS: libpq refuses to connect over it."""
    return name not in _OPTIONS and name.lower().startswith(("ssl", "tls"))


def _note_options(case: _Case, build: Version | None) -> None:
    for name in case.explicit:
        if name not in _OPTIONS and name not in _PYTHON_KEYWORDS:
            case.note(f"refused-option:{name}")
        elif name in _SINCE:
            possible = spans(build, [str(_SINCE[name])])
            if possible == (0,):
                case.note(f"refused-option:{name}")
            elif len(possible) > 1:
                case.note(f"needs-libpq:{_SINCE[name]}")
    if case.explicit.get("sslkeylogfile"):
        case.note("key-log")


def _read(case: _Case, *, sockets: bool) -> tuple[Bounds, tuple[str, ...], str]:
    """Bounds, notes and the sentence for one way in which the settings may turn out."""
    if sockets:
        why = "on a unix socket libpq speaks no TLS, whatever sslmode says: the kernel carries the bytes"
        return Bounds.exactly(Posture(Assurance.PLAINTEXT)), tuple(case.notes), why
    if case.value("service") and "sslmode" not in case.explicit:
        case.note("service-file")
        return UNKNOWN, tuple(case.notes), "the service file that is named may set any sslmode"
    mode = _mode(case)
    assurance, why = _assurance(case, mode, _root(case, mode))
    if "system-is-a-file" in case.notes:
        why = f"before libpq 16 sslrootcert=system names a file called system, which is not there: {why}"
    posture = _posture(case, assurance)
    if assurance < Assurance.IDENTITY_VERIFIED and _gives_password(case):
        case.note("clear-password")
    refused = [note.partition(":")[2] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"libpq refuses to connect because of {', '.join(refused)}; without that: {why}"
    return Bounds.exactly(posture), tuple(case.notes), why


def _mode(case: _Case) -> str:
    """`sslmode` as libpq settles it; a value that it refuses is noted, and counts as the default."""
    mode = case.value("sslmode")
    system = case.value("sslrootcert") == "system" and not case.before_16
    if mode is None and case.environment.get("PGREQUIRESSL", "").startswith("1"):
        mode = "require"
    if mode is None:
        mode = "verify-full" if system else "prefer"
    elif mode not in _MODES and mode != "allow":
        case.note("refused-option:sslmode")
        mode = "prefer"
    elif system and mode != "verify-full":
        case.note("refused-option:sslrootcert")
    if case.value("sslnegotiation") == "direct" and mode in _WEAK:
        case.note("refused-option:sslnegotiation")
    return mode


def _root(case: _Case, mode: str) -> str | None:
    """The trust anchors in use. A file that is named is assumed to be there; `system` before libpq 16 is not."""
    root = case.value("sslrootcert") or None
    if mode in {"disable", "allow"}:
        return None
    if root == "system":
        for note in ("system-is-a-file",) if case.before_16 else ("system-anchors", "wheel-anchors"):
            case.note(note)
        return None if case.before_16 else root
    if root:
        if root != SOME_FILE:
            case.note(f"file-assumed:{root}")
    else:
        case.note("root-file-needed" if mode.startswith("verify") else "home-root-file")
    return root


def _assurance(case: _Case, mode: str, root: str | None) -> tuple[Assurance, str]:
    bound = case.value("channel_binding") == "require"
    if bound:
        case.note("refused-option:channel_binding" if mode == "disable" else "channel-bound")
    if mode == "verify-full" and case.value("hostaddr") and not case.value("host"):
        case.note("refused-option:hostaddr")
    if mode in {"allow", "prefer"} and bound:
        return Assurance.ENCRYPTED, _WHY["bound"]
    if mode == "allow":
        return Assurance.PLAINTEXT, _WHY["allow"]
    if mode == "prefer" and root and root != "system":
        case.note("rootcert-fallback")
        return Assurance.OPPORTUNISTIC, _WHY["prefer with root"]
    if mode == "require" and root and root != "system":
        return Assurance.CHAIN_VERIFIED, _WHY["require with root"]
    if mode == "require" and bound:
        return Assurance.ENCRYPTED, _WHY["bound"]
    return _MODES[mode], _WHY[mode]


def _posture(case: _Case, assurance: Assurance) -> Posture:
    if assurance is Assurance.PLAINTEXT:
        return Posture(assurance)
    pair = ClientAuth.OPTIONAL if case.value("sslcert") else ClientAuth.ABSENT
    word = case.value("sslcertmode")
    if word in _CERTIFICATE_MODES:
        pair = _CERTIFICATE_MODES[word]
    return Posture(assurance, _floor(case), pair)


def _floor(case: _Case) -> Floor:
    word = case.value("ssl_min_protocol_version")
    if word is None:
        return _DEFAULT_FLOOR
    if not word:
        return Floor.NONE
    for floor in Floor:
        if (floor.word or "").lower() == word.lower():
            return floor
    case.note("refused-option:ssl_min_protocol_version")
    return _DEFAULT_FLOOR


def _gives_password(case: _Case) -> bool:
    """Whether a server that asks for the password in clear gets it."""
    if case.value("channel_binding") == "require":
        return False
    methods = (case.value("require_auth") or "").split(",")
    if methods == [""]:
        return True
    forbidden = all(method.startswith("!") for method in methods)
    return "!password" not in methods if forbidden else "password" in methods


_WEAK: Final = frozenset({"disable", "allow", "prefer"})

_WHY: Final[Mapping[str, str]] = {
    "disable": "sslmode=disable never speaks TLS: everything crosses in the clear",
    "allow": "sslmode=allow tries plaintext first, and every ordinary server takes it",
    "prefer": "sslmode=prefer, the default, encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and libpq goes on in plaintext",
    "prefer with root": "sslrootcert without sslmode=verify-full makes it worse: "
    "a certificate that does not lead there makes libpq connect again, in plaintext",
    "require": "sslmode=require encrypts to whoever answers: the certificate is not looked at",
    "require with root": "sslmode=require with sslrootcert verifies the chain but not the name: "
    "any certificate of that authority is believed; if the file is not there, nothing is verified",
    "bound": "channel_binding=require: any certificate will do, but the peer has to prove over this very TLS "
    "connection that it knows the password's verifier, so a relay is refused",
    "verify-ca": "sslmode=verify-ca verifies the chain but not the name: any certificate of that authority is believed",
    "verify-full": "sslmode=verify-full verifies the chain and the name: only the real server is believed",
}


def _hosts(explicit: Mapping[str, object], environment: Mapping[str, str]) -> Iterator[Endpoint | None]:
    """Where each host in turn leads; None where that is known only at run time."""
    listed = {name: _listed(explicit.get(name), environment.get(_VARIABLES[name])) for name in _PLACES}
    if UNRESOLVED in (explicit.get(name) for name in _PLACES):
        yield None
        return
    ports = listed["port"]
    for index in range(max(len(listed["host"]), len(listed["hostaddr"]))):
        host, address = (listed[name][index] if index < len(listed[name]) else "" for name in ("host", "hostaddr"))
        yield _endpoint(host, address, ports[index] if index < len(ports) else ports[0])


def _farthest(explicit: Mapping[str, object], environment: Mapping[str, str]) -> Endpoint | None:
    found = list(_hosts(explicit, environment))
    if len(found) == 1 or None in found:
        return found[0] if len(found) == 1 else None
    order = {Locality.NETWORK: 0, Locality.LOOPBACK: 1, Locality.UNIX: 2}
    return min((e for e in found if e is not None), key=lambda e: order[e.locality])


def _listed(given: object, fallback: str | None) -> list[str]:
    return str(given if given is not None else fallback or "").split(",")


def _endpoint(host: str, address: str, port_text: str) -> Endpoint | None:
    """`hostaddr` is where bytes go, `host` what the certificate is held against: the farther one is the endpoint."""
    if port_text and not (
        port_text.isascii() and port_text.isdigit() and len(port_text) < 9 and 0 < int(port_text) < 65_536
    ):
        return None
    port = int(port_text or 5432)
    if not address and (not host or host.startswith(("/", "@"))):
        return UnixEndpoint(f"{host or _SOCKET_FOLDER}/.s.PGSQL.{port}")
    if not (host and address):
        return TcpEndpoint(host or address, port)
    by_name, by_address = TcpEndpoint(host, port), TcpEndpoint(address, port)
    return by_address if by_name.locality is Locality.LOOPBACK else by_name


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    if posture.assurance > Assurance.PLAINTEXT:
        if isinstance(settings.endpoint, UnixEndpoint):
            raise SettingsError("libpq speaks no TLS on a unix socket", hint="name a host, or leave it local")
        if posture.floor is Floor.NONE:
            raise SettingsError("a dialer with TLS needs a floor", hint="TLSv1.2 is libpq's own")
    elif posture.floor or posture.client_auth:
        raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
    if posture.assurance is Assurance.CHAIN_VERIFIED and anchors == "system":
        raise SettingsError("libpq takes the system's anchors for verify-full only", hint="name a file, or verify-full")
    explicit = _explicit(settings)
    if posture.assurance is Assurance.IDENTITY_VERIFIED and explicit.get("hostaddr") and not explicit.get("host"):
        raise SettingsError("libpq has no name to verify", hint="add host=NAME beside hostaddr", key="hostaddr")


def _changes(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None
) -> dict[str, str | None]:
    """Every option that a posture depends on, with its value or None: not to be there."""
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    mode = next(word for word, assurance in _MODES.items() if assurance is posture.assurance)
    changes: dict[str, str | None] = {"sslmode": mode, "sslrootcert": anchors if verified else None}
    told = "PGSSLMINPROTOCOLVERSION" in settings.environment or posture.floor is not _DEFAULT_FLOOR
    changes["ssl_min_protocol_version"] = posture.floor.word if told else None
    if mode in _WEAK:
        changes |= {"channel_binding": None, "sslnegotiation": None}
    if client_pair:
        changes |= {"sslcert": client_pair[0], "sslkey": client_pair[1]}
    required = posture.client_auth is ClientAuth.REQUIRED
    changes["sslcertmode"] = "require" if required else None
    return changes
