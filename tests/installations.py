"""The servers that tests run on: those of this machine, and newer ones that `scripts/servers` has fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from everyhop.lab import mariadb, mysql, postgresql
from everyhop.lab.installation import Installation
from tests.unpacked import PEBBLE, SUITES

_LISTED_BY: Final[dict[str, Callable[[Iterable[Path] | None], Iterator[Installation]]]] = {
    "postgresql": postgresql.installations,
    "mariadb": mariadb.installations,
    "mysql": mysql.installations,
}
PRODUCTS: Final = tuple(_LISTED_BY)


@cache
def found(product: str) -> tuple[Installation, ...]:
    """All of a product, the oldest first."""
    listed = _LISTED_BY[product]
    fetched = [place for suite in SUITES if suite.is_there for place in suite.directories]
    return tuple(sorted((*listed(None), *listed(fetched)), key=lambda one: one.release))


def absent() -> tuple[str, ...]:
    """The database servers that could be fetched and were not: `MySQL 9`, say."""
    return tuple(server for suite in SUITES if suite is not PEBBLE and not suite.is_there for server in suite.servers)
