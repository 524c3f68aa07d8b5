"""What MariaDB and MySQL share in a lab: settings, first statements, the greeting and orders given in SQL."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from everyhop.errors import LabError, ToolError
from everyhop.lab.login import Login
from everyhop.lab.server import Server
from everyhop.lab.session import Pair
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance

ADMIN: Final = "root"
_GREETING: Final = 10  # protocol version, the first byte after the header of the server's first packet


def settings(directory: Path, endpoint: TcpEndpoint, login: Login) -> str:
    """The lines of an option file that say where the server is, and that it need not be large."""
    return f"""\
datadir = {directory}/data
tmpdir = {directory}/temporary
socket = {login.socket}
bind-address = {endpoint.host}
port = {endpoint.port}
skip-name-resolve
skip-log-bin
innodb-buffer-pool-size = 16M
innodb-flush-log-at-trx-commit = 0
"""


def tls_settings(pair: Pair, anchors: Path, assurance: Assurance) -> str:
    """The lines that turn TLS on, and plaintext off for ENCRYPTED."""
    insist = "ON" if assurance is Assurance.ENCRYPTED else "OFF"
    return f"""\
ssl_cert = {pair.certificate}
ssl_key = {pair.key}
ssl_ca = {anchors}
tls_version = TLSv1.2,TLSv1.3
require_secure_transport = {insist}
"""


def statements_for(login: Login) -> tuple[str, ...]:
    """What gives the administrator a password, and makes the database with its user; one statement each."""
    user, database = f"{literal(login.user)}@'%'", _identifier(login.database)
    return (
        f"ALTER USER '{ADMIN}'@'localhost' IDENTIFIED BY {literal(login.admin_password.reveal())};",
        f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4;",
        f"CREATE USER {user} IDENTIFIED BY {literal(login.password.reveal())};",
        f"GRANT ALL PRIVILEGES ON {database}.* TO {user};",
    )


def is_ready(server: Server, _pid: int) -> bool:
    """Whether a greeting comes over its unix socket, which nobody else has."""
    if server.login is None:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(5)
            attempt.connect(str(server.login.socket))
            greeting = attempt.recv(5)
    except OSError:
        return False
    return len(greeting) == 5 and greeting[4] == _GREETING


def reload_by(statement: str) -> Callable[[Server], None]:
    """What makes a server read its certificate anew with this statement, which needs PyMySQL."""

    def reload(server: Server) -> None:
        try:
            import pymysql  # noqa: PLC0415  # it comes with an extra, and only this needs it
        except ImportError as error:
            raise ToolError(
                f"{server.product} reads its certificate anew only when told in SQL, and PyMySQL is not installed",
                hint='pip install "everyhop[mysql]", or restart the server',
            ) from error
        if server.login is None:
            raise LabError("there is no login to this server")
        try:
            connection = pymysql.connect(
                unix_socket=str(server.login.socket),
                user=server.login.admin,
                password=server.login.admin_password.reveal(),
                connect_timeout=5,
            )
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
        except pymysql.MySQLError as error:
            raise LabError(f"{server.product} keeps its old certificate: {error}", hint=server.tail()) from error

    return reload


def literal(text: str) -> str:
    """A string in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
