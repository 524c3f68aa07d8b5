"""One engine under guard: what it dials with is read again where that has changed, what it opens is judged.

In place of the dialect's `connect`, the last step before the driver: what hooks of the application change is seen. A
connection that somebody else made (`creator=`, a hook of `do_connect`) is met when the pool gets it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import FunctionType
from typing import Any, Final

from everyhop.dialects.registry import WIRES
from everyhop.model.wire import Wire
from everyhop.runtime.guard.bind import Bind, Call, read
from everyhop.runtime.guard.deadline import AsyncTerm, Term
from everyhop.runtime.guard.judgement import end_of
from everyhop.runtime.guard.opening import Keeper, Opening, close, refused
from everyhop.runtime.guard.settings import Mode
from everyhop.runtime.handed import Installed

_LOGIN: Final = ("user", "password", "passwd")
"""Keywords that a posture does not depend on, and that a hook may well renew for each connection."""


class Watched:
    """An engine's dialect, and the state of reading it."""

    def __init__(self, keeper: Keeper, name: str, engine: Any) -> None:
        self._keeper = keeper
        self._name = name
        self._dialect = engine.dialect
        self._url = None if str(engine.url) == "" else engine.url
        self._installed = Installed.below(self._dialect)
        self._connect: Callable[..., Any] = self._dialect.connect
        error: type[Exception] = getattr(self._dialect.loaded_dbapi, "Error", Exception)
        terminate = self._dialect.do_terminate if self._dialect.is_async else close
        self._opening = Opening(
            keeper,
            WIRES.get(self._installed.product, Wire.POSTGRES),
            error,
            self._dialect.get_driver_connection,
            terminate,
            AsyncTerm if self._dialect.is_async else Term,
        )
        self._latest = threading.local()
        self._read_with: tuple[Any, Mapping[str, Any], Mapping[Any, Any]] | None = None
        made = handed(engine)
        self.bind = self._made_elsewhere() if made is None else self._read(*made)

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        """Dial, in place of the dialect's `connect`."""
        bind = self.bind if self._is_as_read(positional, keywords) else self._read_again(positional, keywords)
        connection = self._opening.dial(bind, self._connect, positional, keywords)
        self._latest.connection = connection
        return connection

    def meet(self, connection: Any, _record: Any) -> None:
        """A connection that comes to the pool: of its own making, or not."""
        if connection is getattr(self._latest, "connection", None):
            self._latest.connection = None
            return
        end = end_of(self._dialect.get_driver_connection(connection))
        bind = replace(self._made_elsewhere(), endpoint=end, local=self._keeper.settings.is_local(end))
        self._opening.look_at(bind, connection)

    def refuse_to_start(self) -> None:
        """Object to what was read. Raises `SettingsError` for the first objection, unless it is only to be reported."""
        for objection in self.bind.objections:
            self._keeper.object_to(self.bind, objection)
        if self.bind.objections and self._keeper.settings.mode is Mode.ENFORCE:
            raise refused(self.bind, self.bind.objections[0])

    def _read(self, positional: Any, keywords: Mapping[str, Any]) -> Bind:
        by_url: Mapping[str, Any] = {}
        if self._url is not None:
            with suppress(Exception):  # whatever it is, the engine itself will say it
                _, by_url = self._dialect.create_connect_args(self._url)
        url = None if self._url is None else self._url.render_as_string(hide_password=False)
        environment = dict(os.environ)
        self._read_with = (list(positional), _without_login(keywords), _raw_environment().copy())
        call = Call(self._installed, keywords, positional, by_url, url)
        return read(self._name, call, self._keeper.settings, environment)

    def _is_as_read(self, positional: Any, keywords: Mapping[str, Any]) -> bool:
        known = self._read_with
        return (
            known is not None
            and self.bind.standing
            and known[1] == _without_login(keywords)
            and known[2] == _raw_environment()
            and known[0] == list(positional)
        )

    def _read_again(self, positional: Any, keywords: Mapping[str, Any]) -> Bind:
        before = self.bind.objections
        self.bind = self._read(positional, keywords)
        if self.bind.objections != before:
            self.refuse_to_start()
        elif before and self._keeper.settings.mode is Mode.ENFORCE:
            raise refused(self.bind, before[0])
        return self.bind

    def _made_elsewhere(self) -> Bind:
        """Nobody has read how it is made: the connection has to prove all by itself."""
        return Bind(self._name, self._installed.driver, self._keeper.settings.required(self._name), standing=False)


def handed(engine: Any) -> tuple[tuple[Any, ...], Mapping[str, Any]] | None:
    """What SQLAlchemy will hand to the driver, hooks not counted; None where something else makes the connections.

    `connect_args` are kept nowhere but in the function that `create_engine` gives to the pool.
    """
    creator = engine.pool._creator  # noqa: SLF001 - there is no public way to connect_args
    if not isinstance(creator, FunctionType) or creator.__module__ != "sqlalchemy.engine.create":
        return None  # the application's: any callable
    cells = dict(zip(creator.__code__.co_freevars, creator.__closure__ or (), strict=False))
    if not {"cparams", "dialect"} <= cells.keys():
        return None
    positional = cells.get("cargs_tup") or cells.get("cargs")
    return tuple(positional.cell_contents) if positional else (), dict(cells["cparams"].cell_contents)


def _without_login(keywords: Mapping[str, Any]) -> dict[str, Any]:
    left = dict(keywords)
    for name in _LOGIN:
        left.pop(name, None)
    return left


def _raw_environment() -> dict[Any, Any]:
    """The mapping below `os.environ`: comparing that costs a hundredth of decoding it."""
    found: dict[Any, Any] = getattr(os.environ, "_data", None) or dict(os.environ)
    return found
