"""`cert` and `renew` with real servers: an ACME server that issues, a PostgreSQL that shows what it was given."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.acme.account import AccountWish
from everyhop.acme.account import Terms as Agreement
from everyhop.jobs.issue import issue
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.pebble import Pebble
from everyhop.lab.session import Lab
from everyhop.lineage.terms import AcmeTerms, IssuerName, Terms
from everyhop.model.certificate import CertificateRequest
from everyhop.model.secret import Secret
from tests.authority_home import found, new_desk

pytestmark = pytest.mark.servers


def no_passphrase() -> Secret:
    raise AssertionError("an ACME server needs none")


def test_a_lineage_from_an_acme_server_renews_itself(pebble: Pebble, tmp_path: Path) -> None:
    """By what its terms remember: server, anchors, how names are proven; the account is there already."""
    desk = new_desk(tmp_path)
    anchors = tmp_path / "pebble.pem"
    anchors.write_text(pebble.anchors_pem + pebble.root_pem())
    acme = AcmeTerms(pebble.directory, standalone=pebble.validation, anchors=str(anchors))
    terms = Terms(CertificateRequest(("renewed.example.org",)), IssuerName.ACME, acme=acme)
    office = Office(str(desk.home), lambda: datetime.now(UTC), "a test")
    wish = AccountWish(Agreement.AGREED)
    made = issue(office, "renewed.example.org", terms, Help(no_passphrase, wish))
    said = desk.run("renew", "--force")
    assert said.exit_code == 0, said.output
    assert "renewed.example.org: renewed: version 2" in said.output
    live = json.loads(desk.run("cert", "list", "--format", "json").output)["lineages"][0]
    assert live["serial"] != f"{made.version.leaf.serial:x}"
    revoked = desk.run("cert", "revoke", "renewed.example.org", "--reason", "superseded")
    assert revoked.exit_code == 0, revoked.output
    assert "the ACME server keeps the list" in revoked.output


def test_postgresql_shows_what_was_renewed(lab: Lab, tmp_path: Path) -> None:
    """Renewed, reloaded without a shell, and seen over PostgreSQL's own upgrade to TLS."""
    server = postgresql_server.start(lab)
    desk = new_desk(tmp_path)
    found(desk, "--permit", "127.0.0.0/8")
    out, owner = server.directory / "everyhop", f"{lab.account.uid}:{lab.account.gid}"
    pid = (server.directory / "data" / "postmaster.pid", server.directory / "postmaster.pid")
    process = next(file for file in pid if file.exists()).read_text().splitlines()[0]
    endpoint = f"postgresql://{server.endpoint}"
    words = ("cert", "issue", "127.0.0.1", "--for", "postgresql", "--out", out, "--owner", owner)
    desk.done(*words, "--endpoint", endpoint, "--reload", f"kill -HUP {process}")
    settings = server.directory / "postgresql.conf"
    settings = settings if settings.exists() else server.directory / "data" / "postgresql.conf"
    with settings.open("a") as file:
        file.write(f"\nssl_cert_file = '{out}/server.crt'\nssl_key_file = '{out}/server.key'\n")
    said = desk.done("renew", "--force")
    assert f"  deployed and seen  postgresql  {out}" in said
    shown = desk.run("cert", "show", endpoint)
    assert shown.exit_code == 0, shown.output
    assert "leads to the internal authority's anchors" in shown.output
