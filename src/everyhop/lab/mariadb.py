"""A private MariaDB: `my.cnf` includes `conf.d/`, as Debian's does, so that drop-ins change it.

Needs no client to come to life: `mariadbd --bootstrap` makes database and user. `reload` needs PyMySQL, since MariaDB
reads certificates anew only when it is told in SQL (`FLUSH SSL`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

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

_MARIADBD: Final = Binary("mariadbd", "mariadb-server-core")
_INSTALL_DB: Final = Binary("mariadb-install-db", "mariadb-server-core")
_PRINT_DEFAULTS: Final = Binary("my_print_defaults", "mariadb-client-core")  # mariadb-install-db runs it
_SELF_MADE_TLS: Final = (11, 4)  # from here on MariaDB makes a certificate by itself where it is given none


def installations(places: Iterable[Path] | None = None) -> Iterator[Installation]:
    """Each MariaDB in these directories, or in the usual ones of this machine (None)."""
    return installations_of("mariadb", _MARIADBD, places)


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
    first. Raises `ToolError`, `LabError`.
    """
    installation = installation or first_of(installations(), _MARIADBD.missing())
    mariadbd, install_db, _ = (installation.find(one) for one in (_MARIADBD, _INSTALL_DB, _PRINT_DEFAULTS))
    endpoint = free_endpoint(host, port)
    directory = lab.room("mariadb")
    login = new_login(
        database=database, user=user, password=password, admin=mysql_family.ADMIN, socket=directory / "mariadb.sock"
    )
    without_tls = assurance is Assurance.PLAINTEXT and installation.release >= _SELF_MADE_TLS
    home = mariadbd.parent.parent  # it does not look there by itself, but in /usr or where it was built for
    _configure(lab, directory, endpoint, login, home, "ssl = 0" if without_tls else "")
    if assurance is not Assurance.PLAINTEXT:
        pair = lab.pair(directory, (host, *names), issued)
        tls = mysql_family.tls_settings(pair, lab.anchors, assurance)
        lab.write(directory / "conf.d" / "tls.cnf", f"[mariadbd]\n{tls}")
    program = Program(
        argv=(str(mariadbd), f"--defaults-file={directory}/my.cnf"),
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        environment=lab.environment(),
    )
    _initialise(lab, install_db, home, program, login)
    product = Product(
        "mariadb",
        installation.version,
        "mysql+pymysql",
        "" if assurance is Assurance.PLAINTEXT else f"ssl_ca={lab.anchors}",
        mysql_family.is_ready,
        # All settings are read and an unknown one ends it; what it prints besides its complaint is a manual.
        ("/bin/sh", "-c", 'exec "$0" "$@" --verbose --help >/dev/null', *program.argv),
        mysql_family.reload_by("FLUSH SSL"),
    )
    return lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors, login))


def _configure(lab: Lab, directory: Path, endpoint: TcpEndpoint, login: Login, home: Path, extra: str) -> None:
    lab.folder(directory / "conf.d")
    lab.folder(directory / "temporary")
    lab.write(
        directory / "my.cnf",
        f"""\
[mariadbd]
basedir = {home}
{mysql_family.settings(directory, endpoint, login)}\
pid-file = {directory}/mariadb.pid
innodb-log-file-size = 8M
{extra}
!includedir {directory}/conf.d/
""",
    )


def _initialise(lab: Lab, install_db: Path, home: Path, server: Program, login: Login) -> None:
    directory, passwords = server.directory, (login.password, login.admin_password)
    log = directory / "initialise.log"
    argv: tuple[str, ...] = (
        str(install_db),
        f"--defaults-file={directory}/my.cnf",
        f"--basedir={home}",
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
    return "\n".join(
        (
            "FLUSH PRIVILEGES;",  # --bootstrap starts without the tables of users
            # mariadb-install-db makes more roots, without a password, one for the name of this machine among them.
            "DELETE FROM mysql.global_priv WHERE Host <> 'localhost' OR User NOT IN ('root', 'mariadb.sys');",
            "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';",
            "FLUSH PRIVILEGES;",
            *mysql_family.statements_for(login),
            "",
        )
    )
