"""A private MariaDB: `my.cnf` includes `conf.d/`, as Debian's does, so that drop-ins change it.

Needs no client to come to life: `mariadbd --bootstrap` makes database and user. `reload` needs PyMySQL, since MariaDB
reads certificates anew only when it is told in SQL (`FLUSH SSL`).
"""

from __future__ import annotations

import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Final

from everyhop.errors import LabError, ToolError
from everyhop.lab.binary import Binary, version_of
from everyhop.lab.keeping import Program
from everyhop.lab.login import Login, new_login
from everyhop.lab.port import free_endpoint
from everyhop.lab.process import run
from everyhop.lab.server import Product, Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.secret import Secret

_MARIADBD: Final = Binary("mariadbd", "mariadb-server-core")
_INSTALL_DB: Final = Binary("mariadb-install-db", "mariadb-server-core")
_PRINT_DEFAULTS: Final = Binary("my_print_defaults", "mariadb-client-core")  # mariadb-install-db runs it
_ADMIN: Final = "root"
_SELF_MADE_TLS: Final = (11, 4)  # from here on MariaDB makes a certificate by itself where it is given none
_GREETING: Final = 10  # protocol version, the first byte after the header of the server's first packet


def start(
    lab: Lab,
    assurance: Assurance = Assurance.ENCRYPTED,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    names: tuple[str, ...] = ("localhost",),
    issued: Issued | None = None,
    database: str = "app",
    user: str = "app",
    password: Secret | None = None,
) -> Server:
    """Start one that refuses plaintext (ENCRYPTED), takes both (OPPORTUNISTIC) or has no TLS (PLAINTEXT).

    Its certificate is for `host` and `names`, or is the one in `issued`. Raises `ToolError`, `LabError`.
    """
    mariadbd, install_db, _ = _MARIADBD.find(), _INSTALL_DB.find(), _PRINT_DEFAULTS.find()
    version = version_of(mariadbd)
    endpoint = free_endpoint(host, port)
    directory = lab.room("mariadb")
    login = new_login(database=database, user=user, password=password, admin=_ADMIN, socket=directory / "mariadb.sock")
    _configure(lab, directory, endpoint, login, assurance, version)
    if assurance is not Assurance.PLAINTEXT:
        pair = lab.pair(directory, (host, *names), issued)
        settings = _tls_settings(pair.certificate, pair.key, lab.anchors, assurance)
        lab.write(directory / "conf.d" / "tls.cnf", settings)
    program = Program(
        argv=(str(mariadbd), f"--defaults-file={directory}/my.cnf"),
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        environment=lab.environment(),
    )
    _initialise(lab, install_db, program, login)
    query = "" if assurance is Assurance.PLAINTEXT else f"ssl_ca={lab.anchors}"
    # All settings are read and an unknown one ends it; what it prints besides its complaint is a manual.
    test = ("/bin/sh", "-c", 'exec "$0" "$@" --verbose --help >/dev/null', *program.argv)
    product = Product("mariadb", version, "mysql+pymysql", query, _is_ready, test, _reload)
    return lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors, login))


def _configure(
    lab: Lab, directory: Path, endpoint: TcpEndpoint, login: Login, assurance: Assurance, version: str
) -> None:
    lab.folder(directory / "conf.d")
    lab.folder(directory / "temporary")
    major, minor = (int(part) for part in f"{version}.0".split(".")[:2])
    bare = assurance is Assurance.PLAINTEXT and (major, minor) >= _SELF_MADE_TLS
    lab.write(
        directory / "my.cnf",
        f"""\
[mariadbd]
datadir = {directory}/data
tmpdir = {directory}/temporary
socket = {login.socket}
pid-file = {directory}/mariadb.pid
bind-address = {endpoint.host}
port = {endpoint.port}
skip-name-resolve
skip-log-bin
innodb-buffer-pool-size = 16M
innodb-log-file-size = 8M
innodb-flush-log-at-trx-commit = 0
{"ssl = 0" if bare else ""}
!includedir {directory}/conf.d/
""",
    )


def _tls_settings(certificate: Path, key: Path, anchors: Path, assurance: Assurance) -> str:
    insist = "ON" if assurance is Assurance.ENCRYPTED else "OFF"
    return f"""\
[mariadbd]
ssl_cert = {certificate}
ssl_key = {key}
ssl_ca = {anchors}
tls_version = TLSv1.2,TLSv1.3
require_secure_transport = {insist}
"""


def _initialise(lab: Lab, install_db: Path, server: Program, login: Login) -> None:
    directory, passwords = server.directory, (login.password, login.admin_password)
    log = directory / "initialise.log"
    argv: tuple[str, ...] = (
        str(install_db),
        f"--defaults-file={directory}/my.cnf",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    )
    run(lab.keeper, replace(server, argv=argv, log=log, stop=signal.SIGKILL), passwords)
    orders = lab.write(directory / "first.sql", _first_statements(login))
    # Not --init-file: where one of its statements fails, the server starts all the same.
    argv = (*server.argv, "--bootstrap")
    run(lab.keeper, replace(server, argv=argv, log=log, stop=signal.SIGKILL, input=orders), passwords)
    orders.unlink()


def _first_statements(login: Login) -> str:
    user, database = f"{_literal(login.user)}@'%'", _identifier(login.database)
    return "\n".join(
        (
            "FLUSH PRIVILEGES;",  # --bootstrap starts without the tables of users
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY {_literal(login.admin_password.reveal())};",
            # mariadb-install-db makes more roots, without a password, one for the name of this machine among them.
            "DELETE FROM mysql.global_priv WHERE Host <> 'localhost' OR User NOT IN ('root', 'mariadb.sys');",
            "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';",
            "FLUSH PRIVILEGES;",
            f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4;",
            f"CREATE USER {user} IDENTIFIED BY {_literal(login.password.reveal())};",
            f"GRANT ALL PRIVILEGES ON {database}.* TO {user};",
            "",
        )
    )


def _is_ready(server: Server, _pid: int) -> bool:
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


def _reload(server: Server) -> None:
    try:
        import pymysql  # noqa: PLC0415  # it comes with an extra, and only this needs it
    except ImportError as error:
        raise ToolError(
            "MariaDB reads its certificate anew only when told in SQL, and PyMySQL is not installed",
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
            cursor.execute("FLUSH SSL")
    except pymysql.MySQLError as error:
        raise LabError(f"MariaDB keeps its old certificate: {error}", hint=server.tail()) from error


def _identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
