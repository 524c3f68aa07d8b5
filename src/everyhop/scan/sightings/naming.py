"""The names under which people keep the URL of a database, or the parts of a connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

_PRODUCTS: Final = {"postgres": "postgresql", "pg": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}
_KEPT: Final = r"(?:database|db|postgres(?:ql)?|pg|mysql|mariadb|sqlalchemy|sqla?|rds)"
# Whatever has one of these words in its name is no server of PostgreSQL's or MySQL's.
_OTHERS: Final = re.compile(
    r"mongo|redis|neo4j|influx|elastic|opensearch|clickhouse|sqlite|couch|cassandra|dynamo|graph|vector|qdrant|chroma"
    r"|milvus|oracle|mssql|snowflake|bigquery|firebase|firestore|rabbit|amqp|kafka|cache|broker|sentry|test|admin"
    r"|example|ldap",
    re.IGNORECASE,
)
_URL: Final = re.compile(
    rf"(?:[a-z0-9]+[._-]+)*?{_KEPT}(?:[._-]?{_KEPT})*[._-]?(?:ur[il]|dsn|connection|conn|conninfo|connect(?:ion)?[._-]?str(?:ing)?"
    r"|connstr|connection[._-]?ur[il])",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    r"(?P<prefix>(?:[A-Z0-9]+_)*?(?:DATABASE|DB|POSTGRES(?:QL)?|PG|MYSQL|MARIADB|SQL|RDS)(?:_[A-Z0-9]+)*?_?)"
    r"(?P<part>HOSTNAME|HOST|SERVER|ADDRESS|ADDR|ENDPOINT|USERNAME|USER|PASSWORD|PASSWD|PASS|PWD|PORT|DATABASE|DBNAME|NAME"
    r"|SCHEMA|DB|ENGINE|DRIVER|DIALECT|TYPE|ADAPTER|VENDOR|CONNECTION)",
    re.IGNORECASE,
)


class Part(Enum):
    """A part of a connection's settings."""

    HOST = "host"
    USER = "user"
    PASSWORD = "password"  # noqa: S105 - the name of a part
    PORT = "port"
    DATABASE = "database"
    PRODUCT = "product"


_PARTS: Final = {
    **dict.fromkeys(("HOST", "HOSTNAME", "SERVER", "ADDRESS", "ADDR", "ENDPOINT"), Part.HOST),
    **dict.fromkeys(("USER", "USERNAME"), Part.USER),
    **dict.fromkeys(("PASSWORD", "PASSWD", "PASS", "PWD"), Part.PASSWORD),
    **dict.fromkeys(("DATABASE", "DBNAME", "NAME", "SCHEMA", "DB"), Part.DATABASE),
    **dict.fromkeys(("ENGINE", "DRIVER", "DIALECT", "TYPE", "ADAPTER", "VENDOR", "CONNECTION"), Part.PRODUCT),
    "PORT": Part.PORT,
}


@dataclass(frozen=True, slots=True)
class PartName:
    """A name of a part: what the names of the other parts begin with, in capitals, and which part it is."""

    prefix: str
    part: Part


def is_url_name(name: str) -> bool:
    """Whether what is kept under this name can hardly be anything but the URL of a database."""
    return _URL.fullmatch(name) is not None and not _OTHERS.search(name)


def part_of(name: str) -> PartName | None:
    """Which part of a connection's settings is kept under a name: `DB_HOST`, `PGUSER`, `APP_DATABASE_PASSWORD`."""
    match = _PART.fullmatch(name)
    if match is None or _OTHERS.search(name):
        return None
    return PartName(match["prefix"].upper().rstrip("_"), _PARTS[match["part"].upper()])


def product_in(name: str) -> str | None:
    """The product that a name speaks of, if it does."""
    lowered = name.lower()
    return next((product for word, product in _PRODUCTS.items() if word in lowered), None)
