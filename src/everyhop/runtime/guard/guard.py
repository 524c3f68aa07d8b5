"""The guard of one application: its engines by name, and every other engine of the process."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from itertools import chain
from types import CellType, FunctionType
from typing import Any, Final
from weakref import WeakSet

from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance
from everyhop.runtime.guard import forks
from everyhop.runtime.guard.bind import Bind
from everyhop.runtime.guard.counters import Counters
from everyhop.runtime.guard.events import LOGGER, Refusal, tell
from everyhop.runtime.guard.objection import Objection
from everyhop.runtime.guard.opening import refused
from everyhop.runtime.guard.settings import GuardSettings, Mode
from everyhop.runtime.guard.watched import Watched
from everyhop.runtime.live import Glance

_WITHOUT_HOP: Final = frozenset({"sqlite", "duckdb"})
_UNNAMED: Final = "engine"
_MARK: Final = "_everyhop_watched"
"""On a dialect, of which each engine has its own: in a table of ours no engine would ever end."""
_NESTED: Final = 4  # closures within closures, from a hook of SQLAlchemy's to its engine


class Guard:
    """Holds the engines of an application to its settings. Whoever needs it keeps it: nothing global does.

    `counters` are those of its connections.
    """

    def __init__(self, settings: GuardSettings) -> None:
        self.settings = settings
        self.counters = Counters()
        self._watched: dict[str, Watched] = {}
        self._read: dict[str, Bind] = {}
        self._told: set[tuple[str, str]] = set()

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Everything that was read so far, as it was read last."""
        return tuple({**self._read, **{name: one.bind for name, one in self._watched.items()}}.values())

    def read(self, name: str, url: Any, connect_args: Mapping[str, Any] | None = None) -> Bind | None:
        """Read a URL before there is an engine for it; None where it has no hop (SQLite).

        Raises `SettingsError` below the demanded level, unless that is only to be reported.
        """
        from sqlalchemy import create_engine  # noqa: PLC0415 - the application's own
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415

        try:
            engine = create_engine(url, connect_args=dict(connect_args or {}))
        except NoSuchModuleError as error:
            raise SettingsError(f"{name}: SQLAlchemy does not know this dialect", hint=str(error)) from None
        except ArgumentError:
            raise SettingsError(
                f"{name}: this is no database URL", hint="write dialect+driver://user@host/database"
            ) from None
        if engine.dialect.name in _WITHOUT_HOP:
            return None
        watched = Watched(self, name, engine)
        self._read[name] = watched.bind
        watched.refuse_to_start()
        self._tell_once(watched.bind)
        return watched.bind

    def watch(self, engine: Any, name: str = "default") -> Bind | None:
        """Hold an engine (`Engine` or `AsyncEngine`) to the level of this bind; None where it has no hop.

        Reads it now, and raises as `read` does; every connection that it opens from now on is judged. Connections that
        are in its pool already are not used: nobody has judged them. A second call changes nothing.
        """
        engine = getattr(engine, "sync_engine", engine)
        if engine.dialect.name in _WITHOUT_HOP:
            return None
        known = _watched(engine.dialect)
        watched = known or Watched(self, name, engine)
        if known is None:
            # Before it is refused: whoever goes on in spite of that dials under guard.
            self._watched[name] = watched
            _place(engine, watched)
        repeated = self._read.get(name)
        if known is None and (repeated is None or repeated.objections != watched.bind.objections):
            watched.refuse_to_start()
        elif watched.bind.objections and self.settings.mode is Mode.ENFORCE:
            raise refused(watched.bind, watched.bind.objections[0])
        self._tell_once(watched.bind)
        return watched.bind

    def watch_everything(self) -> None:
        """Hold every engine that nobody has named to `settings.require`, from its next connection on.

        Of several guards that are alive, the strictest takes it.
        """
        from sqlalchemy import Engine, Pool, event  # noqa: PLC0415 - the application's own

        _EVERYTHING.add(self)
        for target, name, function in ((Engine, "do_connect", _take_in), (Pool, "connect", _meet)):
            if not event.contains(target, name, function):
                event.listen(target, name, function)

    def object_to(self, bind: Bind, objection: Objection) -> None:
        """Count and tell it."""
        self.counters.refused(objection.reason)
        tell(self, Refusal(bind.name, bind.driver, bind.endpoint, bind.required, self.settings.mode, objection))

    def admit(self, bind: Bind, seen: Glance) -> None:
        """Count a connection that is handed out."""
        kept = bind.promised is not None and bind.promised >= Assurance.IDENTITY_VERIFIED
        name = seen.name if seen.name is not None else kept
        chain = seen.chain if seen.chain is not None else kept
        self.counters.opened(bind.name, encrypted=seen.tls, verified=seen.tls and bool(chain and name))

    def _tell_once(self, bind: Bind) -> None:
        told = [*bind.remarks]
        if bind.local and bind.required:
            told.append(f"{bind.endpoint} is on this machine: nothing is demanded of it (EVERYHOP_LOCAL)")
        for text in told:
            if (bind.name, text) not in self._told:
                self._told.add((bind.name, text))
                LOGGER.warning("hop=%s %s", bind.name, text)


_EVERYTHING: WeakSet[Guard] = WeakSet()


def _watched(dialect: Any) -> Watched | None:
    found: Watched | None = getattr(dialect, _MARK, None)
    return found


def _place(engine: Any, watched: Watched) -> None:
    from sqlalchemy import event  # noqa: PLC0415 - the application's own

    setattr(engine.dialect, _MARK, watched)
    engine.dialect.connect = watched
    event.listen(engine, "connect", watched.meet, insert=True)
    forks.part(engine)
    pooled = getattr(engine.pool, "checkedin", None)  # NullPool keeps none
    if pooled is not None and pooled():
        engine.dispose(close=not engine.dialect.is_async)


def _strictest() -> Guard | None:
    alive = list(_EVERYTHING)
    return max(alive, key=lambda one: (one.settings.mode is Mode.ENFORCE, one.settings.require), default=None)


def _take_in(dialect: Any, record: Any, _positional: Any, _keywords: Any) -> None:
    """An engine that nobody has named is about to dial for the first time."""
    if _watched(dialect) or dialect.name in _WITHOUT_HOP or (guard := _strictest()) is None:
        return
    engine = next((one for one in chain(_hooked_engines(record), _living_engines()) if one.dialect is dialect), None)
    if engine is not None:
        guard.watch(engine, _name_of(engine))


def _meet(connection: Any, record: Any) -> None:
    """A connection that a `creator=` has made, for an engine that was not taken in."""
    dialect = getattr(_pool_of(record), "_dialect", None)
    if dialect is None or _watched(dialect):
        return
    _take_in(dialect, record, (), {})
    if watched := _watched(dialect):
        watched.meet(connection, record)


def _name_of(engine: Any) -> str:
    return f"{_UNNAMED} {engine.url.host or engine.dialect.name}"


def _pool_of(record: Any) -> Any:
    return getattr(record, "_ConnectionRecord__pool", None)


def _hooked_engines(record: Any) -> Iterator[Any]:
    """The engine of a pool, kept by the hook with which SQLAlchemy gets to know a server.

    The collector does not show what has been frozen (`gc.freeze()` before a fork), and takes longer.
    """
    from sqlalchemy import Engine  # noqa: PLC0415 - the application's own

    things: list[Any] = list(getattr(getattr(_pool_of(record), "dispatch", None), "connect", ()))
    for _ in range(_NESTED):
        cells = [cell for thing in things if isinstance(thing, FunctionType) for cell in thing.__closure__ or ()]
        things = [cell.cell_contents for cell in cells if cell != CellType()]  # an empty one raises
        yield from (thing for thing in things if issubclass(type(thing), Engine))


def _living_engines() -> Iterator[Any]:
    from sqlalchemy import Engine  # noqa: PLC0415 - the application's own

    # Not isinstance(): on a proxy it would run the application's code.
    return (thing for thing in gc.get_objects() if issubclass(type(thing), Engine))
