"""A private MySQL: like MariaDB's (`mariadb`), with what is its own: initialisation, settings and reloading.

Needs no client to come to life: the server itself, without network, makes database and user (`--init-file`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from everyhop.errors import ToolError
from everyhop.lab import mysql_family
from everyhop.lab.binary import Binary
from everyhop.lab.installation import Installation, first_of, installations_of
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

_MYSQLD: Final = Binary("mysqld", "mysql-server-core-8.0")
_LONGEST_USER: Final = 32  # characters, the reference manual's "Grant Tables"


def installations(places: Iterable[Path] | None = None) -> Iterator[Installation]:
    """Each MySQL in these directories, or in the usual ones of this machine (None)."""
    # Debian's MariaDB answers to the name as well.
    return installations_of("mysql", _MYSQLD, places, lambda words: "MariaDB" not in words)


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
    installation: Installation | None = None,
) -> Server:
    """Start one that refuses plaintext (ENCRYPTED), takes both (OPPORTUNISTIC) or has no TLS (PLAINTEXT).

    Its certificate is for `host` and `names`, or is the one in `issued`. Without an `installation` it is the machine's
    first. Users log in with `caching_sha2_password`. Raises `ToolError`, `LabError`.
    """
    installation = installation or first_of(installations(), _missing())
    endpoint = free_endpoint(host, port)
    directory = lab.room("mysql")
    login = new_login(
        database=database,
        user=user,
        password=password,
        admin=mysql_family.ADMIN,
        socket=directory / "mysql.sock",
        longest_user=_LONGEST_USER,
    )
    _configure(lab, directory, endpoint, login)
    program = Program(
        argv=(str(installation.find(_MYSQLD)), f"--defaults-file={directory}/my.cnf"),
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        environment=lab.environment(),
    )
    _initialise(lab, program, login, lab.directory / f"mysql-{installation.version}-template")
    if assurance is Assurance.PLAINTEXT:
        tls = "tls_version =\n"
    else:
        tls = mysql_family.tls_settings(lab.pair(directory, (host, *names), issued), lab.anchors, assurance)
    lab.write(directory / "conf.d" / "tls.cnf", f"[mysqld]\n{tls}")
    product = Product(
        "mysql",
        installation.version,
        "mysql+pymysql",
        "" if assurance is Assurance.PLAINTEXT else f"ssl_ca={lab.anchors}",
        mysql_family.is_ready,
        (*program.argv, "--validate-config"),
        mysql_family.reload_by("ALTER INSTANCE RELOAD TLS"),
    )
    return lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors, login))


def _missing() -> ToolError:
    return ToolError(
        "no MySQL server is installed (looked for a mysqld that is not MariaDB's, on PATH and in /usr/sbin)",
        hint=f"Ubuntu: apt install {_MYSQLD.package}; Debian has MariaDB instead (everyhop lab up mariadb)",
    )


def _configure(lab: Lab, directory: Path, endpoint: TcpEndpoint, login: Login) -> None:
    lab.folder(directory / "conf.d")
    lab.folder(directory / "temporary")
    lab.write(
        directory / "my.cnf",
        f"""\
[mysqld]
{mysql_family.settings(directory, endpoint, login)}\
pid-file = {directory}/mysql.pid
mysqlx = OFF
secure-file-priv = NULL
auto-generate-certs = OFF
innodb-redo-log-capacity = 8M
innodb-doublewrite = OFF
!includedir {directory}/conf.d/
""",
    )


def _initialise(lab: Lab, server: Program, login: Login, template: Path) -> None:
    """Fill the data directory: a fresh one takes seconds, so the lab's first is kept for others to be copied from."""
    directory, passwords = server.directory, (login.password, login.admin_password)
    once = replace(server, log=directory / "initialise.log", stop=signal.SIGKILL)
    data = directory / "data"
    if not template.exists():
        run(lab.keeper, replace(once, argv=(*server.argv, "--initialize-insecure")), passwords)
        (data / "auto.cnf").unlink(missing_ok=True)  # the server's own identity, made anew where it is missing
        run(lab.keeper, replace(once, argv=("cp", "-r", str(data), str(template))), passwords)
    else:
        run(lab.keeper, replace(once, argv=("cp", "-r", str(template), str(data))), passwords)
    orders = lab.write(directory / "first.sql", _first_statements(login))
    # Where one of the statements fails, the server stays up without the last of them, and `run` gives up on it.
    run(lab.keeper, replace(once, argv=(*server.argv, "--skip-networking", f"--init-file={orders}")), passwords)
    orders.unlink()


def _first_statements(login: Login) -> str:
    """As hexadecimal numbers: what reads such a file (9.7) takes a quote in a name for the start of a string."""
    lines = []
    for statement in mysql_family.statements_for(login):
        digits = statement.encode().hex()
        lines += [
            f"SET @statement = CONVERT(0x{digits} USING utf8mb4);",
            "PREPARE prepared FROM @statement;",
            "EXECUTE prepared;",
        ]
    return "\n".join((*lines, "SHUTDOWN;", ""))
