"""Real PostgreSQL, MariaDB and nginx, in every state that matters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from everyhop.lab import mariadb as mariadb_server
from everyhop.lab import nginx as nginx_server
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.location import Location
from everyhop.model.posture import Assurance, Floor
from everyhop.model.sighting import Plaintext
from everyhop.model.survey import Survey
from everyhop.model.wire import Wire
from everyhop.probe.probe import VersionLook, survey

FREE, ALWAYS = VersionLook.WHERE_FREE, VersionLook.ALWAYS


def look(location: str, server: Server, versions: VersionLook = FREE) -> Survey:
    seen = survey(
        Location.parse(location),
        anchors=server.anchors.read_text(),
        server_name=None,
        now=datetime.now(UTC),
        versions=versions,
    )
    assert isinstance(seen, Survey), seen
    return seen


def holds(seen: Survey) -> bool:
    return seen.tls and seen.tls_version == "TLSv1.3" and seen.trusted is True and seen.name_matches is True


def test_a_postgresql_that_refuses_plaintext(postgresql: Server) -> None:
    """Refused for the user asked about; versions and chain seen; nobody logged in."""
    seen = look(f"postgresql://{postgresql.endpoint}", postgresql)
    assert holds(seen)
    assert seen.plaintext is Plaintext.REFUSED
    assert seen.versions == ("TLSv1.3", "TLSv1.2")
    assert seen.bounds.low.assurance is seen.bounds.high.assurance is Assurance.ENCRYPTED
    assert seen.bounds.low.floor is seen.bounds.high.floor is Floor.TLS_1_2
    assert any('user "everyhop"' in said for said in seen.said)
    assert seen.hellos - seen.handshakes <= 2


def test_a_postgresql_that_takes_both(lab: Lab) -> None:
    """`host` lines: the server asks for a password in plaintext as well."""
    with postgresql_server.start(lab, Assurance.OPPORTUNISTIC) as server:
        seen = look(f"postgresql://{server.endpoint}", server)
    assert holds(seen)
    assert seen.plaintext is Plaintext.ACCEPTED
    assert seen.bounds.high.assurance is Assurance.OPPORTUNISTIC


def test_a_postgresql_without_tls(exposed_postgresql: Server) -> None:
    """A single N is enough to know everything."""
    seen = look(f"postgresql://{exposed_postgresql.endpoint}", exposed_postgresql)
    assert (seen.tls, seen.plaintext, seen.hellos) == (False, Plaintext.ACCEPTED, 0)
    assert seen.bounds.settled is not None


@pytest.mark.parametrize(
    ("access", "plaintext"),
    [
        # No `reject` line: the end of the list refuses plaintext, TLS is asked for a password.
        ("hostssl all all 127.0.0.1/32 scram-sha-256", Plaintext.REFUSED),
        # Only the application's own line: whoever else asks is refused either way, which tells nothing of it.
        ("host app app 127.0.0.1/32 scram-sha-256", Plaintext.UNKNOWN),
        ("hostssl app app 127.0.0.1/32 scram-sha-256", Plaintext.UNKNOWN),
        # No password at all: let in, and left at once.
        ("host all all 127.0.0.1/32 trust", Plaintext.ACCEPTED),
        ("hostssl all all 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 password", Plaintext.ACCEPTED),
    ],
)
def test_what_pg_hba_says_is_what_is_seen(postgresql: Server, access: str, plaintext: Plaintext) -> None:
    """Never a refusal that a line for somebody else could undo unseen."""
    file = postgresql.directory / "pg_hba.conf"
    before = file.read_text()
    try:
        file.write_text(f"local all all scram-sha-256\n{access}\n")
        postgresql.reload()
        seen = look(f"postgresql://{postgresql.endpoint}", postgresql)
    finally:
        file.write_text(before)
        postgresql.reload()
    assert seen.plaintext is plaintext, seen.said


def test_a_postgresql_is_recognised_without_its_port(postgresql: Server) -> None:
    """It waits for the dialer, so it is found by trying."""
    seen = look(str(postgresql.endpoint), postgresql)
    assert (seen.wire, seen.plaintext) == (Wire.POSTGRES, Plaintext.REFUSED)


def test_a_mariadb_that_refuses_plaintext_does_not_say_so(mariadb: Server) -> None:
    """10.11 tells nobody before a login; newer ones do. One connection, two at most."""
    seen = look(f"mariadb://{mariadb.endpoint}", mariadb)
    assert holds(seen)
    old = (seen.server_version or "").startswith("10.")
    assert seen.plaintext is (Plaintext.UNKNOWN if old else Plaintext.REFUSED)
    assert (seen.product, seen.versions) == ("mariadb", None)
    assert (seen.hellos, seen.handshakes) == (1, 1)
    assert any("never logs in" in said for said in seen.said) is old


def test_old_versions_of_a_mariadb_are_looked_at_when_asked_for(mariadb: Server) -> None:
    """Three connections more, which such a server counts."""
    seen = look(f"mariadb://{mariadb.endpoint}", mariadb, ALWAYS)
    assert seen.versions == ("TLSv1.3", "TLSv1.2")
    assert (seen.hellos, seen.handshakes) == (4, 2)


def test_a_mariadb_without_tls(exposed_mariadb: Server) -> None:
    """The greeting says it all; and it is recognised by it."""
    seen = look(str(exposed_mariadb.endpoint), exposed_mariadb)
    assert (seen.wire, seen.product, seen.tls, seen.hellos) == (Wire.MYSQL, "mariadb", False, 0)
    assert seen.bounds.settled is not None


def test_one_look_is_one_counted_connection(lab: Lab) -> None:
    """What a probe costs, by the server's own count (`Aborted_connects`)."""
    with mariadb_server.start(lab) as server:
        before = _aborted(server)
        look(f"mariadb://{server.endpoint}", server)
        assert _aborted(server) - before <= 2


def test_an_nginx_with_https_and_a_redirect(nginx: Server) -> None:
    """From both of its ports the same site is found."""
    seen = look(f"https://{nginx.endpoint}", nginx)
    assert holds(seen)
    assert (seen.product, seen.plaintext, seen.client_auth) == ("nginx", Plaintext.REFUSED, "absent")
    plain = look(f"http://{nginx.plain}", nginx)
    assert holds(plain)
    assert plain.plaintext is Plaintext.REFUSED
    assert plain.http_plain is not None
    assert plain.http_plain.status in {301, 308}
    assert plain.http_tls is not None


def test_an_nginx_that_serves_plain_http(lab: Lab) -> None:
    """No redirect: the plain port is a site of its own."""
    with nginx_server.start(lab, Assurance.OPPORTUNISTIC) as server:
        seen = look(f"http://{server.plain}", server)
    assert (seen.tls, seen.plaintext) == (False, Plaintext.ACCEPTED)


@pytest.mark.parametrize("scheme", ["https://", "http://", ""])
def test_an_nginx_without_tls(exposed_nginx: Server, scheme: str) -> None:
    """Asked for HTTPS, plain HTTP is noticed and told, not a failure."""
    seen = look(f"{scheme}{exposed_nginx.endpoint}", exposed_nginx)
    assert (seen.wire, seen.tls, seen.plaintext) == (Wire.HTTP, False, Plaintext.ACCEPTED)
    assert seen.http_plain is not None


@pytest.mark.parametrize("wire", ["mysql", "https", "http"])
def test_a_postgresql_named_wrongly_is_a_gap(postgresql: Server, wire: str) -> None:
    """Said with a hint, and soon."""
    location = Location.parse(f"{wire}://{postgresql.endpoint}")
    seen = survey(location, anchors=None, server_name=None, deadline=1.0, now=datetime.now(UTC))
    assert not isinstance(seen, Survey)
    assert seen.hint


def _aborted(server: Server) -> int:
    import pymysql  # noqa: PLC0415

    assert server.login is not None
    with (
        pymysql.connect(
            unix_socket=str(server.login.socket),
            user=server.login.admin,
            password=server.login.admin_password.reveal(),
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")
        row = cursor.fetchone()
    assert row is not None
    return int(row[1])
