"""A SQLAlchemy engine that cannot be unverified.

It is made of the hardened spelling of `verify-full`, whatever the URL's query says. What really reaches the driver is
read once more before each connection, with the process's environment as it is then: what reads as less than
`verify-full` is refused before any packet.
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from everyhop.dialects import registry
from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.dialects.settings import DialerSettings, PeerCheck, PythonContext
from everyhop.errors import SettingsError, ToolError
from everyhop.model.endpoint import UnixEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Version
from everyhop.runtime.handed import ADAPTERS, DETOURS
from everyhop.runtime.installed import build_of, driver_of, version_of
from everyhop.runtime.renewed import RenewedContext

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

SYSTEM: Final = "system"
"""In place of a file: the trust anchors of the operating system."""

_POSTURE: Final = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
# What hands SQLAlchemy connections, or a driver, of somebody else's making.
_BYPASSES: Final = ("creator", "async_creator", "pool", "module")
# What hardening closes, where the driver can: by the notes of reading it.
_CLOSED: Final = frozenset({"clear-password", "cn-fallback", "key-log"})


@dataclass(frozen=True, slots=True, repr=False)  # there are passwords in it
class _Plan:
    """What an engine is made of: the URL, the driver's arguments, and the driver that is installed."""

    url: str
    connect_args: dict[str, Any]
    installed: DialerSettings


def secure_engine(
    url: str | URL,
    *,
    anchors: str | os.PathLike[str],
    driver: str | None = None,
    client_pair: tuple[str, str] | None = None,
    **options: Any,
) -> Engine:
    """An engine for a synchronous driver; the arguments are those of `everyhop.secure_engine`."""
    _refuse_without_sqlalchemy()
    from sqlalchemy import create_engine  # noqa: PLC0415 - the application's own

    plan = _planned(url, anchors, driver, client_pair, options)
    engine = create_engine(plan.url, connect_args=plan.connect_args, **options)
    if engine.dialect.is_async:
        raise SettingsError(f"{plan.installed.driver} is asynchronous", hint="use everyhop.secure_async_engine")
    return _guarded(engine, plan)


def secure_async_engine(
    url: str | URL,
    *,
    anchors: str | os.PathLike[str],
    driver: str | None = None,
    client_pair: tuple[str, str] | None = None,
    **options: Any,
) -> AsyncEngine:
    """The same for an asynchronous driver."""
    _refuse_without_sqlalchemy()
    from sqlalchemy.exc import InvalidRequestError  # noqa: PLC0415 - as above
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    plan = _planned(url, anchors, driver, client_pair, options)
    try:
        engine = create_async_engine(plan.url, connect_args=plan.connect_args, **options)
    except InvalidRequestError as error:
        raise SettingsError(
            f"{plan.installed.driver} is not asynchronous", hint="use everyhop.secure_engine"
        ) from error
    _guarded(engine.sync_engine, plan)
    return engine


def _refuse_without_sqlalchemy() -> None:
    if find_spec("sqlalchemy") is None:
        raise ToolError("SQLAlchemy is not installed", hint="pip install 'everyhop[sqlalchemy]'")


def _planned(
    url: str | URL,
    anchors: str | os.PathLike[str],
    driver: str | None,
    client_pair: tuple[str, str] | None,
    options: dict[str, Any],
) -> _Plan:
    """The hardened settings. Takes `connect_args` out of `options`."""
    for name in _BYPASSES:
        if options.get(name) is not None:
            raise SettingsError(
                f"{name}= makes connections that nobody has read", key=name, hint="leave it out, or use create_engine"
            )
    given: Mapping[str, Any] = options.pop("connect_args", None) or {}
    dsn = _dsn(url, driver)
    settings = _settings(dsn, given)
    _refuse_socket(settings)
    pair = (_file(client_pair[0]), _file(client_pair[1])) if client_pair else None
    trusted = SYSTEM if anchors == SYSTEM else _file(anchors)
    spelling = registry.harden(settings, registry.write(settings, _POSTURE, trusted, pair))
    _refuse_contradictions(given, spelling.connect_args)
    if spelling.url is None or spelling.environment:
        raise SettingsError(f"{settings.driver} cannot be told by an engine alone", hint="use another driver")
    return _Plan(spelling.url.revealed(), {k: _live(v) for k, v in spelling.connect_args.items()}, settings)


def _dsn(url: str | URL, driver: str | None) -> Dsn:
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    dsn = Dsn.parse(text)
    if not registry.has_hop(dsn):
        raise SettingsError(f"{dsn.dialect} has no hop: it is a file inside the process", hint="use create_engine")
    registry.product_of(dsn)
    if dsn.grammar is not Grammar.SQLALCHEMY:
        raise SettingsError(
            "this is no URL of SQLAlchemy's", hint="write postgresql+psycopg://user:password@host/database"
        )
    if driver is None:
        return dsn
    return replace(dsn, scheme=f"{dsn.dialect}+{registry.after_plus(driver)}")


def _settings(dsn: Dsn, given: Mapping[str, Any]) -> DialerSettings:
    """What is known of the dialer; its driver and the versions are those that are installed."""
    import sqlalchemy  # noqa: PLC0415 - as above
    from sqlalchemy.exc import NoSuchModuleError  # noqa: PLC0415

    try:
        kind = sqlalchemy.make_url(dsn.revealed()).get_dialect()
        dialect: Any = kind(dbapi=kind.import_dbapi())  # type: ignore[call-arg]
    except NoSuchModuleError:
        hint = "write postgresql+psycopg:// or mysql+pymysql://; cockroachdb:// needs sqlalchemy-cockroachdb"
        raise SettingsError(f"SQLAlchemy knows no {dsn.scheme}://", hint=hint) from None
    except ImportError as error:
        raise ToolError(
            f"the driver of {dsn.scheme}:// is not installed: {error}", hint="install it with pip"
        ) from error
    found, build = version_of(dialect), build_of(dialect)
    return registry.resolve(
        dsn,
        connect_args=given,
        driver=driver_of(dialect),
        version=Version(found) if found else None,
        build=build,
        sqlalchemy=Version(sqlalchemy.__version__),
    )


def _file(path: str | os.PathLike[str]) -> str:
    """The absolute path of a file that is there: a relative one would mean another file after `chdir`."""
    found = Path(path).absolute()
    if not found.is_file():
        raise SettingsError("there is no such file", path=str(path), hint="name the authority's certificate, in PEM")
    return str(found)


def _refuse_socket(settings: DialerSettings) -> None:
    """A unix socket needs no verification and gets none, so that nothing can turn a verified engine into one."""
    host = settings.connect_args.get("host")
    hosts = host.split(",") if isinstance(host, str) else host if isinstance(host, list | tuple) else ()
    # libpq's and asyncpg's, among several; one that is left out is a socket as well.
    sockets = [part for part in hosts if str(part).startswith(("/", "@")) or (len(hosts) > 1 and not part)]
    if sockets or isinstance(settings.endpoint, UnixEndpoint):
        raise SettingsError(
            f"{(sockets[0] or 'a host that is left out') if sockets else settings.endpoint} is a unix socket: "
            "there is no TLS on it to verify",
            hint="name a host, or use create_engine: a unix socket does not leave this machine",
        )


def _refuse_contradictions(given: Mapping[str, Any], wanted: Mapping[str, object]) -> None:
    for key, value in given.items():
        if key not in wanted or (wanted[key] is not value and wanted[key] != value):
            raise SettingsError(
                f"connect_args[{key!r}] says something else than verify-full",
                key=key,
                hint="leave it out: secure_engine says all that verification needs",
            )


def _live(value: object) -> object:
    """A value as the driver takes it, with a real context for each that is described."""
    match value:
        case PythonContext():
            return _context(value)
        case PeerCheck():
            return ssl.VerifyMode[value.value]
        case Mapping():
            return {key: _live(item) for key, item in value.items()}
        case _:
            return value


def client_context(anchors: str | os.PathLike[str], client_pair: tuple[str, str] | None = None) -> ssl.SSLContext:
    """A context that verifies chain and name; the arguments are those of `everyhop.client_context`."""
    trusted = None if anchors == SYSTEM else _file(anchors)
    pair = (_file(client_pair[0]), _file(client_pair[1])) if client_pair else None
    return _context(PythonContext(anchors=trusted, client_pair=pair, common_name=False))


def _context(planned: PythonContext) -> ssl.SSLContext:
    """One that reads its files again once they are renewed."""
    files = [name for name in (planned.anchors, *(planned.client_pair or ())) if name and name != SYSTEM]
    return RenewedContext.of(lambda: _made(planned), tuple(files)) if files else _made(planned)


def _made(planned: PythonContext) -> ssl.SSLContext:
    trusted = None if planned.anchors == SYSTEM else planned.anchors
    try:
        folder = trusted if trusted and trusted.endswith("/") else None
        context = ssl.create_default_context(cafile=None if folder else trusted, capath=folder)
        if planned.client_pair:
            context.load_cert_chain(*planned.client_pair)
    except (ssl.SSLError, OSError) as error:
        where = trusted if planned.client_pair is None else f"{trusted} or {planned.client_pair[0]}"
        raise SettingsError(
            f"OpenSSL cannot use it: {error}", path=where, hint="everyhop explain looks at certificates, too"
        ) from error
    context.keylog_filename = None  # type: ignore[assignment]  # or SSLKEYLOGFILE has the session's keys written down
    context.check_hostname = planned.check_hostname
    context.verify_mode = ssl.VerifyMode[planned.peer.value]
    context.hostname_checks_common_name = planned.common_name
    least = ssl.TLSVersion[planned.floor.name.replace("TLS_", "TLSv")]
    context.minimum_version = max(context.minimum_version, least)  # MINIMUM_SUPPORTED is below every version
    return context


@dataclass(frozen=True, slots=True)
class _Held:
    """What was read when the engine was made: the weak spots that no setting closes, and the trust anchors.

    Those are the file's name, or the contexts that hold them.
    """

    open: frozenset[str]
    anchors: tuple[object, ...]


def _guarded(engine: Engine, plan: _Plan) -> Engine:
    """The engine, reading what it hands to the driver each time before it does.

    In place of the dialect's `connect`, the last step: what hooks of the application (`do_connect`) change is seen. A
    connection that a hook makes by itself is closed before anybody gets it.
    """
    from sqlalchemy import event  # noqa: PLC0415 - the application's own

    dialect: Any = engine.dialect
    connect = dialect.connect
    latest = threading.local()

    def verified(*positional: Any, **keywords: Any) -> Any:
        _refuse_less(plan.installed, positional, keywords, held)
        latest.connection = connect(*positional, **keywords)
        return latest.connection

    def known(connection: Any, _record: Any) -> None:
        if connection is not getattr(latest, "connection", None):
            with suppress(Exception):  # it is somebody else's, and so is what it raises
                connection.close()
            raise SettingsError(
                "not used, because nobody has read how it was made: a hook of do_connect returned a connection",
                hint="change the hook's cparams instead, and return nothing",
            )
        latest.connection = None

    positional, keywords = dialect.create_connect_args(engine.url)
    held = _refuse_less(plan.installed, positional, {**keywords, **plan.connect_args})
    dialect.connect = verified
    event.listen(engine, "connect", known, insert=True)
    return engine


def _refuse_less(
    installed: DialerSettings, positional: Any, keywords: Mapping[str, Any], held: _Held | None = None
) -> _Held:
    """What the driver, called like this here and now, holds to.

    Raises `SettingsError` unless that is chain and name, and no less than what was `held` before.
    """
    for name in DETOURS:
        if keywords.get(name):
            raise SettingsError(f"{name} leads to connections that nobody has read", key=name, hint="leave it out")
    handed = {key: value for key, value in keywords.items() if key not in ADAPTERS}
    settings = registry.from_keywords(
        installed.driver,
        handed,
        product=installed.product,
        environment=os.environ,
        version=installed.version,
        build=installed.build,
    )
    _refuse_socket(settings)
    if files := registry.files_named(settings):
        raise SettingsError(
            f"not connected, because {' or '.join(files)} may say something else",
            hint="write what the option or service file says into the URL (PGSERVICE and the like name one)",
        )
    dialer = registry.read(settings)
    if any(positional) or not dialer.bounds.low >= _POSTURE:
        verified = dialer.bounds.low.assurance >= _POSTURE.assurance
        raise SettingsError(
            "not connected, because "
            + ("TLS before 1.2 would do" if verified else f"it would not be verified: {dialer.why}"),
            hint="the URL's query, connect_args, an option file or the environment says something else",
        )
    contexts = [value for value in handed.values() if isinstance(value, ssl.SSLContext)]
    now = _Held(
        _CLOSED.intersection(dialer.notes),
        (registry.dialect_for(settings.driver).anchors(settings), *map(id, contexts)),
    )
    if held is not None and not (now.open <= held.open and now.anchors == held.anchors):
        weak = ", ".join(sorted(now.open - held.open)) or "other trust anchors"
        raise SettingsError(
            f"not connected, because something has changed what secure_engine says: {weak}",
            hint="a hook of do_connect may change host, user and password",
        )
    return now
