"""The first statement on a new connection: it asks for a value that nobody can guess, and takes its exact echo alone.

A peer that has put words into the start of the session (before TLS began, or out of step with it) answers something
else first.
"""

from __future__ import annotations

from contextlib import suppress
from secrets import token_hex
from typing import Any, Final

from everyhop.model.wire import Wire
from everyhop.runtime.guard.objection import Objection, Reason

_BYTES: Final = 16
"""128 bits: more than can be guessed."""
_TOLD = Objection(Reason.ECHO, "the first answer on it is not what was asked for", "look at what stands on the path")


def echo(connection: Any, error: type[Exception], wire: Wire) -> Objection | None:
    """Ask over a DB-API connection; `error` is what its driver raises: no answer is a wrong one.

    On PostgreSQL outside of a transaction, or a BEGIN would come first; MySQL begins none for a value.
    """
    value = token_hex(_BYTES)
    switched = wire is Wire.POSTGRES and getattr(connection, "autocommit", None) is False
    try:
        if switched:
            connection.autocommit = True
        try:
            rows = _asked(connection, value)
        finally:
            if switched:
                connection.autocommit = False
    except error:
        return _TOLD
    return None if is_echo(rows, value) else _TOLD


async def echo_async(connection: Any) -> Objection | None:
    """The same over an asynchronous driver's own connection (asyncpg, psycopg, asyncmy, aiomysql)."""
    value = token_hex(_BYTES)
    try:
        if hasattr(connection, "fetch"):  # asyncpg
            rows = await connection.fetch(_question(value))
        else:
            async with connection.cursor() as cursor:
                await cursor.execute(_question(value))
                rows = await cursor.fetchall()
            with suppress(Exception):  # it is for the transaction that psycopg has begun
                await connection.rollback()
    except Exception:  # noqa: BLE001 - whatever the driver raises: no answer is a wrong one
        return _TOLD
    return None if is_echo(rows, value) else _TOLD


def is_echo(rows: Any, value: str) -> bool:
    """Exactly one row with exactly this value in it."""
    if not isinstance(rows, list | tuple) or len(rows) != 1:
        return False
    try:
        columns = tuple(rows[0].values()) if hasattr(rows[0], "values") else tuple(rows[0])
    except TypeError:
        return False
    return columns in {(value,), (value.encode(),)}


def _question(value: str) -> str:
    return f"SELECT '{value}'"


def _asked(connection: Any, value: str) -> Any:
    cursor = connection.cursor()
    try:
        cursor.execute(_question(value))
        return cursor.fetchall()
    finally:
        cursor.close()
