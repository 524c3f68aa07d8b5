"""The functions that open connections: by full name, whose driver they are and what their positional arguments mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Opener:
    """`dsn` is the parameter that takes a whole connection string; `inner` one whose dict goes on to the driver."""

    driver: str
    positional: tuple[str, ...] = ()
    dsn: str | None = None
    inner: str | None = None


_MYSQL: Final = ("host", "user", "password", "database", "port")
_PSYCOPG: Final = Opener("psycopg", ("conninfo",), dsn="conninfo")
_PSYCOPG_POOL: Final = Opener("psycopg", ("conninfo",), dsn="conninfo", inner="kwargs")
_PSYCOPG2_POOL: Final = Opener("psycopg2", ("minconn", "maxconn", "dsn"), dsn="dsn")
_ASYNCPG: Final = Opener("asyncpg", ("dsn",), dsn="dsn")
_PG8000: Final = Opener("pg8000", ("user", "host", "database", "port", "password"))

OPENERS: Final = {
    "psycopg2.connect": Opener("psycopg2", ("dsn",), dsn="dsn"),
    "psycopg2.pool.SimpleConnectionPool": _PSYCOPG2_POOL,
    "psycopg2.pool.ThreadedConnectionPool": _PSYCOPG2_POOL,
    "psycopg.connect": _PSYCOPG,
    "psycopg.Connection.connect": _PSYCOPG,
    "psycopg.AsyncConnection.connect": _PSYCOPG,
    "psycopg_pool.ConnectionPool": _PSYCOPG_POOL,
    "psycopg_pool.NullConnectionPool": _PSYCOPG_POOL,
    "psycopg_pool.AsyncConnectionPool": _PSYCOPG_POOL,
    "asyncpg.connect": _ASYNCPG,
    "asyncpg.create_pool": _ASYNCPG,
    "pg8000.connect": _PG8000,
    "pg8000.dbapi.connect": _PG8000,
    "pg8000.native.Connection": _PG8000,
    "pymysql.connect": Opener("pymysql", _MYSQL),
    "pymysql.Connect": Opener("pymysql", _MYSQL),
    "pymysql.Connection": Opener("pymysql", _MYSQL),
    "pymysql.connections.Connection": Opener("pymysql", _MYSQL),
    "MySQLdb.connect": Opener("mysqlclient", _MYSQL),
    "mysql.connector.connect": Opener("mysql-connector"),
    "mysql.connector.pooling.MySQLConnectionPool": Opener("mysql-connector"),
    "mariadb.connect": Opener("mariadb"),
    "mariadb.ConnectionPool": Opener("mariadb"),
    "aiomysql.connect": Opener("aiomysql", _MYSQL),
    "aiomysql.create_pool": Opener("aiomysql"),
    "asyncmy.connect": Opener("asyncmy", _MYSQL),
    "asyncmy.create_pool": Opener("asyncmy"),
}

ENGINES: Final = frozenset(
    f"{package}.{function}"
    for package in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.ext.asyncio", "sqlmodel")
    for function in ("create_engine", "create_async_engine")
)
"""SQLAlchemy's engines; the URL is the first argument, the driver's own options are `connect_args`."""

PACKAGES: Final = {
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "psycopg2cffi": ("psycopg2cffi",),
    "psycopg": ("psycopg", "psycopg-binary"),
    "asyncpg": ("asyncpg",),
    "pg8000": ("pg8000",),
    "pymysql": ("pymysql",),
    "mysqlclient": ("mysqlclient",),
    "mysql-connector": ("mysql-connector-python",),
    "mariadb": ("mariadb",),
    "aiomysql": ("aiomysql",),
    "asyncmy": ("asyncmy",),
}
"""The packages, by their normalised names, that bring a driver; the first one names the version."""
