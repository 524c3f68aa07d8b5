"""Real servers that are given chains and ask dialers for theirs, and what drivers say when they dial them."""

from __future__ import annotations

import http.client
import socket
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2
import pymysql
import pytest

from everyhop.deploy import profiles
from everyhop.deploy.apply import apply
from everyhop.deploy.certificate import Clients, Keeping
from everyhop.deploy.lineage import LineageTarget
from everyhop.deploy.look import look_at
from everyhop.deploy.mariadb import MariadbTarget
from everyhop.deploy.nginx import NginxTarget
from everyhop.deploy.plan import Target, remedy
from everyhop.deploy.postgresql import PostgresqlTarget
from everyhop.disk.account import owner
from everyhop.lab import mariadb, mysql, nginx, postgresql
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.lineage.authority import UNSEALED, Founding, KeptAuthority, found, load
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.version import Version
from everyhop.model.certificate import CertificateRequest, Issued, LeafProfile
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.secret import Secret
from everyhop.pki.authority import Authority
from everyhop.pki.constraints import Constraints
from tests.certificates import utc_now
from tests.installations import found as installations

HOST: Final = "db.internal"
FOUNDING: Final = Founding("Listeners", Constraints.parse([f"{HOST},127.0.0.0/8"]))
ROOT: Final = Secret("the root's, kept in a drawer")
AGE: Final = timedelta(days=200)
PRODUCTS: Final = ("postgresql", "mariadb", "mysql", "nginx")
USERS: Final = ("carol", "dave")
"""Each lets nobody in but whoever has a certificate: carol hers alone, dave (with PostgreSQL) his."""
ASKS: Final = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.OPTIONAL)


class Refused(Exception):  # noqa: N818 - an answer, which tests ask for
    """Either side did not take the other."""


@dataclass(frozen=True)
class Dialer:
    """Whom to dial by which name, believing what, and as whom; `user` None is the one with a password."""

    anchors: str
    host: str = HOST
    user: str | None = None
    certificate: Issued | None = None


@dataclass(frozen=True)
class Listener:
    """A server, and how it is dialled."""

    server: Server
    lab: Lab
    call: Callable[[Server, Dialer, Path], None]

    @property
    def product(self) -> str:
        return self.server.product

    @property
    def keeping(self) -> Keeping:
        """Where its files are."""
        return Keeping(self.product, str(self.server.directory), account(self.lab))

    def deploy(self, issued: Issued, clients: Clients) -> None:
        """As a lineage's version is: written with a journal, reloaded."""
        self.make(self.target(issued, clients))

    def target(self, issued: Issued, clients: Clients) -> LineageTarget:
        """What is planned for that."""
        version = Version(1, issued.chain_pem, clients.anchors, issued.key_pem, issued.chain)
        return LineageTarget(self.product, self.deployment, version, clients.crl)

    @property
    def deployment(self) -> Deployment:
        """Where a version's parts go."""
        keeping = self.keeping
        files = {
            Part.CHAIN: keeping.certificate,
            Part.KEY: keeping.key,
            Part.ANCHORS: keeping.client_anchors,
            Part.CRL: keeping.client_crl,
        }
        return Deployment(Consumer(self.product), files, keeping.owner)

    def make(self, target: Target) -> None:
        """What is planned for this target."""
        plan = remedy((target,), look_at((target,)), profiles.load("internal"))
        apply(plan, self.server.directory / "journal", {self.product: self.server})

    def dial(self, dialer: Dialer) -> None:
        """A statement or a request, over a connection that checks everything. Raises `Refused`."""
        with tempfile.TemporaryDirectory(prefix="dialer-") as folder:
            self.call(self.server, dialer, Path(folder))

    def refuses(self, dialer: Dialer) -> str:
        """Why it was not to be."""
        with pytest.raises(Refused) as told:
            self.dial(dialer)
        return str(told.value)


def account(lab: Lab) -> Any:
    return owner(lab.account.uid, lab.account.gid)


def kept_authority(home: Path) -> KeptAuthority:
    """One that has been there for a while."""
    found(str(home), FOUNDING, ROOT, UNSEALED, lambda: utc_now() - AGE)
    kept = load(str(home), utc_now)
    kept.renew_crl(None)  # the first lists were good for a month
    return kept


def earlier(home: Path, age: timedelta) -> KeptAuthority:
    """The authority of this home, by the clock of that time."""
    return load(str(home), lambda: utc_now() - age)


def server_leaf(authority: Authority) -> Issued:
    return authority.issue(CertificateRequest((HOST, "127.0.0.1")))


def client_leaf(authority: Authority, user: str) -> Issued:
    return authority.issue(CertificateRequest((), profile=LeafProfile.CLIENT, common_name=user))


def unconstrained(authority: Authority) -> Authority:
    """The same signer, without the scruple to sign what its own certificate forbids."""
    free = Authority.__new__(Authority)
    for slot in Authority.__slots__:
        setattr(free, slot, getattr(authority, slot))
    free._constraints = None
    return free


def alone(issued: Issued) -> Issued:
    """Served without its intermediate."""
    end = "-----END CERTIFICATE-----\n"
    return replace(issued, chain_pem=issued.chain_pem.split(end)[0] + end)


def start(product: str, lab: Lab, issued: Issued, clients: Clients) -> Listener:
    """A server of this product, which asks for client certificates."""
    return _STARTED_BY[product](lab, issued, clients)


def _postgresql(lab: Lab, issued: Issued, clients: Clients) -> Listener:
    server = postgresql.start(lab, issued=issued)
    hba = server.directory / "pg_hba.conf"
    by_certificate = f"hostssl all {','.join(USERS)} 127.0.0.0/8 cert\n"
    hba.write_text(by_certificate + hba.read_text())
    listener = Listener(server, lab, _dial_postgresql)
    config = str(server.directory / "postgresql.conf")
    listener.make(PostgresqlTarget("postgresql", config, str(hba), account(lab), issued, ASKS, clients=clients))
    assert server.login is not None
    with psycopg2.connect(
        host=str(server.directory),
        port=server.endpoint.port,
        user=server.login.admin,
        password=server.login.admin_password.reveal(),
        dbname="postgres",
    ) as connection:
        for user in USERS:
            connection.cursor().execute(f"CREATE ROLE {user} LOGIN")
    connection.close()
    return listener


def _mariadb(lab: Lab, issued: Issued, clients: Clients) -> Listener:
    server = mariadb.start(lab, issued=issued)
    listener = Listener(server, lab, _dial_mysql)
    directory = str(server.directory)
    target = MariadbTarget("mariadb", directory, f"{directory}/conf.d", account(lab), issued, ASKS, clients)
    listener.make(target)
    _users_of_mysql(server)
    return listener


def _mysql(lab: Lab, issued: Issued, clients: Clients) -> Listener:
    newest = installations("mysql")
    if not newest:
        pytest.skip("MySQL is not on the machine, and could not be fetched (make servers)")
    server = mysql.start(lab, installation=newest[-1])
    listener = Listener(server, lab, _dial_mysql)
    keeping = listener.keeping
    listener.make(listener.target(issued, clients))  # used from the next start on
    lab.write(
        server.directory / "conf.d" / "zz.cnf",
        f"[mysqld]\nssl_cert={keeping.certificate}\nssl_key={keeping.key}\n"
        f"ssl_ca={keeping.client_anchors}\nssl_crl={keeping.client_crl}\n",
    )
    server.restart()
    _users_of_mysql(server)
    return listener


def _users_of_mysql(server: Server) -> None:
    assert server.login is not None
    connection = pymysql.connect(
        unix_socket=str(server.login.socket),
        user=server.login.admin,
        password=server.login.admin_password.reveal(),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER carol@'%' REQUIRE SUBJECT '/CN=carol'")
        cursor.execute("CREATE USER dave@'%' REQUIRE X509")


def _nginx(lab: Lab, issued: Issued, clients: Clients) -> Listener:
    server = nginx.start(lab, names=(HOST,), issued=issued)
    listener = Listener(server, lab, _dial_nginx)
    listener.make(nginx_target(listener, issued, clients, ASKS))
    return listener


def nginx_target(listener: Listener, issued: Issued, clients: Clients | None, posture: Posture) -> NginxTarget:
    server = listener.server
    directory, port = str(server.directory), server.endpoint.port
    return NginxTarget(
        "nginx",
        f"{directory}/conf.d/site.conf",
        directory,
        HOST,
        f"127.0.0.1:{port}",
        port,
        account(listener.lab),
        issued,
        posture,
        clients,
    )


_STARTED_BY: Final = {"postgresql": _postgresql, "mariadb": _mariadb, "mysql": _mysql, "nginx": _nginx}


def _files(dialer: Dialer, folder: Path) -> tuple[Path, Path | None, Path | None]:
    anchors = folder / "anchors.pem"
    anchors.write_text(dialer.anchors)
    if dialer.certificate is None:
        return anchors, None, None
    chain, key = folder / "client.pem", folder / "client.key"
    key.touch(mode=0o600)
    chain.write_text(dialer.certificate.chain_pem)
    key.write_text(dialer.certificate.key_pem.reveal())
    return anchors, chain, key


def _dial_postgresql(server: Server, dialer: Dialer, folder: Path) -> None:
    """By libpq: `verify-full`, and bound to the channel where there is a password."""
    assert server.login is not None
    anchors, chain, key = _files(dialer, folder)
    login: dict[str, Any] = {"user": dialer.user}
    if dialer.user is None:
        password = server.login.password.reveal()
        login = {"user": server.login.user, "password": password, "channel_binding": "require"}
    try:
        connection = psycopg2.connect(
            host=dialer.host,
            hostaddr="127.0.0.1",
            port=server.endpoint.port,
            dbname=server.login.database,
            sslmode="verify-full",
            sslrootcert=str(anchors),
            sslcert=str(chain or folder / "none"),
            sslkey=str(key or folder / "none"),
            connect_timeout=5,
            **login,
        )
    except psycopg2.OperationalError as error:
        raise Refused(str(error)) from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def context_of(dialer: Dialer, folder: Path) -> ssl.SSLContext:
    """Python's, as strict as it can be."""
    anchors, chain, key = _files(dialer, folder)
    context = ssl.create_default_context(cafile=str(anchors))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.hostname_checks_common_name = False
    if chain is not None:
        context.load_cert_chain(chain, key)
    return context


def _dial_mysql(server: Server, dialer: Dialer, folder: Path) -> None:
    """By PyMySQL, with a context of Python's."""
    assert server.login is not None
    login: dict[str, Any] = {"user": dialer.user}
    if dialer.user is None:
        password = server.login.password.reveal()
        login = {"user": server.login.user, "password": password, "database": server.login.database}
    connection = pymysql.connect(
        host=dialer.host,
        port=server.endpoint.port,
        ssl=context_of(dialer, folder),
        defer_connect=True,
        connect_timeout=5,
        **login,
    )
    attempt = socket.create_connection(("127.0.0.1", server.endpoint.port), timeout=5)
    try:
        connection.connect(attempt)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (pymysql.MySQLError, OSError) as error:
        raise Refused(str(error)) from error
    finally:
        attempt.close()
        if connection.open:
            connection.close()


def _dial_nginx(server: Server, dialer: Dialer, folder: Path) -> None:
    context = context_of(dialer, folder)
    try:
        with (
            socket.create_connection(("127.0.0.1", server.endpoint.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=dialer.host) as encrypted,
        ):
            encrypted.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(encrypted)
            answer.begin()
            words = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Refused(str(error)) from error
    if answer.status != http.client.OK:
        raise Refused(f"{answer.status} {words}")
