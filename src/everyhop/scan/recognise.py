"""Which program a settings file is for: by its name where that is always the same, else by what stands in it."""

from __future__ import annotations

import ast
import re
import warnings
from enum import Enum
from typing import Final


class Server(Enum):
    """A server whose settings are read."""

    NGINX = "nginx"
    MYSQL = "option-file"
    POSTGRESQL = "postgresql"
    HBA = "hba"
    PGBOUNCER = "pgbouncer"
    APACHE = "apache"
    HAPROXY = "haproxy"


_NAMES: Final = (
    (re.compile(r"pg_hba[^/]*", re.IGNORECASE), Server.HBA),
    (re.compile(r"postgresql[^/]*\.conf(?:\.[a-z0-9]+)?", re.IGNORECASE), Server.POSTGRESQL),
    (re.compile(r"haproxy[^/]*\.cfg(?:\.[a-z0-9]+)?", re.IGNORECASE), Server.HAPROXY),
)
_PRODUCTS: Final = rb"mysqld|mariadbd?|server|client-server|galera"
_CONTENTS: Final = (
    (re.compile(rb"^[ \t]*\[pgbouncer\]", re.MULTILINE), Server.PGBOUNCER),
    (re.compile(rb"^[ \t]*\[(?:%s)(?:-\d+\.\d+)?\]" % _PRODUCTS, re.MULTILINE), Server.MYSQL),
    (
        re.compile(
            rb"^(?:local|host|hostssl|hostnossl)[ \t]+\S+[ \t]+\S+[ \t][^\n]*"
            rb"(?:scram-sha-256|md5|trust|peer|reject|cert|password)\b",
            re.MULTILINE,
        ),
        Server.HBA,
    ),
    (
        re.compile(
            rb"^[ \t]*(?:ssl_cert_file|listen_addresses|shared_buffers|wal_level|hba_file)[ \t]*=", re.MULTILINE
        ),
        Server.POSTGRESQL,
    ),
    (
        re.compile(rb"^[ \t]*(?:<VirtualHost\b|SSLEngine[ \t]|SSLProtocol[ \t])", re.MULTILINE | re.IGNORECASE),
        Server.APACHE,
    ),
    (re.compile(rb"^(?:frontend|backend)[ \t]+[\w.-]+[ \t]*$", re.MULTILINE), Server.HAPROXY),
    (
        re.compile(
            rb"^[ \t]*(?:(?:server|http|stream)[ \t\r\n]*\{|(?:upstream|location)[ \t][^\n;]{0,200}\{"
            rb"|(?:ssl_protocols|ssl_ciphers|ssl_certificate|add_header|proxy_pass|proxy_ssl_verify)[ \t][^\n]*;)",
            re.MULTILINE,
        ),
        Server.NGINX,
    ),
)


def server_of(name: str, data: bytes) -> Server | None:
    """The server that a file of this name with these bytes belongs to; None where nothing speaks for one."""
    for pattern, server in _NAMES:
        if pattern.fullmatch(name):
            return server
    return next((server for pattern, server in _CONTENTS if pattern.search(data)), None)


# Flask's own settings (flask/app.py, default_config) and Flask-SQLAlchemy's, as `from_pyfile` takes them: in Python.
_FLASK: Final = re.compile(
    rb"^(?:SQLALCHEMY_(?:DATABASE_URI|BINDS|ENGINE_OPTIONS)|SESSION_COOKIE_SECURE|SECRET_KEY)[ \t]*"
    rb"(?::[^=\n]*)?=[ \t]*\S|^DATABASES[ \t]*=[ \t]*\{",
    re.MULTILINE,
)


def is_python(data: bytes) -> bool:
    """Whether a settings file is written in Python, for an app that loads it with `app.config.from_pyfile`.

    An ini file is none: its values have no quotes, so that hardly any of them is an expression.
    """
    if _FLASK.search(data) is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(data).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not any(isinstance(part, ast.Expr) and isinstance(part.value, ast.Name | ast.List) for part in body)
