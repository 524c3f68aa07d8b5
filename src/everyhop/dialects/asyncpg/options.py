"""What reaches asyncpg: the keywords of its `connect()`, and under them the query of its own DSN.

A service file adds to the DSN's query (without a DSN none is read, since 0.31), the environment comes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from everyhop.dialects import service_file
from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.dialects.multihost import queried, split
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings, resolved
from everyhop.errors import SettingsError
from everyhop.model.secret import Secret

DSN_TLS: Final = frozenset(
    {"sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version"}
)
"""What asyncpg takes out of a DSN's query; everything else there goes to the server, as a setting of the session."""

NOT_SETTINGS: Final = frozenset(
    word
    for line in (
        "channel_binding require_auth gssencmode gssdelegation hostaddr connect_timeout requirepeer direct_tls",
        "keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout load_balance_hosts",
        "fallback_application_name requiressl",
    )
    for word in line.split()
)
"""Options of libpq, and a keyword, that no server takes for a setting, so that it ends the session."""

KEYWORDS: Final = frozenset(
    word
    for line in (
        "dsn host port user password passfile service servicefile database loop timeout statement_cache_size",
        "max_cached_statement_lifetime max_cacheable_statement_size command_timeout ssl direct_tls connection_class",
        "record_class server_settings target_session_attrs krbsrvname gsslib",
    )
    for word in line.split()
)
"""The keywords of `connect()` in 0.32."""

_SQLALCHEMY_KEYWORDS: Final = frozenset(
    {"async_creator_fn", "prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback", "plugin"}
)
# One that sqlalchemy-cockroachdb still takes and ignores.
_COCKROACHDB_KEYWORDS: Final = _SQLALCHEMY_KEYWORDS | {"disable_cockroachdb_telemetry"}


@dataclass(frozen=True, slots=True)
class Given:
    """Keywords and the DSN's query, each by name, and what is noted about the way they came together.

    `keywords` has no value that is None: such a keyword counts as not given. `has_dsn` tells whether there is a DSN.
    """

    keywords: dict[str, object]
    query: dict[str, object] = field(default_factory=dict)
    has_dsn: bool = False
    notes: tuple[str, ...] = ()


def given(settings: DialerSettings) -> Given:
    """What `connect()` is called with, its DSN in parts; the service file is not in it yet (`with_service`)."""
    if is_own_dsn(settings):
        return _with_dsn(settings, _settled(settings.connect_args), settings.dsn, settings.options)
    keywords, notes = _through_sqlalchemy(settings) if settings.dsn else ({}, ())
    keywords |= {key: resolved(value) for key, value in settings.connect_args.items()}
    keywords = {key: value for key, value in keywords.items() if value is not None}
    notes += _foreign(keywords, settings)
    text = keywords.get("dsn")
    if not isinstance(text, str | Secret) or not text:
        return Given(keywords, notes=notes)
    try:
        dsn = Dsn.parse(text.reveal() if isinstance(text, Secret) else text, "asyncpg")
    except SettingsError:
        dsn = None
    if dsn is None or dsn.scheme.lower() not in _SCHEMES:
        return Given(keywords, has_dsn=True, notes=(*notes, f"refused-option:dsn:{error(settings)}"))
    found = _with_dsn(settings, keywords, dsn, tuple((key, resolved(value)) for key, value in dsn.options))
    return Given(keywords, found.query, has_dsn=True, notes=(*notes, *found.notes))


def with_service(known: Given, settings: DialerSettings) -> tuple[Given, bool]:
    """The same over what the service file says, for a version that reads one; True where that is not known."""
    service = known.keywords.get("service") or known.query.get("service")
    if not service:
        return _noted(known, "ignored-option:PGSERVICE" if "PGSERVICE" in settings.environment else None), False
    if not known.has_dsn:
        return _noted(known, "ignored-option:service"), False
    file = _service_file(known, settings)
    if service is UNRESOLVED or file not in settings.files:
        return _noted(known, "service-file"), True
    try:
        section = service_file.as_configparser(settings.files[file], str(service))
    except ValueError as fault:
        return _noted(known, f"refused-option:service:{fault}"), False
    if section is None:
        return _noted(known, "ignored-option:service"), False
    return Given(known.keywords, section | known.query, known.has_dsn, known.notes), False


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The one service file that asyncpg would look into; none where no service is named, or no DSN."""
    known = given(settings)
    named = known.has_dsn and (known.keywords.get("service") or known.query.get("service"))
    return (_service_file(known, settings),) if named else ()


def is_own_dsn(settings: DialerSettings) -> bool:
    """Whether the URL is one that asyncpg itself reads: SQLAlchemy's names the driver in its scheme."""
    return settings.dsn is not None and settings.dsn.scheme.lower() in _SCHEMES


def error(settings: DialerSettings) -> str:
    """What is raised over a value that asyncpg refuses before it dials."""
    return "InterfaceError" if settings.sqlalchemy and not is_own_dsn(settings) else "ClientConfigurationError"


def is_about_tls(name: str) -> bool:
    """An option or keyword that a posture depends on, or that gets in the way of one."""
    return name in NOT_SETTINGS | DSN_TLS | {"ssl"} or is_foreign(name)


def is_foreign(name: str) -> bool:
    """Another driver's spelling, or a typo, of something about TLS."""
    return name not in DSN_TLS | KEYWORDS and name.lower().startswith(("ssl", "tls"))


_SCHEMES: Final = frozenset({"postgres", "postgresql"})


def _settled(arguments: Mapping[str, object]) -> dict[str, object]:
    return {key: resolved(value) for key, value in arguments.items() if value is not None}


def _noted(known: Given, note: str | None) -> Given:
    return known if note is None else Given(known.keywords, known.query, known.has_dsn, (*known.notes, note))


def _service_file(known: Given, settings: DialerSettings) -> str:
    named = known.keywords.get("servicefile")
    return named if isinstance(named, str) else settings.environment.get("PGSERVICEFILE", service_file.HOME_FILE)


def _with_dsn(
    settings: DialerSettings, keywords: dict[str, object], dsn: Dsn | None, options: tuple[tuple[str, object], ...]
) -> Given:
    """A DSN's hosts and query: blank values do not count, and hosts before the path beat those in the query."""
    query = {key: value for key, value in options if value != ""}
    through = settings.sqlalchemy and not is_own_dsn(settings)
    notes: tuple[str, ...] = ()
    for name in query:
        if is_foreign(name) or name in NOT_SETTINGS or name == "ssl":
            raised = "CantChangeRuntimeParamError" if name == "ssl" else "UndefinedObjectError"
            notes += (f"refused-option:{name}:{'DBAPIError' if through else raised}", f"server-setting:{name}")
    if is_own_dsn(settings):
        notes = (*_foreign(keywords, settings), *notes)
    if dsn is not None and any(host for host, _ in dsn.hosts) and not keywords.get("host"):
        decode = unquote if dsn.grammar is Grammar.SQLALCHEMY else str
        query["host"] = resolved(",".join(decode(host or "") for host, _ in dsn.hosts))
        ports = ["" if port is None else str(port) for _, port in dsn.hosts]
        query["port"] = ",".join(port or _default_port(settings) for port in ports)
    return Given(keywords, query, has_dsn=True, notes=notes)


def _default_port(settings: DialerSettings) -> str:
    port = settings.environment.get("PGPORT") or "5432"
    return port if "," not in port else "5432"


def _through_sqlalchemy(settings: DialerSettings) -> tuple[dict[str, object], tuple[str, ...]]:
    """The keywords that SQLAlchemy makes of its URL: the parts, over them the query."""
    keywords: dict[str, object] = {}
    if settings.dsn and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        keywords = {"host": resolved(host), "port": port}
    keywords |= queried(settings.options)
    if all(name not in {"host", "port"} for name, _ in settings.options):
        return keywords, ()
    try:
        found = split(settings.options)
    except ValueError:
        return keywords, ("refused-option:port:ArgumentError",)
    if found is None:
        return keywords, ()
    hosts, ports = found
    if len(hosts) == 1:
        return keywords | {"host": hosts[0]} | ({"port": ports[0]} if ports[0] else {}), ()
    missing = "host" if not all(hosts) else "port" if not all(ports) else None
    notes = (f"refused-option:{missing}:ArgumentError",) if missing else ()
    return keywords | {"host": list(hosts), "port": list(ports)}, notes


def _foreign(keywords: Mapping[str, object], settings: DialerSettings) -> tuple[str, ...]:
    """Notes on keywords that `connect()` does not have."""
    if KEYWORDS.issuperset(keywords):
        return ()
    known = KEYWORDS
    if settings.sqlalchemy:
        known |= _COCKROACHDB_KEYWORDS if settings.product == "cockroachdb" else _SQLALCHEMY_KEYWORDS
    return tuple(f"refused-option:{name}:TypeError" for name in sorted(keywords.keys() - known - {ANY_OPTION}))
