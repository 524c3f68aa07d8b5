"""What the server says of the same connection. It stands beside the client's word and is never proof.

Its own settings are only asked for over a connection whose peer was verified: anybody else's answer is worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_POSTGRES = {
    "version": "SHOW server_version",
    "tls": "SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
}
_POSTGRES_SETTINGS = {"ssl_min_protocol_version": "SHOW ssl_min_protocol_version"}
_MYSQL = {
    "version": "SELECT VERSION()",
    "tls_version": "SHOW SESSION STATUS LIKE 'Ssl_version'",
    "suite": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
}
_MYSQL_DRIVERS = ("pymysql", "mysqlclient", "mysql-connector", "mariadb", "asyncmy", "aiomysql")
_MYSQL_SETTINGS = {
    "require_secure_transport": "SELECT @@require_secure_transport",
    "tls_version": "SELECT @@tls_version",
}


def view(connection: Any, error: type[Exception], driver: str, *, settings_too: bool) -> dict[str, Any]:
    """`server_version`, `tls`, `tls_version`, `suite`, and `settings`: None where the server did not say."""
    questions, more = (_MYSQL, _MYSQL_SETTINGS) if driver in _MYSQL_DRIVERS else (_POSTGRES, _POSTGRES_SETTINGS)
    answers = {name: _row(connection, error, query) for name, query in questions.items()}
    settings = {name: _last(_row(connection, error, query)) for name, query in more.items()} if settings_too else None
    if driver in _MYSQL_DRIVERS:
        version, suite = (_last(answers[name]) for name in ("tls_version", "suite"))
        tls = None if answers["suite"] is None else bool(suite)
    else:
        tls, version, suite = (*(answers["tls"] or (None, None, None)),)[:3]
    return {
        "server_version": _last(answers["version"]),
        "tls": tls if tls is None else bool(tls),
        "tls_version": version or None,
        "suite": suite or None,
        "settings": settings,
    }


def _row(connection: Any, error: type[Exception], query: str) -> tuple[Any, ...] | None:
    cursor = connection.cursor()
    try:
        cursor.execute(query)
        row = cursor.fetchone()
    except error:
        connection.rollback()  # PostgreSQL takes no further query in a failed transaction
        return None
    finally:
        cursor.close()
    if isinstance(row, Mapping):  # the application has chosen a cursor of dictionaries
        return tuple(row.values())
    return tuple(row) if row is not None else None


def _last(row: tuple[Any, ...] | None) -> str | None:
    """The value, in `SHOW`'s pair of name and value as in a single column."""
    return str(row[-1]) if row and row[-1] is not None else None
