"""A lab's servers are real, verified, and keep what they have."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
import pytest
import sqlalchemy
from click.testing import CliRunner

from everyhop.cli import main
from everyhop.errors import LabError, SettingsError
from everyhop.lab import binary
from everyhop.lab import mariadb as mariadb_server
from everyhop.lab import mysql as mysql_server
from everyhop.lab import nginx as nginx_server
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import CertificateRequest
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.secret import Secret
from everyhop.pki.authority import Authority
from everyhop.x509 import parse
from tests.certificates import MONTH, expired, new_authority
from tests.installations import found

START: dict[str, Callable[..., Server]] = {
    "postgresql": postgresql_server.start,
    "mariadb": mariadb_server.start,
    "nginx": nginx_server.start,
    "mysql": partial(mysql_server.start, installation=next(iter(found("mysql")), None)),
}
# Besides the machine's own, which have fixtures: those that were fetched.
FETCHED = {
    f"{one.product} {one.version}": partial(START[one.product], installation=one)
    for product, own in (("postgresql", 1), ("mariadb", 1), ("mysql", 0))
    for one in found(product)[own:]
}
PRODUCTS = ("postgresql", "mariadb", *(["mysql"] if found("mysql") else []))
DATABASES = ("postgresql", "mariadb", *FETCHED)
EVERY = (*DATABASES, "nginx")
PLAINTEXT = {"postgresql": "sslmode=disable", "mariadb": "ssl_disabled=true", "mysql": "ssl_disabled=true"}


@pytest.fixture(scope="session")
def fetched_servers() -> dict[str, Server]:
    """Those of `FETCHED` that were started, each once for each worker."""
    return {}


@pytest.fixture
def server(request: pytest.FixtureRequest, lab: Lab, fetched_servers: dict[str, Server]) -> Server:
    """The shared server that the test is parametrised with."""
    name: str = request.param
    if name in FETCHED:
        if name not in fetched_servers:
            fetched_servers[name] = FETCHED[name](lab)
        return fetched_servers[name]
    shared = request.getfixturevalue(name)
    assert isinstance(shared, Server)
    return shared


def every(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", names, indirect=True)


@contextmanager
def connected(url: Secret) -> Iterator[tuple[sqlalchemy.Connection, Any]]:
    """A connection by SQLAlchemy, and the driver's own object below it."""
    engine = sqlalchemy.create_engine(url.reveal(), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        yield connection, connection.connection.driver_connection


def speaks_tls(driver: Any) -> bool:
    """What the client's own object says; the server's word is no proof."""
    if isinstance(driver, pymysql.Connection):
        return isinstance(driver._sock, ssl.SSLSocket)  # type: ignore[attr-defined]
    return bool(driver.info.ssl_in_use)


def served_serial(server: Server) -> int:
    """The serial number of the certificate that is served now, to whoever comes."""
    context = ssl._create_unverified_context()  # noqa: S323  # what is served is asked, not whether to believe it
    with socket.create_connection((server.endpoint.host, server.endpoint.port), timeout=5) as plain:
        if server.product == "postgresql":
            plain.sendall(bytes.fromhex("0000000804d2162f"))
            assert plain.recv(1) == b"S"
        elif server.product in {"mariadb", "mysql"}:
            assert server.login is not None
            login = server.login
            anchors = ssl.create_default_context(cafile=str(server.anchors))
            connection = pymysql.connect(
                host=server.endpoint.host,
                port=server.endpoint.port,
                user=login.user,
                password=login.password.reveal(),
                ssl=anchors,
            )
            with connection:
                return serial_of(connection._sock.getpeercert(True))  # type: ignore[attr-defined]
        with context.wrap_socket(plain) as wrapped:
            return serial_of(wrapped.getpeercert(True))


def serial_of(der: bytes | None) -> int:
    assert der is not None
    return parse.leaf(der).serial


@every(*DATABASES)
def test_the_url_to_paste_connects_with_verified_tls(server: Server) -> None:
    """By SQLAlchemy, as a person would paste it."""
    with connected(server.url) as (connection, driver):
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
        assert speaks_tls(driver)


@every(*DATABASES)
def test_another_authority_is_refused(server: Server, tmp_path: Path) -> None:
    """The same URL with a stranger's root."""
    stranger = tmp_path / "ca.pem"
    stranger.write_text(new_authority("Stranger").anchors_pem)
    url = Secret(server.url.reveal().replace(str(server.anchors), str(stranger)))
    with pytest.raises(sqlalchemy.exc.OperationalError, match=r"(?i)certificate verify failed"), connected(url):
        pass


@every(*DATABASES)
def test_another_name_is_refused(server: Server) -> None:
    """127.0.0.1 and localhost are in the certificate; 127.0.0.3 is not, and a listener there is another one."""
    assert server.login is not None
    with (
        pytest.raises((sqlalchemy.exc.OperationalError, ssl.SSLError)),
        connected(server.url_with(server.url.reveal().partition("?")[2], host="127.0.0.3")),
    ):
        pass


@every(*DATABASES)
def test_plaintext_is_refused(server: Server) -> None:
    """The default listener is `encrypted`."""
    with pytest.raises(sqlalchemy.exc.OperationalError), connected(server.url_with(PLAINTEXT[server.product])):
        pass


@every("exposed_postgresql", "exposed_mariadb")
def test_an_exposed_one_has_no_tls(server: Server) -> None:
    """The twin: plaintext is all there is."""
    with connected(server.url) as (connection, driver):
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
        assert not speaks_tls(driver)
    query = "sslmode=require" if server.product == "postgresql" else f"ssl_ca={server.anchors}"
    with pytest.raises(sqlalchemy.exc.OperationalError), connected(server.url_with(query)):
        pass


@pytest.mark.parametrize("name", FETCHED)
def test_an_exposed_one_of_another_version_has_no_tls(name: str, lab: Lab) -> None:
    """Not even with the certificate that newer ones make by themselves."""
    with FETCHED[name](lab, Assurance.PLAINTEXT) as server:
        with connected(server.url) as (_, driver):
            assert not speaks_tls(driver)
        query = "sslmode=require" if server.product == "postgresql" else f"ssl_ca={server.anchors}"
        with pytest.raises(sqlalchemy.exc.OperationalError), connected(server.url_with(query)):
            pass


@every(*FETCHED)
def test_the_version_is_that_of_the_installation(server: Server) -> None:
    """As the server itself tells it to whoever asks in SQL."""
    with connected(server.url) as (connection, _):
        question = "SHOW server_version" if server.product == "postgresql" else "SELECT version()"
        told = connection.execute(sqlalchemy.text(question)).scalar_one()
    assert str(told).startswith(server.version)


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_opportunistic_one_takes_both(product: str, lab: Lab) -> None:
    """What most stock installations are."""
    with START[product](lab, Assurance.OPPORTUNISTIC) as server:
        with connected(server.url) as (_, driver):
            assert speaks_tls(driver)
        with connected(server.url_with(PLAINTEXT[product])) as (_, driver):
            assert not speaks_tls(driver)


@every(*DATABASES)
def test_a_restart_keeps_data_and_port(server: Server) -> None:
    """The same URL finds the same rows."""
    url = server.url
    with connected(url) as (connection, _):
        connection.execute(sqlalchemy.text("CREATE TABLE kept (n INTEGER)"))
        connection.execute(sqlalchemy.text("INSERT INTO kept VALUES (7)"))
        connection.commit()
    before = server.pid
    server.restart()
    assert server.pid != before
    assert server.url == url
    with connected(url) as (connection, _):
        assert connection.execute(sqlalchemy.text("SELECT n FROM kept")).scalar() == 7
        connection.execute(sqlalchemy.text("DROP TABLE kept"))
        connection.commit()


@every(*EVERY)
def test_a_reload_serves_the_new_certificate_at_once(server: Server, authority: Authority) -> None:
    """When it returns, whoever comes next gets the new one."""
    files = server.directory / "server.pem", server.directory / "server.key"
    old = [file.read_text() for file in files]
    new = authority.issue(CertificateRequest((server.endpoint.host, "localhost"), MONTH))
    before = served_serial(server)
    try:
        files[0].write_text(new.chain_pem)
        files[1].write_text(new.key_pem.reveal())
        server.test()
        server.reload()
        assert served_serial(server) == new.chain.leaf.serial
    finally:
        for file, text in zip(files, old, strict=True):
            file.write_text(text)
        server.reload()
    assert served_serial(server) == before


@every(*EVERY)
def test_a_pair_that_does_not_match_is_told_and_the_old_one_stays(server: Server, authority: Authority) -> None:
    """PostgreSQL and nginx say so in their logs alone."""
    file = server.directory / "server.pem"
    old, before = file.read_text(), served_serial(server)
    try:
        file.write_text(authority.issue(CertificateRequest(("localhost",), MONTH)).chain_pem)
        with pytest.raises(LabError, match="keep"):
            server.reload()
        assert served_serial(server) == before
    finally:
        file.write_text(old)
    server.reload()


@pytest.mark.parametrize("product", [*PRODUCTS, "nginx"])
def test_settings_that_are_none_are_told_by_the_products_own_test(product: str, lab: Lab) -> None:
    """Before anything is restarted; and a start that fails shows the end of the log, without passwords."""
    drop_in, nonsense = {
        "postgresql": ("conf.d/z.conf", "no_such_setting = 1\n"),
        "mariadb": ("conf.d/z.cnf", "[mariadbd]\nno-such-setting = 1\n"),
        "mysql": ("conf.d/z.cnf", "[mysqld]\nno-such-setting = 1\n"),
        "nginx": ("conf.d/z.conf", "no_such_setting 1;\n"),
    }[product]
    with START[product](lab) as server:
        server.test()
        lab.write(server.directory / drop_in, nonsense)
        with pytest.raises(LabError):
            server.test()
        server.stop()
        with pytest.raises(LabError, match="did not start") as told:
            server.start()
        assert "setting" in (told.value.hint or "")
        assert server.pid is None


@pytest.mark.parametrize("product", PRODUCTS)
def test_names_and_passwords_are_quoted(product: str, lab: Lab) -> None:
    """Quotes, backslashes, percent signs and spaces are characters like any other."""
    password = Secret("p'w\"d\\ %41;--$`")
    with START[product](lab, database="tip's \"line`", user="o'br\\ien `x\"", password=password) as server:
        with connected(server.url) as (connection, _):
            assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
        written = [
            file
            for file in lab.directory.rglob("*")
            if file.is_file() and "data" not in file.relative_to(lab.directory).parts
        ]
        assert not any(password.reveal().encode() in file.read_bytes() for file in written)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    "given",
    [{"database": ""}, {"user": "a\nb"}, {"user": "x" * 64}, {"password": Secret("a\nb")}, {"password": Secret("")}],
)
def test_what_no_server_takes_is_refused_before_anything_starts(product: str, given: dict[str, Any], lab: Lab) -> None:
    """With a message that does not show the password."""
    with pytest.raises(SettingsError) as told:
        START[product](lab, **given)
    assert told.value.key in given


@pytest.mark.parametrize("product", [product for product in PRODUCTS if product == "mysql"])
def test_mysql_takes_shorter_names_of_users_than_others(product: str, lab: Lab) -> None:
    """32 characters."""
    with pytest.raises(SettingsError, match="1 to 32"):
        START[product](lab, user="x" * 33)


def test_mariadb_has_no_users_but_those_it_was_given(mariadb: Server) -> None:
    """No root over TCP, nobody without a name or a password."""
    assert mariadb.login is not None
    login = mariadb.login
    admin: dict[str, Any] = {"user": login.admin, "password": login.admin_password.reveal()}
    with pymysql.connect(unix_socket=str(login.socket), **admin) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT User, Host FROM mysql.user ORDER BY 1")
        assert list(cursor.fetchall()) == [("app", "%"), ("mariadb.sys", "localhost"), ("root", "localhost")]
    with pytest.raises(pymysql.OperationalError, match="1045"):
        pymysql.connect(unix_socket=str(login.socket), user="root")
    over_tcp: dict[str, Any] = {"host": mariadb.endpoint.host, "port": mariadb.endpoint.port}
    with pytest.raises(pymysql.OperationalError, match="1045"):
        pymysql.connect(**over_tcp, **admin, ssl={"ca": str(mariadb.anchors)})


@every(*(name for name in FETCHED if name.startswith("mysql")))
def test_mysql_has_no_users_but_those_it_was_given(server: Server) -> None:
    """Besides its own, which are locked; and passwords are kept as MySQL keeps them since version 8."""
    assert server.login is not None
    login = server.login
    admin: dict[str, Any] = {"user": login.admin, "password": login.admin_password.reveal()}
    with pymysql.connect(unix_socket=str(login.socket), **admin) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT User, Host, plugin FROM mysql.user WHERE account_locked = 'N' ORDER BY 1")
        assert list(cursor.fetchall()) == [
            ("app", "%", "caching_sha2_password"),
            ("root", "localhost", "caching_sha2_password"),
        ]
    with pytest.raises(pymysql.OperationalError, match="1045"):
        pymysql.connect(unix_socket=str(login.socket), user="root")
    over_tcp: dict[str, Any] = {"host": server.endpoint.host, "port": server.endpoint.port}
    with pytest.raises(pymysql.OperationalError, match="1045"):
        pymysql.connect(**over_tcp, **admin, ssl={"ca": str(server.anchors)})


def test_mysql_where_there_is_none_ends_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MariaDB answers to the name of MySQL's server, and is not taken for it."""
    (tmp_path / "mysqld").write_text("#!/bin/sh\necho mysqld  Ver 10.11.19-MariaDB\n")
    (tmp_path / "mysqld").chmod(0o755)
    monkeypatch.setattr(binary, "_SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = CliRunner().invoke(main, ["lab", "up", "mysql"])
    assert answer.exit_code == 4
    assert "no MySQL server is installed" in answer.stderr
    assert "everyhop lab up mariadb" in answer.stderr


def test_postgresql_has_no_login_without_a_password(postgresql: Server) -> None:
    """Not even over its own socket."""
    assert postgresql.login is not None
    place: dict[str, Any] = {"host": str(postgresql.login.socket.parent), "port": postgresql.endpoint.port}
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(user="postgres", dbname="postgres", password="", passfile="/dev/null", **place)
    admin = postgresql.login.admin_password.reveal()
    psycopg2.connect(user="postgres", dbname="postgres", password=admin, **place).close()


@every(*EVERY)
def test_servers_are_nobody_special(server: Server) -> None:
    """They run as the lab's account, which is never root."""
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert owner == server.directory.stat().st_uid


@every(*EVERY)
def test_nothing_in_a_lab_is_open_to_others(server: Server, lab: Lab) -> None:
    """The directory is closed, and so is every key and configuration in it."""
    assert stat.S_IMODE(lab.directory.stat().st_mode) == 0o700
    ours = [file for file in server.directory.iterdir() if file.is_file()]
    assert (server.directory / "server.key") in ours
    open_to_others = {file.name for file in ours if file.stat().st_mode & 0o077}
    assert open_to_others <= {"mariadb.pid", "mysql.pid"}  # a number


@pytest.mark.parametrize("product", ["postgresql", "mariadb"])
def test_a_host_of_ones_own_choice_is_in_the_certificate(product: str, lab: Lab) -> None:
    """The demo plays several hosts on one machine."""
    with START[product](lab, host="127.0.0.2", names=("db.internal",)) as server:
        assert server.endpoint.host == "127.0.0.2"
        with connected(server.url) as (_, driver):
            assert speaks_tls(driver)


def test_a_host_that_is_not_loopback_is_refused(lab: Lab) -> None:
    """A lab is nobody else's."""
    for host in ("0.0.0.0", "192.0.2.1", "::", "db.internal", ""):  # noqa: S104
        with pytest.raises(SettingsError, match="loopback"):
            postgresql_server.start(lab, host=host)


def test_a_port_in_use_is_told(lab: Lab, postgresql: Server) -> None:
    """And so is the way out."""
    with pytest.raises(LabError, match="in use") as told:
        nginx_server.start(lab, port=postgresql.endpoint.port)
    assert told.value.hint


def test_a_certificate_can_be_given(lab: Lab, authority: Authority) -> None:
    """A wrong one, say: what an observer has to see."""
    issued = expired(authority, "127.0.0.1")
    with postgresql_server.start(lab, issued=issued) as server:
        assert served_serial(server) == issued.chain.leaf.serial


def test_nginx_serves_a_page_over_https_and_redirects_to_it(nginx: Server) -> None:
    """The redirect goes to a fixed place, whatever Host says."""
    context = ssl.create_default_context(cafile=str(nginx.anchors))
    with urllib.request.urlopen(nginx.url.reveal(), context=context, timeout=5) as page:  # noqa: S310
        assert b"everyhop lab" in page.read()
    assert nginx.plain is not None
    plain = HTTPConnection(nginx.plain.host, nginx.plain.port, timeout=5)
    plain.request("GET", "/a?b=c", headers={"Host": "evil.example"})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{nginx.endpoint}/a?b=c")
    plain.close()


def test_an_exposed_nginx_serves_over_http(exposed_nginx: Server) -> None:
    """The twin."""
    with urllib.request.urlopen(exposed_nginx.url.reveal(), timeout=5) as page:  # noqa: S310
        assert page.status == 200
    with pytest.raises(ssl.SSLError):
        served_serial(exposed_nginx)


@pytest.mark.parametrize("over", ["unix", "tcp"])
def test_nginx_passes_requests_on(over: str, lab: Lab) -> None:
    """To an application on a socket or a port, with the scheme that the browser used."""
    family = socket.AF_UNIX if over == "unix" else socket.AF_INET
    listening = socket.socket(family)
    path = lab.directory / "app.sock"
    listening.bind(str(path) if over == "unix" else ("127.0.0.1", 0))
    if over == "unix":
        os.chown(path, lab.account.uid, lab.account.gid)
    listening.listen()
    upstream = UnixEndpoint(str(path)) if over == "unix" else TcpEndpoint(*listening.getsockname())
    heard: list[bytes] = []

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            heard.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\ntip")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with listening, nginx_server.start(lab, upstream=upstream) as server:
        context = ssl.create_default_context(cafile=str(server.anchors))
        with urllib.request.urlopen(server.url.reveal(), context=context, timeout=5) as page:  # noqa: S310
            assert page.read() == b"tip"
        thread.join(5)
    path.unlink(missing_ok=True)
    assert b"X-Forwarded-Proto: https" in heard[0]


def test_a_url_never_shows_its_password_by_itself(postgresql: Server) -> None:
    """It has to be asked."""
    assert postgresql.login is not None
    password = postgresql.login.password.reveal()
    assert password not in f"{postgresql!r} {postgresql.url} {postgresql.login}"
    assert password in postgresql.url.reveal()
