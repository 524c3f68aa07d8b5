"""Opens one connection: refused by its settings, bounded in time, judged, echoed, and only then handed out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from everyhop.errors import GuardError, SettingsError
from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from everyhop.runtime.guard.bind import Bind
from everyhop.runtime.guard.deadline import Bounding
from everyhop.runtime.guard.echo import echo
from everyhop.runtime.guard.events import trace
from everyhop.runtime.guard.judgement import judge
from everyhop.runtime.guard.objection import Objection, Reason
from everyhop.runtime.guard.settings import GuardSettings, Mode
from everyhop.runtime.live import Glance


class Keeper(Protocol):
    """Who is told of what is found: the guard."""

    settings: GuardSettings

    def object_to(self, bind: Bind, objection: Objection) -> None:
        """Count and tell it."""

    def admit(self, bind: Bind, seen: Glance) -> None:
        """Count a connection that is handed out."""


def close(connection: Any) -> None:
    """As a blocking driver does it."""
    connection.close()


@dataclass(frozen=True, slots=True)
class Opening:
    """What is particular to a driver: its wire, what it raises, its own object below a connection, and how that ends.

    `bounding` bounds a connect in time.
    """

    keeper: Keeper
    wire: Wire
    error: type[Exception]
    inner: Callable[[Any], Any]
    end: Callable[[Any], object]
    bounding: Bounding

    def dial(
        self, bind: Bind, connect: Callable[..., Any], positional: Any = (), keywords: Mapping[str, Any] | None = None
    ) -> Any:
        """An open connection that is as good as the bind demands.

        Raises `SettingsError` before any packet, and `GuardError` for what was opened, or took too long.
        """
        keywords = keywords or {}
        settings = self.keeper.settings
        if bind.required is Assurance.PLAINTEXT:
            return connect(*positional, **keywords)
        if settings.mode is Mode.REPORT:
            connection = connect(*positional, **keywords)
            self.look_at(bind, connection)
            return connection
        if bind.objections:
            raise refused(bind, bind.objections[0])
        term = self.bounding(settings.deadline)
        try:
            connection = connect(*positional, **keywords)
            self.look_at(bind, connection)
        except BaseException as error:
            if term.end(error):
                raise self._too_late(bind) from error
            raise
        term.end(None)
        return connection

    def look_at(self, bind: Bind, connection: Any) -> None:
        """Judge an open connection; close it and raise `GuardError` where it is less than demanded."""
        inner = self.inner(connection)
        required = Assurance.PLAINTEXT if bind.local else bind.required
        seen, objection = judge(inner, required, bind.promised)
        if objection is None and required:
            objection = echo(connection, self.error, self.wire)
        if objection is not None:
            self.keeper.object_to(bind, objection)
            if self.keeper.settings.mode is Mode.ENFORCE:
                with suppress(Exception):  # what is left of it may raise anything
                    self.end(connection)
                raise GuardError(f"{bind.name}: closed, because {objection.message}", hint=objection.hint)
        trace(inner)
        self.keeper.admit(bind, seen)

    def _too_late(self, bind: Bind) -> GuardError:
        seconds = self.keeper.settings.deadline
        objection = Objection(Reason.DEADLINE, f"connecting took longer than {seconds:g} s", "is its server well?")
        self.keeper.object_to(bind, objection)
        return GuardError(f"{bind.name}: given up, because {objection.message}", hint=objection.hint)


def refused(bind: Bind, objection: Objection) -> SettingsError:
    """The error for settings that are not good enough."""
    return SettingsError(f"{bind.name}: not connected, because {objection.message}", hint=objection.hint)
