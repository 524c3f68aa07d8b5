"""A real driver: how it connects through each door, and how its settings are read by its dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from everyhop.dialects import registry
from everyhop.dialects.settings import DialerSettings
from everyhop.lab.login import Login
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer, Version
from everyhop.model.wire import Wire
from tests.agreement.ground import ADDRESS, NAME
from tests.agreement.spelled import Door, Spelled

SECRET: Final = "the tip that nobody must read"
QUESTION: Final = f"SELECT '{SECRET}'"
SECONDS: Final = 5
"""How long a driver may take to connect, as far as it can be told."""


@dataclass(frozen=True, slots=True)
class Dial:
    """What a driver is told: where, as whom, and with which settings, files and contexts made real."""

    at: TcpEndpoint
    login: Login
    spelled: Spelled

    @property
    def keywords(self) -> dict[str, Any]:
        """Place and login under the names that most drivers have for them."""
        login = self.login
        return {"host": self.at.host, "port": self.at.port, "user": login.user, "password": login.password.reveal()}

    def url(self, scheme: str) -> str:
        """A URL with the password in it."""
        login = self.login
        password, query = quote(login.password.reveal(), safe=""), self.spelled.query
        return f"{scheme}://{login.user}:{password}@{self.at}/{login.database}{f'?{query}' if query else ''}"


Way = Callable[[Dial], object]
"""Connects, asks `QUESTION` and returns the answer; raises where it is refused."""


@dataclass(frozen=True, slots=True)
class Driver:
    """`name` is the heading of its page, `dialect` its name in the registry, `scheme` SQLAlchemy's.

    `refusals` are what it raises over a refused connection or spelling: anything else is the test's own fault. `fixed`
    are arguments that choose its build. `host` and `address` are how it knows the server, by name where it takes one.
    `library` is what it is built on, in version `build`. `unwritable` are the postures that its dialect cannot write.
    """

    name: str
    dialect: str
    scheme: str
    distribution: str
    wire: Wire
    ways: Mapping[Door, Way]
    refusals: tuple[type[BaseException], ...]
    spellings: tuple[Spelled, ...]
    build: str | None = None
    library: str = ""
    fixed: Mapping[str, object] = field(default_factory=dict)
    host: str = NAME
    address: str = ADDRESS
    unwritable: frozenset[Assurance] = frozenset()

    @property
    def version(self) -> Version:
        """What is installed."""
        return Version(metadata.version(self.distribution))

    @property
    def title(self) -> str:
        """Its name with its major version, and that of the library that it is built on."""
        release = self.version.value.split(".")
        major = ".".join(release[: 2 if release[0] == "0" else 1])
        below = f" on {self.library} {'.'.join((self.build or '').split('.')[:2])}" if self.library else ""
        return f"{self.name} {major}{below}"

    def settings(self, spelled: Spelled, host: str) -> DialerSettings:
        """What a dialect is given to read."""
        arguments = {**self.fixed, **spelled.arguments}
        known = {"version": self.version, "build": self.build, "files": spelled.files}
        query = f"?{spelled.query}" if spelled.query else ""
        environment = spelled.environment
        if spelled.door is Door.CALL:
            keywords = {"host": host, **arguments}
            return registry.from_keywords(self.dialect, keywords, environment=environment, **known)  # type: ignore[arg-type]
        own = spelled.door is Door.DSN
        source = f"{'postgres' if own else self.scheme}://app@{host}/app{query}"
        named = self.dialect if own else None
        return registry.resolve(source, driver=named, connect_args=arguments, environment=environment, **known)  # type: ignore[arg-type]

    def read(self, spelled: Spelled, host: str) -> Dialer:
        """What its dialect makes of it."""
        return registry.read(self.settings(spelled, host))


def through_sqlalchemy(scheme: str, always: Mapping[str, object]) -> Way:
    """An engine for a URL; `always` are further connect_args, such as time-outs."""

    def ask(dial: Dial) -> object:
        arguments = {**always, **dial.spelled.arguments}
        engine = create_engine(dial.url(scheme), poolclass=NullPool, connect_args=arguments)
        with engine.connect() as connection:
            return connection.scalar(text(QUESTION))

    return ask


def through_async_sqlalchemy(scheme: str, always: Mapping[str, object]) -> Way:
    """The same with an asynchronous engine."""

    async def ask(dial: Dial) -> object:
        arguments = {**always, **dial.spelled.arguments}
        engine = create_async_engine(dial.url(scheme), poolclass=NullPool, connect_args=arguments)
        try:
            async with engine.connect() as connection:
                return await connection.scalar(text(QUESTION))
        finally:
            await engine.dispose()

    return awaited(ask)


def through_connect(connect: Callable[..., Any], always: Mapping[str, object], database: str = "database") -> Way:
    """A DB-API module's connect(), which calls the database by this keyword."""

    def ask(dial: Dial) -> object:
        named = {**dial.keywords, database: dial.login.database}
        return answer(connect(**named, **{**always, **dial.spelled.arguments}))

    return ask


def answer(connection: Any) -> object:
    """What a DB-API connection answers to the question."""
    try:
        cursor = connection.cursor()
        cursor.execute(QUESTION)
        (told,) = cursor.fetchone()
        cursor.close()
    finally:
        connection.close()
    return told


def awaited(ask: Callable[[Dial], Awaitable[object]]) -> Way:
    """An asynchronous way in an event loop of its own, ended from outside where the driver does not end itself."""
    return lambda dial: asyncio.run(asyncio.wait_for(ask(dial), SECONDS))
