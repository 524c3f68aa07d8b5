"""The functions of libraries above the drivers that open connections, by full name: engines, mappers, pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.scan.sightings.drivers import DRIVERS, MODULES
from everyhop.scan.sightings.opener import Drivers, Opener

ENGINES: Final[Mapping[str, str]] = {
    **{
        f"{package}.{function}": "url"
        for package in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.ext.asyncio", "sqlmodel")
        for function in ("create_engine", "create_async_engine", "create_pool_from_url")
    },
    "dataset.connect": "url",
    "dataset.Database": "url",
    "records.Database": "db_url",
    "apscheduler.jobstores.sqlalchemy.SQLAlchemyJobStore": "url",
    "langchain_community.utilities.SQLDatabase.from_uri": "database_uri",
    "langchain.utilities.SQLDatabase.from_uri": "database_uri",
    "ormar.DatabaseConnection": "url",
    "sqlalchemy_helpers.DatabaseManager": "uri",
    **{
        f"oslo_db.sqlalchemy.{function}": "sql_connection"
        for function in (
            *("session.create_engine", "engines.create_engine"),
            *("session.EngineFacade", "session.EngineFacade.from_config"),
            *("enginefacade.LegacyEngineFacade", "enginefacade.LegacyEngineFacade.from_config"),
        )
    },
    # Its URL is `[database] connection` of the service's settings.
    "oslo_db.sqlalchemy.enginefacade.transaction_context": "connection",
    **{
        f"sqlalchemy_utils.{function}": "url"
        for name in ("database_exists", "create_database", "drop_database")
        for function in (name, f"functions.{name}", f"functions.database.{name}")
    },
    "gino.create_engine": "name_or_url",
    "gino.Gino.set_bind": "bind",
    "sqlsoup.SQLSoup": "engine_or_metadata",
    "sqlalchemy_helpers.manager.DatabaseManager": "uri",
}  # fmt: skip
"""SQLAlchemy's engines, and what makes one of a URL: the first argument, or the parameter named here.

The driver's own options are `connect_args`.
"""

CONFIGURED: Final = frozenset(
    {
        "sqlalchemy.engine_from_config",
        "sqlalchemy.engine.engine_from_config",
        "sqlalchemy.ext.asyncio.async_engine_from_config",
        "sqlalchemy.ext.asyncio.engine.async_engine_from_config",
    }
)
"""Engines of a dict whose keys begin with a prefix (`sqlalchemy.url`)."""

POSTGRESQL: Final = ("psycopg", "psycopg2")
"""Django prefers psycopg 3 (django/db/backends/postgresql/psycopg_any.py)."""
MYSQL: Final = ("mysqlclient", "pymysql")
"""Whoever imports MySQLdb gets mysqlclient, or PyMySQL where it has been put in its place."""

# Peewee and Pony: the C driver before the one in Python (peewee.py, pony/orm/dbproviders/mysql.py).
_PEEWEE_POSTGRESQL: Final = ("psycopg2", "psycopg")
_PEEWEE_OWN: Final = frozenset(
    {
        *("register_hstore", "register_unicode", "encoding", "isolation_level", "server_side_cursors", "autorollback"),
        *("autoconnect", "thread_safe", "field_types", "operations", "sql_mode", "prefer_psycopg3"),
        *("max_connections", "stale_timeout", "timeout", "min_connections"),
    }
)
_PONY: Final = Opener(
    positional=("provider",),
    selector="provider",
    named={
        "postgres": ("psycopg2",),
        "postgresql": ("psycopg2",),
        "mysql": MYSQL,
        "cockroach": ("psycopg2",),
    },
    own=frozenset({"provider"}),
)
_PEEWEE_URL: Final = Opener((*_PEEWEE_POSTGRESQL, *MYSQL), ("url",), dsn="url", own=_PEEWEE_OWN)
# databases/core.py: what a URL without a driver means.
_DATABASES: Final = Opener(
    ("asyncpg", "aiomysql", "asyncmy"), ("url",), dsn="url", own=frozenset({"force_rollback", "min_size", "max_size"})
)
# tortoise/backends/base/config_generator.py; the MySQL backend takes asyncmy where it is installed.
TORTOISE: Final = ("asyncpg", "asyncmy", "aiomysql", "psycopg")
_TORTOISE: Final = Opener(TORTOISE, ("config", "config_file", "_create_db", "db_url"), dsn="db_url", own=None)
_REGISTERED: Final = Opener(TORTOISE, ("app", "config", "config_file", "db_url"), dsn="db_url", own=None)
_DB_API: Final = frozenset(
    {
        *("creator", "mincached", "maxcached", "maxshared", "maxconnections", "blocking", "maxusage", "setsession"),
        *("reset", "failures", "ping", "closeable", "threadlocal"),
    }
)
_POOLED: Final = Opener(
    positional=("creator", "mincached", "maxcached", "maxshared", "maxconnections", "blocking", "maxusage"),
    selector="creator",
    named=MODULES,
    own=_DB_API,
)
_PERSISTENT: Final = Opener(
    positional=("creator", "maxusage", "setsession", "failures", "ping", "closeable", "threadlocal"),
    selector="creator",
    named=MODULES,
    own=_DB_API,
)
# django-environ and environs hand the URL to the same kind of parser as dj-database-url.
_DJANGO: Final = (*POSTGRESQL, *MYSQL)
_DJANGO_URL: Final = Opener(_DJANGO, ("default",), dsn="default", own=None, requiring="ssl_require")
_DJANGO_VARIABLE: Final = Opener(
    _DJANGO, ("env", "default"), dsn="default", own=None, variable="env", requiring="ssl_require"
)
_ENVIRON: Final = Opener(_DJANGO, ("var", "default"), dsn="default", own=None, variable="var")
_ENVIRONS: Final = Opener(_DJANGO, ("name", "default"), dsn="default", own=None, variable="name")


def _peewee() -> dict[str, Opener]:
    """Peewee's classes, each with its pooled twin."""
    modules: dict[str, dict[str, Drivers]] = {
        "peewee": {"Postgresql": _PEEWEE_POSTGRESQL, "MySQL": MYSQL},
        "playhouse.postgres_ext": {"PostgresqlExt": _PEEWEE_POSTGRESQL, "Psycopg3": ("psycopg",)},
        "playhouse.psycopg3_ext": {"Psycopg3": ("psycopg",)},
        "playhouse.mysql_ext": {"MySQLConnector": ("mysql-connector",), "MariaDBConnector": ("mariadb",)},
        "playhouse.cockroachdb": {"Cockroach": _PEEWEE_POSTGRESQL},
        "playhouse.pool": {
            "Postgresql": _PEEWEE_POSTGRESQL,
            "PostgresqlExt": _PEEWEE_POSTGRESQL,
            "Psycopg3": ("psycopg",),
            "MySQL": MYSQL,
        },
        "playhouse.shortcuts": {"ReconnectMySQL": MYSQL},
        "peewee_async": {"Postgresql": ("psycopg2",), "MySQL": ("aiomysql",)},
    }
    return {
        f"{module}.{pooled}{product}Database": Opener(drivers, ("database",), own=_PEEWEE_OWN)
        for module, products in modules.items()
        for product, drivers in products.items()
        for pooled in ("", "Pooled")
    }


OPENERS: Final[Mapping[str, Opener]] = {
    **DRIVERS,
    **_peewee(),
    "playhouse.db_url.connect": _PEEWEE_URL,
    "playhouse.db_url.parse": _PEEWEE_URL,
    "pony.orm.Database": _PONY,
    "pony.orm.Database.bind": _PONY,
    "databases.Database": _DATABASES,
    "databases.core.Database": _DATABASES,
    "tortoise.Tortoise.init": _TORTOISE,
    **{
        f"tortoise.contrib.{framework}.{function}": _REGISTERED
        for framework in ("fastapi", "starlette", "sanic", "quart", "aiohttp", "blacksheep")
        for function in ("register_tortoise", "RegisterTortoise")
    },
    "pgcli.main.PGCli.connect_uri": Opener(("psycopg",), ("uri",), dsn="uri"),
    "pgcli.main.PGCli.connect_dsn": Opener(("psycopg",), ("dsn",), dsn="dsn"),
    "dbutils.pooled_db.PooledDB": _POOLED,
    "DBUtils.PooledDB.PooledDB": _POOLED,
    "dbutils.persistent_db.PersistentDB": _PERSISTENT,
    "DBUtils.PersistentDB.PersistentDB": _PERSISTENT,
    "dj_database_url.parse": _DJANGO_URL,
    "dj_database_url.config": _DJANGO_VARIABLE,
    "environ.Env.db": _ENVIRON,
    "environ.Env.db_url": _ENVIRON,
    "environs.Env.dj_db_url": _ENVIRONS,
}
"""Every function that opens a connection, or says how Django opens one, by its arguments."""
