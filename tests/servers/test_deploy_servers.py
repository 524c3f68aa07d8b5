"""Real servers taken from plaintext to TLS and back again, seen through the drivers."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
import pytest

from everyhop.deploy import profiles, steering
from everyhop.deploy.apply import apply
from everyhop.deploy.change import Restart
from everyhop.deploy.control import Control
from everyhop.deploy.look import look_at
from everyhop.deploy.mariadb import MariadbTarget
from everyhop.deploy.nginx import NginxTarget
from everyhop.deploy.plan import Plan, Target, remedy
from everyhop.deploy.postgresql import PostgresqlTarget
from everyhop.deploy.rollback import rollback
from everyhop.deploy.steering import Steering
from everyhop.dialects.postgresql import Verifiers, hba
from everyhop.errors import DeployError
from everyhop.lab import mariadb as lab_mariadb
from everyhop.lab import nginx as lab_nginx
from everyhop.lab import postgresql as lab_postgresql
from everyhop.lab.binary import Binary
from everyhop.lab.port import free_endpoint
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.posture import Assurance, Floor, Posture
from tests.certificates import good, new_authority

ENCRYPTED = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
PATIENCE = 10.0  # seconds; a reload is seen within 0.2


@pytest.fixture(scope="module")
def own_lab() -> Iterator[Lab]:
    """Servers that this module changes: nobody else's."""
    with Lab.open("deploy tests") as opened:
        yield opened


def eventually(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def account(lab: Lab) -> Owner:
    return Owner(str(lab.account.uid), str(lab.account.gid))


def issue(lab: Lab) -> Issued:
    return good(lab.authority, "127.0.0.1", "localhost")


def planned(target: Target) -> Plan:
    return remedy([target], look_at([target]), profiles.load("internal"))


# PostgreSQL


def postgresql_target(lab: Lab, server: Server, issued: Issued | None = None) -> PostgresqlTarget:
    config, hba = server.directory / "postgresql.conf", server.directory / "pg_hba.conf"
    certificate = issued or issue(lab)
    return PostgresqlTarget(
        "db", str(config), str(hba), account(lab), certificate, ENCRYPTED, verifiers=Verifiers.SCRAM
    )


def postgresql_control(lab: Lab, server: Server, settled: Callable[[], bool] = lambda: True) -> Control:
    program = str(Binary("postgres", "postgresql").find())
    command = steering.postgresql_test(program, str(server.directory / "postgresql.conf"))

    def reload() -> None:
        server.send(signal.SIGHUP)
        eventually(settled)

    return Steering(command, account(lab), reload, server.restart)


def by_psycopg2(server: Server, **options: Any) -> bool:
    """Whether the connection that these options make is encrypted, as the client's own object tells."""
    assert server.login is not None
    connection = psycopg2.connect(
        host=server.endpoint.host,
        port=server.endpoint.port,
        dbname=server.login.database,
        user=server.login.user,
        password=server.login.password.reveal(),
        connect_timeout=5,
        **options,
    )
    try:
        return bool(connection.info.ssl_in_use)
    finally:
        connection.close()


def as_administrator(server: Server) -> Any:
    """A connection over the unix socket, which no plan of ours closes."""
    assert server.login is not None
    return psycopg2.connect(
        host=str(server.directory),
        port=server.endpoint.port,
        user=server.login.admin,
        dbname="postgres",
        password=server.login.admin_password.reveal(),
    )


def takes_plaintext(server: Server) -> bool:
    try:
        return not by_psycopg2(server, sslmode="disable")
    except psycopg2.OperationalError as error:
        if "no encryption" in str(error):
            return False
        raise


def test_postgresql_gets_tls_by_reload_alone_and_loses_it_by_rollback(own_lab: Lab, tmp_path: Path) -> None:
    """No restart: the process stays, an open session goes on, and the way back restores every byte."""
    server = lab_postgresql.start(own_lab, Assurance.PLAINTEXT)
    files = {path: path.read_bytes() for path in server.directory.rglob("*.conf") if "data" not in path.parts}
    assert takes_plaintext(server)
    assert server.login is not None
    session = psycopg2.connect(server.url.reveal().replace("+psycopg2", ""), sslmode="disable", connect_timeout=5)
    process = server.pid
    target = postgresql_target(own_lab, server)
    controls = {"db": postgresql_control(own_lab, server, lambda: not takes_plaintext(server))}

    apply(planned(target), tmp_path / "journal", controls)

    assert by_psycopg2(server, sslmode="verify-full", sslrootcert=str(own_lab.anchors))
    assert not takes_plaintext(server)
    assert server.pid == process
    with session.cursor() as cursor:
        cursor.execute("SELECT 1")
    session.close()
    back = {"db": postgresql_control(own_lab, server, lambda: takes_plaintext(server))}
    rollback(tmp_path / "journal", back)
    with pytest.raises(psycopg2.OperationalError, match="does not support SSL"):
        by_psycopg2(server, sslmode="require")
    now = {path: path.read_bytes() for path in server.directory.rglob("*.conf") if "data" not in path.parts}
    assert now == files
    assert not (server.directory / "everyhop").exists()


def test_what_postgresql_says_of_its_files_agrees_with_what_was_written(own_lab: Lab, tmp_path: Path) -> None:
    """The server's own views show no error, the profile's suites, and refusals before everything over the network."""
    server = lab_postgresql.start(own_lab, Assurance.PLAINTEXT)
    controls = {"db": postgresql_control(own_lab, server, lambda: not takes_plaintext(server))}
    apply(planned(postgresql_target(own_lab, server)), tmp_path / "journal", controls)
    connection = as_administrator(server)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT type, address, auth_method, error FROM pg_hba_file_rules ORDER BY line_number")
        rules = cursor.fetchall()
        cursor.execute("SHOW ssl_ciphers")
        assert cursor.fetchone() == (":".join(profiles.load("internal").suites),)
    connection.close()
    assert [rule[3] for rule in rules] == [None] * len(rules)
    assert [rule[:3] for rule in rules] == [
        ("local", None, "scram-sha-256"),
        ("hostnossl", "0.0.0.0", "reject"),  # noqa: S104
        ("hostnossl", "::", "reject"),
        ("hostssl", "0.0.0.0", "scram-sha-256"),  # noqa: S104
        ("hostssl", "::", "scram-sha-256"),
    ]


def test_a_postgresql_that_does_not_take_it_up_is_put_back(own_lab: Lab, tmp_path: Path) -> None:
    """A key of another certificate: PostgreSQL keeps quiet about it, so that looking again has to tell."""
    server = lab_postgresql.start(own_lab, Assurance.PLAINTEXT)
    one, other = issue(own_lab), issue(own_lab)
    mixed = Issued(one.chain_pem, one.anchors_pem, other.key_pem, one.chain)
    before = (server.directory / "pg_hba.conf").read_bytes()

    seen: list[bool] = []

    def served() -> bool:
        if seen:
            return True  # on the way back there is nothing to be served
        seen.append(True)
        with suppress(psycopg2.OperationalError):
            return by_psycopg2(server, sslmode="require")
        raise DeployError("the new certificate is not served")

    controls = {"db": postgresql_control(own_lab, server, served)}
    with pytest.raises(DeployError, match="not served; everything was put back"):
        apply(planned(postgresql_target(own_lab, server, mixed)), tmp_path / "journal", controls)
    assert (server.directory / "pg_hba.conf").read_bytes() == before
    eventually(lambda: takes_plaintext(server))


TRICKY = """\
# host all all all trust
local all all scram-sha-256
host all all 10.0.0.0/8 md5#x
host "a b",c all, "d" 10.1.0.0 255.255.0.0 password # remark
hostssl all \\
  all ::1/128 scram-sha-256 clientcert=verify-ca
hostnossl replication all samenet reject
\thostnogssenc sameuser +staff .internal trust
"""


def test_pg_hba_is_read_word_for_word_as_the_server_reads_it(own_lab: Lab) -> None:
    """`pg_hba_file_rules` is the server's own parser, run on the file as it lies there; also after the rewriting."""
    server = lab_postgresql.start(own_lab, Assurance.PLAINTEXT)
    connection = as_administrator(server)
    for text in (TRICKY, hba.refusing_plaintext(hba.with_scram(TRICKY))):
        (server.directory / "pg_hba.conf").write_text(text)
        with connection.cursor() as cursor:
            cursor.execute("SELECT type, database, user_name, auth_method FROM pg_hba_file_rules ORDER BY line_number")
            theirs = cursor.fetchall()
        ours = [
            (r.kind, list(r.fields[1].values), list(r.fields[2].values), r.method.values[0]) for r in hba.records(text)
        ]
        assert ours == theirs
    connection.close()


# MariaDB


def mariadb_target(lab: Lab, server: Server) -> MariadbTarget:
    directory = str(server.directory)
    return MariadbTarget("db", directory, f"{directory}/conf.d", account(lab), issue(lab), ENCRYPTED)


def mariadb_control(lab: Lab, server: Server) -> Control:
    program = str(Binary("mariadbd", "mariadb-server-core").find())
    command = steering.mariadb_test(program, str(server.directory / "my.cnf"))
    return Steering(command, account(lab), server.reload, server.restart)


def by_pymysql(server: Server, **options: Any) -> str | None:
    """The TLS version of the connection that these options make, None for plaintext; the client's own object tells."""
    assert server.login is not None
    connection = pymysql.connect(
        host=server.endpoint.host,
        port=server.endpoint.port,
        database=server.login.database,
        user=server.login.user,
        password=server.login.password.reveal(),
        connect_timeout=5,
        **options,
    )
    try:
        socket = vars(connection)["_sock"]
        return socket.version() if isinstance(socket, ssl.SSLSocket) else None
    finally:
        connection.close()


def test_mariadb_gets_tls_by_restart_and_loses_it_by_rollback(own_lab: Lab, tmp_path: Path) -> None:
    """The plan says beforehand that sessions end; afterwards plaintext is refused, and after the rollback it is not."""
    server = lab_mariadb.start(own_lab, Assurance.PLAINTEXT)
    assert by_pymysql(server, ssl_disabled=True) is None
    plan = planned(mariadb_target(own_lab, server))
    assert isinstance(plan.changes[-1], Restart)
    assert "open sessions end" in plan.text()
    controls = {"db": mariadb_control(own_lab, server)}

    apply(plan, tmp_path / "journal", controls)

    assert by_pymysql(server, ssl={"ca": str(own_lab.anchors)}) == "TLSv1.3"
    with pytest.raises(pymysql.OperationalError):
        by_pymysql(server, ssl_disabled=True)
    assert apply(plan, tmp_path / "journal", controls).done == ()
    rollback(tmp_path / "journal", controls)
    assert by_pymysql(server, ssl_disabled=True) is None
    assert sorted(path.name for path in (server.directory / "conf.d").iterdir()) == []


def test_mariadb_refuses_an_unknown_setting_before_it_is_stopped(own_lab: Lab, tmp_path: Path) -> None:
    """Its own test of the configuration stands before the restart: the running server never notices."""
    server = lab_mariadb.start(own_lab, Assurance.PLAINTEXT)
    process = server.pid
    own_lab.write(server.directory / "conf.d" / "a.cnf", "[mariadbd]\n")
    plan = planned(mariadb_target(own_lab, server))
    (server.directory / "conf.d" / "a.cnf").write_text("[mariadbd]\nno_such_setting = 1\n")
    with pytest.raises(DeployError, match=r"no_such_setting.*everything was put back"):
        apply(plan, tmp_path / "journal", {"db": mariadb_control(own_lab, server)})
    assert server.pid == process
    assert by_pymysql(server, ssl_disabled=True) is None
    (server.directory / "conf.d" / "a.cnf").unlink()


def test_a_mariadb_that_does_not_come_back_is_started_with_what_was_there_before(own_lab: Lab, tmp_path: Path) -> None:
    """Its own test looks at no certificate, so a pair that does not match is only seen when it does not start."""
    server = lab_mariadb.start(own_lab, Assurance.PLAINTEXT)
    one, other = issue(own_lab), issue(own_lab)
    mixed = Issued(one.chain_pem, one.anchors_pem, other.key_pem, one.chain)
    target = replace(mariadb_target(own_lab, server), certificate=mixed)
    with pytest.raises(DeployError, match=r"did not start.*everything was put back"):
        apply(planned(target), tmp_path / "journal", {"db": mariadb_control(own_lab, server)})
    assert by_pymysql(server, ssl_disabled=True) is None


# nginx


def nginx_target(lab: Lab, server: Server, port: int) -> NginxTarget:
    directory = str(server.directory)
    config, listen = f"{directory}/conf.d/site.conf", f"127.0.0.1:{port}"
    return NginxTarget("edge", config, directory, "localhost", listen, port, account(lab), issue(lab), ENCRYPTED)


def nginx_control(lab: Lab, server: Server, settled: Callable[[], bool]) -> Control:
    program = str(Binary("nginx", "nginx").find())
    command = steering.nginx_test(program, str(server.directory / "nginx.conf"), str(server.directory))

    def reload() -> None:
        server.reload()
        eventually(settled)

    return Steering(command, account(lab), reload, server.restart)


def ask(connection: http.client.HTTPConnection, path: str = "/") -> tuple[int, dict[str, str]]:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def over_http(server: Server, path: str = "/") -> tuple[int, dict[str, str]]:
    return ask(http.client.HTTPConnection("127.0.0.1", server.endpoint.port, timeout=5), path)


def over_https(lab: Lab, port: int, path: str = "/") -> tuple[int, dict[str, str]]:
    context = ssl.create_default_context(cafile=str(lab.anchors))
    return ask(http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context), path)


def test_nginx_gets_https_a_pinned_redirect_and_hsts_and_loses_them_by_rollback(own_lab: Lab, tmp_path: Path) -> None:
    """Whatever Host a request names, it is sent to the one name; a 404 carries HSTS too; TLS 1.3 is spoken."""
    server = lab_nginx.start(own_lab, Assurance.PLAINTEXT)
    port = free_endpoint("127.0.0.1", None).port
    assert over_http(server)[0] == 200
    before = (server.directory / "conf.d" / "site.conf").read_bytes()
    plan = planned(nginx_target(own_lab, server, port))
    controls = {"edge": nginx_control(own_lab, server, lambda: over_http(server)[0] == 308)}

    apply(plan, tmp_path / "journal", controls)

    status, headers = over_http(server, "/a?b=c")
    assert (status, headers["location"]) == (308, f"https://localhost:{port}/a?b=c")
    for path, expected in (("/", 200), ("/nothing", 404)):
        status, headers = over_https(own_lab, port, path)
        assert (status, headers["strict-transport-security"]) == (expected, "max-age=63072000")
    assert negotiated(own_lab, port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert negotiated(own_lab, port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    back = {"edge": nginx_control(own_lab, server, lambda: over_http(server)[0] == 200)}
    rollback(tmp_path / "journal", back)
    assert (server.directory / "conf.d" / "site.conf").read_bytes() == before


def negotiated(lab: Lab, port: int, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=str(lab.anchors))
    context.minimum_version = context.maximum_version = version
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    connection.connect()
    try:
        assert isinstance(connection.sock, ssl.SSLSocket)
        return connection.sock.version()
    finally:
        connection.close()


def test_nginx_refuses_a_pair_that_does_not_match_before_it_is_reloaded(own_lab: Lab, tmp_path: Path) -> None:
    """`nginx -t` reads certificate and key, so the mistake is told in its words and the site stays as it was."""
    server = lab_nginx.start(own_lab, Assurance.PLAINTEXT)
    one, other = issue(own_lab), good(new_authority(), "localhost")
    target = nginx_target(own_lab, server, free_endpoint("127.0.0.1", None).port)
    mixed = Issued(one.chain_pem, one.anchors_pem, other.key_pem, one.chain)
    target = replace(target, certificate=mixed)
    controls = {"edge": nginx_control(own_lab, server, lambda: True)}
    with pytest.raises(DeployError, match=r"key values mismatch.*everything was put back"):
        apply(planned(target), tmp_path / "journal", controls)
    assert over_http(server)[0] == 200
    assert not (server.directory / "everyhop").exists()


def test_no_key_is_ever_written_into_the_journal(own_lab: Lab, tmp_path: Path) -> None:
    """What the way back needs is what was there before: a new key is not part of it."""
    server = lab_nginx.start(own_lab, Assurance.PLAINTEXT)
    port = free_endpoint("127.0.0.1", None).port
    target = nginx_target(own_lab, server, port)
    controls = {"edge": nginx_control(own_lab, server, lambda: over_http(server)[0] == 308)}
    receipt = apply(planned(target), tmp_path / "journal", controls)
    assert receipt.journal is not None
    written = b"".join(path.read_bytes() for path in receipt.journal.iterdir())
    assert b"PRIVATE KEY" not in written
    assert json.loads((receipt.journal / "journal.json").read_bytes())["schema"] == "everyhop-journal/1"
