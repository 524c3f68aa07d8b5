"""What `scan --fix` makes of servers' settings is held against the servers themselves: they take it, and mean it so."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.fix import Extent, propose, write
from everyhop.lab.binary import Binary
from everyhop.lab.installation import Installation
from tests.certificates import good, new_authority
from tests.installations import found

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NGINX = """\
pid {here}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    ssl_protocols TLSv1 TLSv1.2;     # old phones
    ssl_ciphers "HIGH:MEDIUM:RC4";
    server {{
        listen 8080;
        listen 8443 ssl;
        server_name tips.example.org;
        ssl_certificate {here}/chain.pem;
        ssl_certificate_key {here}/key.pem;
        root {here};
        location /static/ {{ add_header Cache-Control public; }}
    }}
    server {{
        listen 8444 ssl;
        server_name api.example.org;
        ssl_certificate {here}/chain.pem;
        ssl_certificate_key {here}/key.pem;
        location / {{
            if ($request_method = PUT) {{ proxy_pass https://10.0.0.9:9443; }}
            proxy_pass https://10.0.0.9:9444;
        }}
    }}
}}
"""
POSTGRESQL = """\
ssl = on
ssl_cert_file = 'chain.pem'
ssl_key_file = 'key.pem'
listen_addresses = '*'
ssl_min_protocol_version='TLSv1'     # an old client
ssl_ciphers = 'HIGH:MEDIUM:RC4'
"""


def mended(folder: Path) -> list[str]:
    """Every fix is written; what is left to a person."""
    proposal = propose([folder], Settings(), NOW, Extent.ALL, anchors=str(folder / "anchors.pem"), exclude=["*.pem"])
    assert proposal.files
    done = write(proposal, folder)
    again = propose([folder], Settings(), NOW, Extent.ALL, anchors=str(folder / "anchors.pem"), exclude=["*.pem"])
    assert again.files == ()
    return [refusal.why for refusal in done.refused]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate, its key and the anchors."""
    issued = good(new_authority(), "tips.example.org", "api.example.org")
    (tmp_path / "chain.pem").write_text(issued.chain_pem, encoding="ascii")
    (tmp_path / "key.pem").write_text(issued.key_pem.reveal(), encoding="ascii")
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "anchors.pem").write_text(issued.anchors_pem, encoding="ascii")
    return tmp_path


def test_nginx_takes_what_was_mended(folder: Path) -> None:
    """Versions, suites, redirect, HSTS and the upstream's verification, in one file; nginx says that it is well."""
    (folder / "nginx.conf").write_text(NGINX.format(here=folder), encoding="utf-8")
    assert mended(folder) == []
    text = (folder / "nginx.conf").read_text("utf-8")
    assert "ssl_protocols TLSv1.2 TLSv1.3;     # old phones" in text
    assert text.count("proxy_ssl_verify on;") == 1
    assert text.count("Strict-Transport-Security") == 2  # the location drops the server's, so it has its own
    # nginx opens where it is told to listen, even to test: here that is on sockets of this folder
    (folder / "nginx.conf").write_text(re.sub(r"listen (\d+)", rf"listen unix:{folder}/\1", text), encoding="utf-8")
    program = Binary("nginx", "nginx").find()
    told = subprocess.run(
        [program, "-t", "-p", folder, "-c", folder / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "test is successful" in told.stderr


@pytest.mark.parametrize("installation", found("postgresql"), ids=lambda one: str(one.version))
def test_postgresql_reads_what_was_mended(installation: Installation, folder: Path) -> None:
    """`postgres -C` prints the value that the server would use."""
    (folder / "postgresql.conf").write_text(POSTGRESQL, encoding="utf-8")
    assert mended(folder) == []
    assert "# an old client" in (folder / "postgresql.conf").read_text("utf-8")
    program = installation.find(Binary("postgres", "postgresql"))
    for name, value in {"ssl_min_protocol_version": "TLSv1.2", "ssl": "on"}.items():
        told = subprocess.run([program, "-C", name, "-D", folder], capture_output=True, text=True, check=False)
        assert (told.stdout.strip(), told.returncode) == (value, 0), told.stderr
