"""Which drivers and which servers there are here, and which there are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import pymysql

from everyhop.lab import mariadb, mysql, postgresql
from everyhop.lab.installation import Installation
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests import installations
from tests.agreement.driver import Driver
from tests.agreement.ground import Ground
from tests.agreement.spelled import Spelled
from tests.agreement.written import written

# The package that a driver is imported as, and its places here.
_DRIVERS: Final = {
    "psycopg2": ("libpq:PSYCOPG2",),
    "psycopg": ("libpq:PSYCOPG", "libpq:PSYCOPG_ASYNC"),
    "asyncpg": ("asyncpg:ASYNCPG",),
    "pg8000": ("pg8000:PG8000",),
    "pymysql": ("pymysql:PYMYSQL",),
    "MySQLdb": ("mysqlclient:MYSQLCLIENT",),
    "mysql.connector": ("mysql_connector:PURE", "mysql_connector:C_EXTENSION"),
    "mariadb": ("mariadb_connector:MARIADB",),
    "aiomysql": ("asynchronous_mysql:AIOMYSQL",),
    "asyncmy": ("asynchronous_mysql:ASYNCMY",),
}
_PRODUCTS: Final[dict[str, tuple[str, Wire, Callable[..., Server]]]] = {
    "postgresql": ("PostgreSQL", Wire.POSTGRES, postgresql.start),
    "mariadb": ("MariaDB", Wire.MYSQL, mariadb.start),
    "mysql": ("MySQL", Wire.MYSQL, mysql.start),
}


@dataclass(frozen=True, slots=True)
class Product:
    """A server that can be started here."""

    installation: Installation

    @property
    def wire(self) -> Wire:
        """What it speaks."""
        return _PRODUCTS[self.installation.product][1]

    @property
    def title(self) -> str:
        """Its name and release series: `PostgreSQL 17`, `MariaDB 10.11`."""
        parts = self.installation.version.split(".")
        series = ".".join(parts[:2]) if self.installation.product == "mariadb" else parts[0]
        return f"{_PRODUCTS[self.installation.product][0]} {series}"

    def lay(self, lab: Lab) -> Ground:
        """Its servers and the attackers before them, started as they are asked for."""
        begin = _PRODUCTS[self.installation.product][2]

        def start(assurance: Assurance, issued: Issued | None) -> Server:
            server = begin(lab, assurance, issued=issued, installation=self.installation)
            if self.installation.product == "mysql":
                _log_in_once(server)
            return server

        return Ground(lab, self.wire, start)


def _log_in_once(server: Server) -> None:
    """caching_sha2_password remembers who has logged in: the first login takes another way than all later ones."""
    login = server.login
    assert login
    pymysql.connect(unix_socket=str(login.socket), user=login.user, password=login.password.reveal()).close()


def products() -> tuple[Product, ...]:
    """All of them, the oldest version of each first."""
    return tuple(Product(one) for name in _PRODUCTS for one in installations.found(name))


def first_products() -> tuple[Product, ...]:
    """One for each wire: what every run looks at."""
    return tuple({product.wire: product for product in reversed(products())}.values())


@cache
def drivers() -> tuple[Driver, ...]:
    """Those that are installed."""
    return tuple(_found())


def _found() -> Iterator[Driver]:
    for package, places in _DRIVERS.items():
        if find_spec(package) is None:
            continue
        for place in places:
            module, _, name = place.partition(":")
            yield getattr(import_module(f"tests.agreement.drivers.{module}"), name)


def tried(driver: Driver) -> tuple[Spelled, ...]:
    """What people write, then what everyhop does."""
    return (*driver.spellings, *written(driver))


def missing_drivers() -> tuple[str, ...]:
    """Those that are not installed, by the package that they are imported as."""
    return tuple(package for package in _DRIVERS if find_spec(package) is None)
