"""Fixes in the settings of servers: what is safe, what waits to be asked for, what is left alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.config import Settings
from everyhop.dialects import apache, mariadb, mysql, pgbouncer
from everyhop.dialects.nginx import mending, writing
from everyhop.dialects.nginx.syntax import parse
from everyhop.errors import SettingsError, SourceError
from everyhop.jobs.fix import Extent, Proposal, propose, write
from everyhop.jobs.scan import scan
from everyhop.model.posture import Assurance, Floor
from everyhop.render.text import text_report
from everyhop.scan.rewrite.difference import difference

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = """\
http {
    server {
        listen 443 ssl;
        server_name tips.example.org;
        ssl_protocols TLSv1 TLSv1.2;
        add_header Strict-Transport-Security "max-age=63072000" always;
        root /srv;
    }
}
"""
HBA = "local all all peer\nhost  all all 10.0.0.0/8 md5\n"
CONF = "listen_addresses = '*'\nssl = on\nssl_cert_file = 'a'\nssl_key_file = 'b'\n"
FLOORS = st.sampled_from([Floor.TLS_1_2, Floor.TLS_1_3])


def proposal(folder: Path, extent: Extent = Extent.SAFE, anchors: str | None = None) -> Proposal:
    return propose([folder], Settings(), NOW, extent, anchors=anchors)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_old_version_is_taken_away_unasked(tmp_path: Path) -> None:
    """Only the value changes; the diff shows the line."""
    (file,) = proposal(written(tmp_path, "nginx.conf", SITE)).files
    assert file.text == SITE.replace("TLSv1 TLSv1.2", "TLSv1.2 TLSv1.3")
    assert difference("nginx.conf", SITE, file.fixes).splitlines()[-1] == "+        ssl_protocols TLSv1.2 TLSv1.3;"


@pytest.mark.parametrize("text", [SITE.replace("TLSv1 ", ""), SITE.replace("443 ssl", "127.0.0.1:443 ssl")])
def test_what_is_right_is_left_alone(text: str, tmp_path: Path) -> None:
    """TLS 1.2 alone is no old version, and a site of this machine only is nobody's business."""
    found = proposal(written(tmp_path, "nginx.conf", text), Extent.ALL)
    assert (found.files, found.unsafe, found.refused) == ((), (), ())


@pytest.mark.parametrize("name", ["tests/nginx.conf", "docs/nginx.conf", "examples/nginx.conf"])
def test_what_nobody_deploys_waits_to_be_asked_for(name: str, tmp_path: Path) -> None:
    """It may be meant like this; settings of servers in tests are not even read."""
    found = proposal(written(tmp_path, name, SITE))
    assert found.files == ()
    assert len(found.unsafe) == (0 if name.startswith("tests") else 1)


def test_a_template_fills_it_in(tmp_path: Path) -> None:
    """What stands between its marks is for a person."""
    text = SITE.replace("TLSv1 TLSv1.2", "TLSv1 {{ more }}")
    found = proposal(written(tmp_path, "nginx.conf", text), Extent.ALL)
    assert found.files == ()


def test_who_could_be_shut_out_is_asked_for(tmp_path: Path) -> None:
    """`host` and `md5` stay without --unsafe-fixes; with it both change in one line."""
    written(tmp_path, "postgresql.conf", CONF)
    folder = written(tmp_path, "pg_hba.conf", HBA)
    safe = proposal(folder)
    assert safe.files == ()
    assert {fix.rules for fix in safe.unsafe} == {("plaintext-accepted",), ("md5-password-auth",)}
    (file,) = proposal(folder, Extent.ALL).files
    assert "hostssl all all 10.0.0.0/8 scram-sha-256\n" in file.text
    assert file.text.startswith("local all all peer\n")


def test_the_servers_own_group_is_written_into(tmp_path: Path) -> None:
    """A client that read the line would end over it: where the certificate stands in [client-server], nothing is."""
    text = "[{}]\nssl_cert = a\nssl_key = b\n\n[mysql]\npager = less\n"
    (file,) = proposal(written(tmp_path, "my.cnf", text.format("mysqld")), Extent.ALL).files
    assert file.text == text.format("mysqld").replace("= a\n", "= a\nrequire_secure_transport = ON\n")
    found = proposal(written(tmp_path, "my.cnf", text.format("client-server")), Extent.ALL)
    assert found.files == ()
    assert ["require_secure_transport" in refusal.why for refusal in found.refused] == [True]


def test_anchors_have_to_be_named(tmp_path: Path) -> None:
    """Without them a proxy that verified would not start."""
    text = "http { server { listen 443 ssl; ssl_protocols TLSv1.2; location / { proxy_pass https://a.internal; } } }\n"
    folder = written(tmp_path, "nginx.conf", text)
    assert ["--anchors" in refusal.why for refusal in proposal(folder).refused] == [True]
    (file,) = proposal(folder, anchors="/etc/ssl/a b.pem").files
    assert 'proxy_ssl_trusted_certificate "/etc/ssl/a b.pem";' in file.text
    named = text.replace("location", "proxy_ssl_trusted_certificate /own.pem; location")
    (file,) = proposal(written(tmp_path, "nginx.conf", named)).files
    assert file.text.count("trusted_certificate") == 1


def test_a_pooler_verifies_its_databases() -> None:
    """Once: written again, nothing changes. What is written is what its own reader takes for verify-full."""
    text = "[databases]\na = host=db\n[pgbouncer]\nlisten_port = 6432\nserver_tls_sslmode = require\n"
    now = pgbouncer.verifying(text, "/ca.pem")
    assert now == text.replace("require\n", "verify-full\nserver_tls_ca_file = /ca.pem\n")
    assert pgbouncer.verifying(now, "/other.pem") == now
    dialer = pgbouncer.dialer(pgbouncer.settings(pgbouncer.options(now)))
    assert dialer.bounds.low.assurance is Assurance.IDENTITY_VERIFIED
    with pytest.raises(SettingsError):
        pgbouncer.verifying("[databases]\n", "/ca.pem")
    with pytest.raises(SettingsError):
        pgbouncer.verifying(text, "/ca\n.pem")


@given(FLOORS)
def test_versions_are_read_as_they_are_written(floor: Floor) -> None:
    """For each server that is told them by name: `read(write(floor)) == floor`."""
    options = {"tls_version": mariadb.versions(floor), "ssl_cert": "a", "ssl_key": "b"}
    assert mariadb.read(options).bounds.low.floor is floor
    assert mysql.read(options).bounds.low.floor is floor
    pooler = f"[pgbouncer]\nclient_tls_sslmode = require\nclient_tls_protocols = {pgbouncer.versions(floor)}\n"
    assert pgbouncer.listener(pgbouncer.settings(pgbouncer.options(pooler))).bounds.low.floor is floor
    host = f"<VirtualHost *:443>\nSSLEngine on\nSSLProtocol {apache.versions(floor)}\n</VirtualHost>\n"
    (site,) = apache.served(host, "a.conf")
    assert site.listener.bounds.low.floor is floor
    (directive,) = parse(f"ssl_protocols {writing.versions(floor)};").own("ssl_protocols")
    assert min(map(Floor.parse, directive.arguments)) is floor


def test_a_redirect_leads_to_one_name() -> None:
    """Of several nobody knows which; and a block without TLS serves something that would be gone."""
    text = "server {{ listen 80; {} server_name {}; root /srv; }}"
    for words in (("listen 443 ssl;", "a.example b.example"), ("listen 443 ssl;", "_"), ("", "a.example")):
        with pytest.raises(SourceError):
            list(mending.redirect(text.format(*words), len("server { ")))
    edits = list(mending.redirect(text.format("listen 8443 ssl;", "a.example"), len("server { ")))
    assert "return 308 https://a.example:8443$request_uri;" in edits[0][2]


@pytest.mark.parametrize("secret", ["ldap ldapbindpasswd=hunter2", "radius radiusservers=r radiussecrets=hunter2"])
def test_a_diff_hides_what_a_name_calls_secret(secret: str, tmp_path: Path) -> None:
    """The password stands in the very line that changes."""
    line = f"host all all 10.0.0.0/8 {secret}\n"
    written(tmp_path, "postgresql.conf", CONF)
    (file,) = proposal(written(tmp_path, "pg_hba.conf", line), Extent.ALL).files
    assert "hunter2" in file.text
    assert "hunter2" not in difference("pg_hba.conf", line, file.fixes)
    assert "hunter2" not in text_report(scan([tmp_path], Settings(), NOW))


def test_headers_of_other_files_are_not_dropped(tmp_path: Path) -> None:
    """nginx inherits `add_header` all or nothing; where all of it is in one file, they are written again beside it."""
    site = "server { listen 443 ssl; server_name a.example; ssl_protocols TLSv1.2; root /srv; }\n"
    header = "add_header X-Frame-Options DENY;"
    written(tmp_path, "nginx.conf", f"events {{}}\nhttp {{\n    {header}\n    include sites/a.conf;\n}}\n")
    found = proposal(written(tmp_path, "sites/a.conf", site), Extent.ALL)
    assert found.files == ()
    assert ["drops" in refusal.why for refusal in found.refused] == [True]
    (tmp_path / "sites" / "a.conf").unlink()
    (file,) = proposal(written(tmp_path, "nginx.conf", f"http {{\n    {header}\n    {site}}}\n"), Extent.ALL).files
    assert file.text.count(header) == 2
    assert file.text.count("Strict-Transport-Security") == 1


def test_an_upstream_is_verified_wherever_it_is_dialled(tmp_path: Path) -> None:
    """In two files and twice in one: then there is nothing left to do."""
    locations = "location /a { proxy_pass https://back.internal; } location /b { proxy_pass https://back.internal; }"
    written(tmp_path, "nginx.conf", "events {}\nhttp { include sites/*.conf; }\n")
    for name in ("a", "b"):
        site = f"server {{ listen 443 ssl; server_name {name}.example; ssl_protocols TLSv1.2; {locations} }}\n"
        written(tmp_path, f"sites/{name}.conf", site)
    done = write(proposal(tmp_path, anchors="/ca.pem"), tmp_path)
    assert [file.text.count("proxy_ssl_verify on;") for file in done.files] == [2, 2]
    assert proposal(tmp_path, anchors="/ca.pem").files == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("postgresql.conf", f"{CONF}ssl_min_protocol_version = 'TLSv1'\nssl_max_protocol_version = 'TLSv1.1'\n"),
        (
            "haproxy.cfg",
            """global
    ssl-default-bind-options ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.0
frontend a
    mode http
    bind :443 ssl crt /etc/a.pem
""",
        ),
    ],
)
def test_a_floor_above_the_ceiling_is_not_written(name: str, text: str, tmp_path: Path) -> None:
    """No version would be left, and the server would not start; with room above, the floor is raised."""
    found = proposal(written(tmp_path, name, text), Extent.ALL)
    assert found.files == ()
    assert ["newest version" in refusal.why for refusal in found.refused] == [True]
    higher = text.replace("max_protocol_version = 'TLSv1.1'", "max_protocol_version = 'TLSv1.3'")
    higher = higher.replace("ssl-max-ver TLSv1.0", "ssl-max-ver TLSv1.3")
    assert len(proposal(written(tmp_path, name, higher)).files) == 1


@pytest.mark.parametrize("host", ["10.0.0.5:8443", "[fd00::1]:8443", "$backend"])
def test_a_name_that_no_certificate_has_is_asked_for(host: str, tmp_path: Path) -> None:
    """nginx compares names only, never addresses: verified by one, every request would end in 502."""
    text = f"""http {{ server {{ listen 443 ssl; ssl_protocols TLSv1.2; proxy_ssl_trusted_certificate /ca.pem;
        location / {{ proxy_pass https://{host}; }} }} }}\n"""
    found = proposal(written(tmp_path, "nginx.conf", text))
    assert found.files == ()
    assert [fix.rules for fix in found.unsafe if "unverified-upstream" in fix.rules] == [("unverified-upstream",)]
    named = text.replace("location", "proxy_ssl_name back.internal; location")
    assert len(proposal(written(tmp_path, "nginx.conf", named)).files) == 1


def test_each_record_is_mended_by_itself(tmp_path: Path) -> None:
    """A fix for one record writes into no other."""
    written(tmp_path, "postgresql.conf", CONF)
    records = "".join(f"hostssl all all 10.0.{number}.0/24 md5\n" for number in range(40))
    found = proposal(written(tmp_path, "pg_hba.conf", records))
    assert {len(fix.edits) for fix in found.unsafe if fix.rules == ("md5-password-auth",)} == {1}
    (file,) = proposal(tmp_path, Extent.ALL).files
    assert file.text.count("scram-sha-256") == 40
