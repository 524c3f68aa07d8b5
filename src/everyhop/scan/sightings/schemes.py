"""What stands before `://` in a database URL in the words of other libraries, as `dialects.dsn` knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from everyhop.dialects import registry
from everyhop.scan.sightings.opener import Drivers

_KNOWN: Final = re.compile(
    r"(?:(?:db|sqla|sqlalchemy)\+)?(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+[a-z0-9_]+)?://", re.IGNORECASE
)
_SCHEME: Final = re.compile(r"\s*(?P<scheme>[a-z0-9]+)(?:\+(?P<driver>[a-z0-9_]+))?(?=://)", re.IGNORECASE)
# Celery's result backend and kombu's transport put their own word before SQLAlchemy's URL.
_WRAPPED: Final = re.compile(r"\s*(?:db|sqla|sqlalchemy)\+(?=[a-z0-9]+(?:\+[a-z0-9_]+)?://)", re.IGNORECASE)

# dj-database-url, django-environ, Peewee and Tortoise (each in its list of schemes): the product that is meant.
_PRODUCTS: Final[Mapping[str, str]] = {
    **dict.fromkeys("postgres postgresql pgsql psql postgis postgresext asyncpg psycopg".split(), "postgresql"),  # noqa: SIM905
    **dict.fromkeys(("timescale", "timescalegis", "redshift", "cockroach", "cockroachdb"), "postgresql"),
    **dict.fromkeys(("mysql", "mysql2", "mysqlgis", "mysql_connector", "mariadb"), "mysql"),
}


def is_database_url(text: str) -> bool:
    """Whether a text begins like the URL of a database that is reached over a wire."""
    return _KNOWN.match(text.lstrip()) is not None


def unwrapped(text: str) -> str:
    """A URL of Celery's or kombu's as the SQLAlchemy URL in it; any other text as it is."""
    match = _WRAPPED.match(text)
    return text[match.end() :] if match else text


def direct(text: str, drivers: Drivers) -> tuple[str, Drivers]:
    """A URL that goes to one of these drivers without SQLAlchemy: with a scheme that names the product alone.

    The drivers are those that speak the product's wire; the one that the scheme names, where it does.
    """
    match = _SCHEME.match(text)
    if match is None:
        return text, drivers
    scheme = match["scheme"].lower()
    product = _PRODUCTS.get(scheme)
    if product is None:
        return text, drivers
    speaking = tuple(driver for driver in drivers if registry.WIRES[product_of(driver)] is registry.WIRES[product])
    named = tuple(driver for driver in speaking if driver in (scheme, match["driver"]))
    return product + text[match.end() :], named or speaking


def product_of(driver: str) -> str:
    """The product that a driver is made for."""
    return registry.from_keywords(driver, {}).product
