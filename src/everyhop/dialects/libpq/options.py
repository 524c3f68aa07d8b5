"""What reaches libpq: its options, by name, from the call, the URL, the service file and the environment.

The first of these that names an option decides (`conninfo_add_defaults` in fe-connect.c).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects import service_file
from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.dialects.multihost import queried, split
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings, resolved
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.secret import Secret
from everyhop.model.sighting import Version

VARIABLES: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcertmode": "PGSSLCERTMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "gssencmode": "PGGSSENCMODE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
}
"""Option → environment variable, for the options that a posture or an endpoint depends on."""

SINCE: Final[Mapping[str, int]] = {
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
    "oauth_ca_file": 19,
    "servicefile": 19,
}
"""The version that brought an option, where that is after 13."""

OPTIONS: Final = frozenset(SINCE) | frozenset(
    word
    for line in (
        "service user password passfile channel_binding connect_timeout dbname host hostaddr port client_encoding",
        "options application_name fallback_application_name keepalives keepalives_idle keepalives_interval",
        "keepalives_count tcp_user_timeout sslmode sslcompression sslcert sslkey sslpassword sslrootcert sslcrl",
        "requirepeer ssl_min_protocol_version ssl_max_protocol_version gssencmode krbsrvname gsslib replication",
        "target_session_attrs requiressl",
    )
    for word in line.split()
)
"""Every option of libpq 19, and `requiressl`, which it still takes for an `sslmode`."""

# Keywords that the Python drivers take for themselves before libpq sees the rest.
_PSYCOPG2: Final = frozenset({"dsn", "database", "connection_factory", "cursor_factory", "async", "async_"})
_PSYCOPG: Final = frozenset(
    {"conninfo", "autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory", "async_creator_fn"}
)
# SQLAlchemy's own, and one that sqlalchemy-cockroachdb still takes and ignores.
_SQLALCHEMY: Final = frozenset({"plugin"})
_COCKROACHDB: Final = _SQLALCHEMY | {"disable_cockroachdb_telemetry"}


@dataclass(frozen=True, slots=True)
class Given:
    """Options by name, without the environment's, and what is noted about the way they came together.

    `elsewhere` says that a service file is named whose text is not known: it may set every option that is not here.
    """

    options: dict[str, object]
    notes: tuple[str, ...] = ()
    elsewhere: bool = False


def given(settings: DialerSettings) -> Given:
    """What the driver hands to libpq, over what the service file adds to it."""
    options, notes = _handed(settings)
    text_name = "conninfo" if settings.driver == "psycopg" else "dsn"
    if text_name in options:
        options, found = _with_text(options, text_name)
        notes += found
    if not OPTIONS.issuperset(options):
        notes += _foreign(options.keys() - OPTIONS, options, settings)
    if "requiressl" in options:
        options = _translated(options.items())
    if "service" not in options and "PGSERVICE" not in settings.environment:
        return Given(options, notes)
    return _with_service(options, notes, settings)


def from_environment(environment: Mapping[str, str], build: Version | None) -> dict[str, object]:
    """What the environment says where nothing else does: variables that this libpq knows."""
    if not environment:
        return {}
    found: dict[str, object] = {
        name: environment[variable] for name, variable in VARIABLES.items() if variable in environment
    }
    if "sslmode" not in found and environment.get("PGREQUIRESSL", "").startswith("1"):
        found["sslmode"] = "require"
    for name in found.keys() & SINCE.keys():
        if spans(build, (str(SINCE[name]),)) == (0,):
            del found[name]
    return found


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The service files that libpq would look into, in its order; none where no service is named."""
    options, _ = _handed(settings)
    text = _parsed(options.get("dsn", options.get("conninfo")))
    named = dict(text.options if text else ()) | options
    if "service" not in named and "PGSERVICE" not in settings.environment:
        return ()
    return _service_files(named, settings)


def is_foreign(name: str) -> bool:
    """Another driver's spelling, or a typo, of something about TLS: libpq refuses to connect over it."""
    return name not in OPTIONS and name.lower().startswith(("ssl", "tls"))


def text_of(settings: DialerSettings) -> tuple[str, Dsn] | None:
    """The keyword of the call that is a text of libpq's own, and that text in its parts."""
    name = "conninfo" if settings.driver == "psycopg" else "dsn"
    text = _parsed(settings.connect_args.get(name))
    return (name, text) if text else None


def _handed(settings: DialerSettings) -> tuple[dict[str, object], tuple[str, ...]]:
    """The URL's parts, over them its query, over both `connect_args`, as the driver's `connect()` gets them."""
    options: dict[str, object] = {}
    notes: tuple[str, ...] = ()
    dsn = settings.dsn
    if dsn is not None:
        options = _parts(dsn)
        if settings.sqlalchemy:
            notes = _query(options, settings.options) if settings.options else ()
        else:
            options |= dict(settings.options)
            if dsn.grammar is Grammar.LIBPQ_URL and "ssl" in options:
                options = _translated((*_parts(dsn).items(), *settings.options))
    for name, value in settings.connect_args.items():
        if value is not None:
            options[name] = resolved(value)
        elif settings.sqlalchemy:
            options.pop(name, None)  # it takes the place of the URL's, and then the driver leaves it out
    return options, notes


def _parts(dsn: Dsn) -> dict[str, object]:
    """Host and port of a URL; of several, lists with commas."""
    options: dict[str, object] = {}
    hosts = ",".join([host or "" for host, _ in dsn.hosts])
    ports = ",".join(["" if port is None else str(port) for _, port in dsn.hosts])
    if hosts.strip(","):
        options["host"] = resolved(hosts)
    if ports.strip(","):
        options["port"] = ports
    return options


def _query(options: dict[str, object], pairs: tuple[tuple[str, object], ...]) -> tuple[str, ...]:
    """Add a URL's query as SQLAlchemy does: what is repeated becomes a tuple, and `str` of that libpq's value."""
    taken = queried(pairs)
    options |= {name: str(value) if isinstance(value, tuple) else value for name, value in taken.items()}
    if "host" not in taken and "port" not in taken:
        return ()
    try:
        found = split(pairs)
    except ValueError:
        return ("refused-option:port:ArgumentError",)
    if found is not None:
        hosts, ports = found
        options["host"] = ",".join(hosts)
        if any(ports) or len(ports) > 1:
            options["port"] = ",".join(ports)  # also where none is named: the URL's own is lost on the way
    return ()


def _translated(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """`requiressl`, and in libpq's URLs JDBC's `ssl=true`, are an `sslmode`; of several the last decides."""
    options: dict[str, object] = {}
    for name, value in pairs:
        if name == "requiressl" and value is not UNRESOLVED:
            options["sslmode"] = "require" if str(value).startswith("1") else "prefer"
        elif name == "requiressl":
            options["sslmode"] = UNRESOLVED
        elif (name, value) == ("ssl", "true"):
            options["sslmode"] = "require"
        else:
            options[name] = value
    return options


def _parsed(text: object) -> Dsn | None:
    """A URL or `key=value` string of libpq's; None for a text that is neither."""
    if isinstance(text, Secret):
        text = text.reveal()
    if not isinstance(text, str) or not text or resolved(text) is UNRESOLVED:
        return None
    try:
        return Dsn.parse(text, grammar=Grammar.LIBPQ_URL)
    except SettingsError:
        return None


def _with_text(options: dict[str, object], name: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """The options with those of a connection string below them."""
    text = options.pop(name)
    if text is UNRESOLVED:
        return {ANY_OPTION: UNRESOLVED}, ()
    parsed = _parsed(text)
    if parsed is None:
        return options, () if text == "" else (f"refused-option:{name}:ProgrammingError",)
    pairs = [(key, resolved(value)) for key, value in parsed.options]
    below = _translated(pairs) if any(key == "ssl" for key, _ in pairs) else dict(pairs)
    return _parts(parsed) | below | options, ()


def _foreign(names: Iterable[str], options: Mapping[str, object], settings: DialerSettings) -> tuple[str, ...]:
    """Notes on options that libpq does not have, and the driver does not take for itself."""
    own = (_PSYCOPG if settings.driver == "psycopg" else _PSYCOPG2) | {ANY_OPTION}
    if settings.sqlalchemy:
        own |= _COCKROACHDB if settings.product == "cockroachdb" else _SQLALCHEMY
    notes = [f"refused-option:{name}:ProgrammingError" for name in options if name in names and name not in own]
    named = "dbname" in options or (settings.sqlalchemy and settings.dsn is not None and settings.dsn.path)
    if settings.driver != "psycopg" and named and "database" in options:
        notes.append("refused-option:database:TypeError")
    return tuple(notes)


def _service_files(options: Mapping[str, object], settings: DialerSettings) -> tuple[str, ...]:
    named = options.get("servicefile")
    first, last = service_file.paths_of_libpq(settings.environment)
    return (named if isinstance(named, str) else first, last)


def _with_service(options: dict[str, object], notes: tuple[str, ...], settings: DialerSettings) -> Given:
    """The options, over those of the service that is named."""
    name = options.get("service", settings.environment.get("PGSERVICE"))
    try:
        section = None if name is UNRESOLVED else _section(str(name), _service_files(options, settings), settings.files)
    except ValueError:
        return Given(options, (*notes, "refused-option:service:OperationalError"))
    if section is None:
        return Given(options, (*notes, "service-file"), elsewhere=True)
    return Given(section | options, notes)


def _section(service: str, paths: Iterable[str], files: Mapping[str, str]) -> dict[str, object] | None:
    """What the first file that defines the service says; None where that is known only at run time.

    Raises `ValueError` for a service that is defined nowhere, and for a section that libpq cannot read.
    """
    for path in paths:
        if path not in files:
            return None
        section = service_file.as_libpq(files[path], service)
        if section is None:
            continue
        if ANY_OPTION in section:
            return None
        if section.keys() - OPTIONS or "requiressl" in section:
            raise ValueError("an option that libpq does not have")
        return section
    raise ValueError("no such service")
