"""What the driver below a SQLAlchemy dialect says of itself: its name, its version, and the build of its C library."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_DISTRIBUTIONS = {"MySQLdb": "mysqlclient"}
"""The packages, of modules that are named otherwise."""


def driver_of(dialect: Any) -> str:
    """The module that really connects: pymysql also stands in for MySQLdb (`install_as_MySQLdb`)."""
    module = getattr(dialect.dbapi, "__name__", "")
    return "pymysql" if module == "pymysql" else str(dialect.driver)


def version_of(dialect: Any) -> str | None:
    """The driver's version; None where nothing tells it."""
    module = _module(dialect)
    # PyMySQL's __version__ is that of the mysqlclient whose part it can take.
    told = getattr(module, "VERSION_STRING", None) or getattr(module, "__version__", None)
    if isinstance(told, str) and told.strip():
        return told.split()[0]
    with suppress(PackageNotFoundError):
        name = getattr(module, "__name__", str(dialect.driver))
        return version(_DISTRIBUTIONS.get(name, name))
    return None


def build_of(dialect: Any) -> str | None:
    """The library below, as a dialect's `build`: libpq's or Connector/C's version, `pure` or `C` of mysql-connector."""
    module = _module(dialect)
    number = getattr(module, "__libpq_version__", None)
    name = getattr(module, "__name__", "")
    if number is None and name == "psycopg":
        number = module.pq.version()
    if isinstance(number, int):  # 170011 is 17.11 (postgresql.org, PQlibVersion)
        return f"{number // 10000}.{number % 10000}"
    if name == "mysql.connector":
        return "C" if getattr(module, "HAVE_CEXT", False) else "pure"
    if name == "MySQLdb":
        return str(module.get_client_info())
    told = getattr(module, "mariadbapi_version", None)  # of the module `mariadb`
    return told if isinstance(told, str) else None


def _module(dialect: Any) -> Any:
    """The driver's own module, below what SQLAlchemy puts around an asynchronous one."""
    return getattr(dialect.dbapi, dialect.driver, dialect.dbapi) if dialect.is_async else dialect.dbapi
