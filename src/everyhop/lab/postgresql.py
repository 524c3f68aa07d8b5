"""A private PostgreSQL, its configuration as Debian lays it out: `postgresql.conf`, `conf.d/`, `pg_hba.conf` together.

Needs no client: roles and databases are made by the single-user server (`postgres --single`).
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from everyhop.errors import LabError
from everyhop.lab.binary import Binary
from everyhop.lab.installation import Installation, first_of, installations_of
from everyhop.lab.keeping import Program
from everyhop.lab.login import Login, new_login
from everyhop.lab.port import free_endpoint
from everyhop.lab.process import run
from everyhop.lab.server import Product, Server, wait_until
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.secret import Secret

_POSTGRES: Final = Binary("postgres", "postgresql")
_INITDB: Final = Binary("initdb", "postgresql")
_ADMIN: Final = "postgres"
_SSL_REQUEST: Final = bytes.fromhex("0000000804d2162f")  # harmless on a unix socket
_TAKEN_UP: Final = "received SIGHUP"
_KEPT: Final = ("not reloaded", "contains errors", "cannot be changed without restarting")


def installations(places: Iterable[Path] | None = None) -> Iterator[Installation]:
    """Each PostgreSQL in these directories, or on this machine (None): PATH first, then Debian's from the newest on."""
    return installations_of("postgresql", _POSTGRES, places)


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
    installation = installation or first_of(installations(), _POSTGRES.missing())
    postgres, initdb = installation.find(_POSTGRES), installation.find(_INITDB)
    endpoint = free_endpoint(host, port)
    directory = lab.room("postgresql")
    socket = directory / f".s.PGSQL.{endpoint.port}"
    login = new_login(database=database, user=user, password=password, admin=_ADMIN, socket=socket)
    _initialise(lab, initdb, postgres, directory, login)
    _configure(lab, directory, endpoint, assurance)
    if assurance is not Assurance.PLAINTEXT:
        pair = lab.pair(directory, (host, *names), issued)
        lab.write(directory / "conf.d" / "tls.conf", _tls_settings(pair.certificate, pair.key))
    argv = (str(postgres), "-D", str(directory / "data"), "-c", f"config_file={directory}/postgresql.conf")
    program = Program(
        argv=argv,
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        stop=signal.SIGINT,  # fast shutdown: sessions are ended, not waited for
        environment=lab.environment(),
    )
    product = Product(
        "postgresql",
        installation.version,
        "postgresql+psycopg2",
        "" if assurance is Assurance.PLAINTEXT else f"sslmode=verify-full&sslrootcert={lab.anchors}",
        _is_ready,
        (*argv, "-C", "port"),  # reads the settings, tells one of them and ends
        _reload,
    )
    return lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors, login))


def _initialise(lab: Lab, initdb: Path, postgres: Path, directory: Path, login: Login) -> None:
    passwords = (login.password, login.admin_password)
    password_file = lab.write(directory / "admin-password", login.admin_password.reveal() + "\n")
    data = str(directory / "data")
    settings = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    _run(
        lab,
        directory,
        (str(initdb), "-D", data, "-U", _ADMIN, f"--pwfile={password_file}", *settings),
        passwords,
    )
    password_file.unlink()
    orders = lab.write(directory / "first.sql", _first_statements(login))
    _run(
        lab,
        directory,
        (str(postgres), "--single", "-F", "-c", "exit_on_error=on", "-D", data, "postgres"),
        passwords,
        orders,
    )
    orders.unlink()


def _run(
    lab: Lab, directory: Path, argv: tuple[str, ...], secrets: tuple[Secret, ...], given: Path | None = None
) -> None:
    log = directory / "initialise.log"
    environment = lab.environment()
    run(lab.keeper, Program(argv, log, directory, lab.account, signal.SIGKILL, environment, given), secrets)


def _first_statements(login: Login) -> str:
    """One statement on each line, as the single-user server wants them."""
    user, database = _identifier(login.user), _identifier(login.database)
    role = f"CREATE ROLE {user} LOGIN PASSWORD {_literal(login.password.reveal())}\n"
    # The database `postgres` is always there.
    own = "" if login.database == "postgres" else f"CREATE DATABASE {database} OWNER {user}\n"
    return role + own


def _configure(lab: Lab, directory: Path, endpoint: TcpEndpoint, assurance: Assurance) -> None:
    lab.folder(directory / "conf.d")
    lab.write(
        directory / "postgresql.conf",
        f"""\
data_directory = '{directory}/data'
hba_file = '{directory}/pg_hba.conf'
ident_file = '{directory}/pg_ident.conf'
listen_addresses = '{endpoint.host}'
port = {endpoint.port}
unix_socket_directories = '{directory}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
shared_buffers = 16MB
max_connections = 50
dynamic_shared_memory_type = mmap   # in the data directory, so that nothing stays in /dev/shm
fsync = off                         # what is in here does not outlive the lab
include_dir = 'conf.d'
""",
    )
    lab.write(directory / "pg_ident.conf", "")
    lab.write(directory / "pg_hba.conf", _access(assurance))


def _access(assurance: Assurance) -> str:
    kind = "hostssl" if assurance is Assurance.ENCRYPTED else "host"
    lines = ["local all all scram-sha-256"]
    lines += [f"{kind} all all {network} scram-sha-256" for network in ("0.0.0.0/0", "::/0")]
    if assurance is Assurance.ENCRYPTED:
        lines += [f"hostnossl all all {network} reject" for network in ("0.0.0.0/0", "::/0")]
    return "\n".join(lines) + "\n"


def _tls_settings(certificate: Path, key: Path) -> str:
    return f"""\
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
ssl_min_protocol_version = 'TLSv1.2'
"""


def _is_ready(server: Server, pid: int) -> bool:
    """What pg_ctl looks at: line 1 is the process, line 8 its status (src/include/utils/pidfile.h)."""
    try:
        lines = (server.directory / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _reload(server: Server) -> None:
    """Send SIGHUP and wait for what it does; PostgreSQL tells only its log when it keeps the old settings."""
    before = server.log_size()
    server.send(signal.SIGHUP)
    wait_until(lambda: _TAKEN_UP in server.log_since(before), "PostgreSQL takes up its settings", server)
    _is_answered(server)  # the main process reads all settings before it takes the next connection
    said = server.log_since(before)
    if any(words in said for words in _KEPT):
        raise LabError("PostgreSQL keeps settings or a certificate that it had", hint=server.tail())


def _is_answered(server: Server) -> None:
    if server.login is None:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(server.login.socket))
            connection.sendall(_SSL_REQUEST)
            connection.recv(1)
        except OSError as error:
            raise LabError(f"PostgreSQL does not answer: {error}", hint=server.tail()) from error


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
