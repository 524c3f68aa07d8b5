"""The drivers' own functions that open connections, by full name, and the packages that bring a driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.scan.sightings.opener import Drivers, Opener

_MYSQL: Final = ("host", "user", "password", "database", "port")
# psycopg_pool/base.py, psycopg2/pool.py, asyncpg/pool.py, aiomysql/pool.py: what a pool takes for itself.
_PSYCOPG_POOL: Final = Opener(("psycopg",), ("conninfo",), dsn="conninfo", inner="kwargs")
_PSYCOPG2_POOL: Final = Opener(
    ("psycopg2",), ("minconn", "maxconn", "dsn"), dsn="dsn", own=frozenset({"minconn", "maxconn"})
)
_PSYCOPG: Final = Opener(("psycopg",), ("conninfo",), dsn="conninfo")
_PSYCOPG2: Final = Opener(("psycopg2",), ("dsn",), dsn="dsn", own=frozenset({"connection_factory", "cursor_factory"}))
_AIOPG: Final = Opener(
    ("psycopg2",),
    ("dsn",),
    dsn="dsn",
    own=frozenset("minsize maxsize timeout pool_recycle on_connect echo enable_json enable_hstore enable_uuid".split()),  # noqa: SIM905
)
_ASYNCPG: Final = Opener(("asyncpg",), ("dsn",), dsn="dsn")
_ASYNCPG_POOL: Final = Opener(
    ("asyncpg",),
    ("dsn",),
    dsn="dsn",
    own=frozenset(
        {
            *("min_size", "max_size", "max_queries", "max_inactive_connection_lifetime", "connect", "setup", "init"),
            *("reset", "loop", "connection_class", "record_class"),
        }
    ),
)
_PG8000: Final = Opener(("pg8000",), ("user", "host", "database", "port", "password"))
_PYMYSQL: Final = Opener(("pymysql",), _MYSQL)
_MYSQLCLIENT: Final = Opener(("mysqlclient",), _MYSQL)
_LOOP_POOL: Final = frozenset({"minsize", "maxsize", "pool_recycle", "loop", "echo"})

DRIVERS: Final[Mapping[str, Opener]] = {
    "psycopg2.connect": _PSYCOPG2,
    "psycopg2cffi.connect": Opener(("psycopg2cffi",), ("dsn",), dsn="dsn", own=_PSYCOPG2.own),
    "psycopg2.pool.SimpleConnectionPool": _PSYCOPG2_POOL,
    "psycopg2.pool.ThreadedConnectionPool": _PSYCOPG2_POOL,
    "psycopg2.pool.PersistentConnectionPool": _PSYCOPG2_POOL,
    "psycopg2_pool.ConnectionPool": _PSYCOPG2_POOL,
    "aiopg.connect": _AIOPG,
    "aiopg.create_pool": _AIOPG,
    "aiopg.sa.create_engine": _AIOPG,
    "psycopg.connect": _PSYCOPG,
    "psycopg.Connection.connect": _PSYCOPG,
    "psycopg.AsyncConnection.connect": _PSYCOPG,
    "psycopg_pool.ConnectionPool": _PSYCOPG_POOL,
    "psycopg_pool.NullConnectionPool": _PSYCOPG_POOL,
    "psycopg_pool.AsyncConnectionPool": _PSYCOPG_POOL,
    "psycopg_pool.AsyncNullConnectionPool": _PSYCOPG_POOL,
    "asyncpg.connect": _ASYNCPG,
    "asyncpg.connection.connect": _ASYNCPG,
    "asyncpg.create_pool": _ASYNCPG_POOL,
    "asyncpg.pool.create_pool": _ASYNCPG_POOL,
    "pg8000.connect": _PG8000,
    "pg8000.dbapi.connect": _PG8000,
    "pg8000.native.Connection": _PG8000,
    "pymysql.connect": _PYMYSQL,
    "pymysql.Connect": _PYMYSQL,
    "pymysql.Connection": _PYMYSQL,
    "pymysql.connections.Connection": _PYMYSQL,
    "MySQLdb.connect": _MYSQLCLIENT,
    "MySQLdb.Connect": _MYSQLCLIENT,
    "MySQLdb.Connection": _MYSQLCLIENT,
    "MySQLdb.connections.Connection": _MYSQLCLIENT,
    "mysql.connector.connect": Opener(("mysql-connector",)),
    "mysql.connector.Connect": Opener(("mysql-connector",)),
    "mysql.connector.MySQLConnection": Opener(("mysql-connector",)),
    "mysql.connector.connection.MySQLConnection": Opener(("mysql-connector",)),
    "mysql.connector.connection_cext.CMySQLConnection": Opener(("mysql-connector",)),
    "mysql.connector.aio.connect": Opener(("mysql-connector",)),
    "mysql.connector.pooling.MySQLConnectionPool": Opener(("mysql-connector",)),
    "mariadb.connect": Opener(("mariadb",)),
    "mariadb.ConnectionPool": Opener(("mariadb",)),
    "aiomysql.connect": Opener(("aiomysql",), _MYSQL, own=frozenset({"loop", "echo"})),
    "aiomysql.create_pool": Opener(("aiomysql",), ("minsize", "maxsize"), own=_LOOP_POOL),
    "aiomysql.sa.create_engine": Opener(("aiomysql",), ("minsize", "maxsize"), own=_LOOP_POOL),
    "asyncmy.connect": Opener(("asyncmy",), _MYSQL, own=frozenset({"echo"})),
    "asyncmy.create_pool": Opener(("asyncmy",), ("minsize", "maxsize"), own=_LOOP_POOL),
}

MODULES: Final[Mapping[str, Drivers]] = {
    "psycopg2": ("psycopg2",),
    "psycopg2cffi": ("psycopg2cffi",),
    "psycopg": ("psycopg",),
    "pg8000": ("pg8000",),
    "pg8000.dbapi": ("pg8000",),
    "pymysql": ("pymysql",),
    "MySQLdb": ("mysqlclient",),
    "mysql.connector": ("mysql-connector",),
    "mariadb": ("mariadb",),
}
"""The modules that are handed to pools as DB-API modules (PEP 249), each with its driver."""

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
