"""Engines on every driver that SQLAlchemy has for these databases, safe and unsafe, for tests of the guard."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiomysql  # type: ignore[import-untyped]
import asyncmy
import asyncpg  # type: ignore[import-untyped]
import mysql.connector
import MySQLdb
import pg8000.dbapi  # type: ignore[import-untyped]
import psycopg
import psycopg2
import pymysql
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from everyhop.lab.server import Server
from everyhop.model.wire import Wire
from tests.agreement.driver import SECRET

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings have escapes that Python does not know
    import mariadb  # type: ignore[import-untyped]

_COLLATION: Final = {"collation": "utf8mb4_general_ci"}  # MariaDB does not know the one that the driver asks for


def _verifying(anchors: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=anchors)


def _blind(_anchors: str) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


@dataclass(frozen=True, slots=True)
class Way:
    """A driver with settings that are `verify-full`, and with some that let any attacker in.

    `connect` is the driver's own. `weak` go on in plaintext and believe anybody; `host` is how it knows a server.
    """

    scheme: str
    wire: Wire
    connect: Callable[..., Any]
    query: str = ""
    safe: Callable[[str], dict[str, Any]] = lambda _anchors: {}
    weak: Callable[[str], dict[str, Any]] = lambda _anchors: {}
    database: str = "database"
    host: str = "localhost"
    asynchronous: bool = False

    def url(self, server: Server, host: str, port: int, query: str = "") -> str:
        """The server's login through another place."""
        return f"{self.scheme}://{server.url_with(query, host=host, port=port).reveal().partition('://')[2]}"

    def engine(self, server: Server, port: int, **options: Any) -> Any:
        """An engine with the safe settings, behind whoever listens at this port."""
        anchors = str(server.anchors)
        url = self.url(server, self.host, port, self.query.replace("CA", anchors))
        return self._made(url, connect_args=self.safe(anchors), **options)

    def unread(self, server: Server, port: int) -> Any:
        """An engine whose connections a function of the application's makes, with the weak settings."""
        login = server.login
        assert login
        keywords = {
            "host": self.host,
            "port": port,
            "user": login.user,
            "password": login.password.reveal(),
            self.database: login.database,
            **self.weak(str(server.anchors)),
        }
        creator = {"async_creator" if self.asynchronous else "creator": lambda: self.connect(**keywords)}
        return self._made(f"{self.scheme}://", **creator)

    def _made(self, url: str, **options: Any) -> Any:
        make: Callable[..., Any] = create_async_engine if self.asynchronous else create_engine
        return make(url, poolclass=NullPool, **options)


WAYS: Final = {
    "psycopg2": Way(
        "postgresql+psycopg2",
        Wire.POSTGRES,
        psycopg2.connect,
        "sslmode=verify-full&sslrootcert=CA",
        weak=lambda _: {"sslmode": "prefer"},
        database="dbname",
    ),
    "psycopg": Way(
        "postgresql+psycopg",
        Wire.POSTGRES,
        psycopg.connect,
        "sslmode=verify-full&sslrootcert=CA",
        weak=lambda _: {"sslmode": "prefer"},
        database="dbname",
    ),
    "psycopg_async": Way(
        "postgresql+psycopg_async",
        Wire.POSTGRES,
        psycopg.AsyncConnection.connect,
        "sslmode=verify-full&sslrootcert=CA",
        weak=lambda _: {"sslmode": "prefer"},
        database="dbname",
        asynchronous=True,
    ),
    "asyncpg": Way(
        "postgresql+asyncpg",
        Wire.POSTGRES,
        asyncpg.connect,
        safe=lambda anchors: {"ssl": _verifying(anchors)},
        weak=lambda _: {"ssl": "prefer"},
        asynchronous=True,
    ),
    "pg8000": Way(
        "postgresql+pg8000",
        Wire.POSTGRES,
        pg8000.dbapi.connect,
        safe=lambda anchors: {"ssl_context": _verifying(anchors)},
    ),
    "pymysql": Way("mysql+pymysql", Wire.MYSQL, pymysql.connect, "ssl_ca=CA"),
    "mysqlclient": Way(
        "mysql+mysqldb",
        Wire.MYSQL,
        MySQLdb.connect,
        "ssl_mode=VERIFY_IDENTITY&ssl_ca=CA",
        weak=lambda _: {"ssl_mode": "REQUIRED"},
        host="127.0.0.2",
    ),
    "mysql-connector": Way(
        "mysql+mysqlconnector",
        Wire.MYSQL,
        mysql.connector.connect,
        safe=lambda anchors: {
            "ssl_ca": anchors,
            "ssl_verify_cert": True,
            "ssl_verify_identity": True,
            "use_pure": True,
            **_COLLATION,
        },
        weak=lambda _: {"use_pure": True, **_COLLATION},
    ),
    "mysql-connector-c": Way(
        "mysql+mysqlconnector",
        Wire.MYSQL,
        mysql.connector.connect,
        safe=lambda anchors: {
            "ssl_ca": anchors,
            "ssl_verify_cert": True,
            "ssl_verify_identity": True,
            "use_pure": False,
            **_COLLATION,
        },
        weak=lambda _: {"use_pure": False, **_COLLATION},
    ),
    "mariadb": Way(
        "mariadb+mariadbconnector",
        Wire.MYSQL,
        mariadb.connect,
        "ssl_ca=CA&ssl_verify_cert=true",
        weak=lambda _: {"ssl": True},
        host="127.0.0.2",
    ),
    "asyncmy": Way(
        "mysql+asyncmy",
        Wire.MYSQL,
        asyncmy.connect,
        "ssl_ca=CA",
        database="db",
        asynchronous=True,
    ),
    "aiomysql": Way(
        "mysql+aiomysql",
        Wire.MYSQL,
        aiomysql.connect,
        safe=lambda anchors: {"ssl": _verifying(anchors)},
        weak=lambda anchors: {"ssl": _blind(anchors)},
        database="db",
        asynchronous=True,
    ),
}


def asked(way: Way, engine: Any) -> object:
    """What the server answers to a connection of this engine."""
    question = text(f"SELECT '{SECRET}'")
    if not way.asynchronous:
        with engine.connect() as connection:
            return connection.scalar(question)

    async def ask() -> object:
        try:
            async with engine.connect() as connection:
                return await connection.scalar(question)
        finally:
            await engine.dispose()

    return asyncio.run(ask())
