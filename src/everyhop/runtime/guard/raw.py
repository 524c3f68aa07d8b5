"""Connections without an engine: a driver's own, just opened, which has to prove all by itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from everyhop.dialects import registry
from everyhop.errors import GuardError, SettingsError
from everyhop.model.posture import Assurance
from everyhop.runtime.connection import look
from everyhop.runtime.guard.bind import Bind
from everyhop.runtime.guard.echo import echo, echo_async
from everyhop.runtime.guard.events import trace
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.judgement import end_of, judge
from everyhop.runtime.guard.objection import Objection
from everyhop.runtime.guard.settings import Mode
from everyhop.runtime.live import Glance

_ASYNCHRONOUS = {"asyncpg", "asyncmy", "aiomysql"}


def hold(thing: Any, guard: Guard, name: str) -> Any:
    """An engine, or a blocking driver's connection, under guard: the same object.

    Raises `SettingsError` or `GuardError` where it is less than demanded; a connection is closed before.
    """
    if hasattr(thing, "sync_engine") or (hasattr(thing, "dialect") and hasattr(thing, "pool")):
        guard.watch(thing, name)
        return thing
    if is_asynchronous(thing):
        raise SettingsError("this connection is asynchronous", hint="await everyhop.guard_async(connection)")
    bind, seen, objection = _judged(thing, guard, name)
    if objection is None and not bind.local and bind.required:
        product = registry.from_keywords(bind.driver, {}).product
        objection = echo(thing, Exception, registry.WIRES[product])
    if objection is not None and _is_refused(guard, bind, objection):
        with suppress(Exception):  # what is left of it may raise anything
            thing.close()
        raise _error(bind, objection)
    _admit(guard, bind, seen, thing)
    return thing


async def hold_async(connection: Any, guard: Guard, name: str) -> Any:
    """The same for the connection of an asynchronous driver."""
    bind, seen, objection = _judged(connection, guard, name)
    if objection is None and not bind.local and bind.required:
        objection = await echo_async(connection)
    if objection is not None and _is_refused(guard, bind, objection):
        with suppress(Exception):  # as above
            closed = getattr(connection, "terminate", connection.close)()  # asyncpg says goodbye otherwise, and waits
            if hasattr(closed, "__await__"):
                await closed
        raise _error(bind, objection)
    _admit(guard, bind, seen, connection)
    return connection


def is_asynchronous(connection: Any) -> bool:
    """Whether it belongs to an event loop."""
    kind = type(connection)
    return kind.__module__.partition(".")[0] in _ASYNCHRONOUS or kind.__name__.startswith("Async")


def _judged(connection: Any, guard: Guard, name: str) -> tuple[Bind, Glance, Objection | None]:
    required = guard.settings.required(name)
    driver, end = look(connection).driver, end_of(connection)
    local = guard.settings.is_local(end)
    bind = Bind(name, driver, required, end, local)
    return (bind, *judge(connection, Assurance.PLAINTEXT if local else required, None))


def _is_refused(guard: Guard, bind: Bind, objection: Objection) -> bool:
    guard.object_to(bind, objection)
    return guard.settings.mode is Mode.ENFORCE


def _error(bind: Bind, objection: Objection) -> GuardError:
    return GuardError(f"{bind.name}: closed, because {objection.message}", hint=objection.hint)


def _admit(guard: Guard, bind: Bind, seen: Glance, connection: Any) -> None:
    trace(connection)
    guard.admit(bind, seen)
