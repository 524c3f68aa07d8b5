"""What agreement was not held with on this machine, and why: told, never passed over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tests import installations
from tests.agreement import catalogue


def told() -> Iterator[str]:
    """A line each."""
    for server in installations.absent():
        yield f"{server}: not on the machine, and could not be fetched"
    for package in catalogue.missing_drivers():
        yield f"{package}: the driver is not installed"
    if shutil.which("cockroach") is None:
        yield (
            "CockroachDB: no `cockroach` on the machine; its SQLAlchemy dialects hand the query to psycopg2, psycopg "
            "or asyncpg as it is, and are held to the documentation"
        )
