"""`cert issue --issuer acme`, as it is typed, against a real ACME server that makes trouble on purpose."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from everyhop.lab.pebble import Pebble
from tests.authority_home import Desk, new_desk

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("acme")]


@pytest.fixture
def desk(pebble: Pebble, tmp_path: Path) -> Desk:
    """With no authority of its own: a public one needs none."""
    (tmp_path / "pebble.pem").write_text(pebble.anchors_pem + pebble.root_pem())
    return new_desk(tmp_path)


def asked(desk: Desk, pebble: Pebble, *words: str | Path) -> tuple[str | Path, ...]:
    return ("cert", "issue", "--issuer", "acme", "--directory", pebble.directory, "--acme-ca",
            desk.folder / "pebble.pem", *words)  # fmt: skip


def test_the_whole_way_on_one_address(desk: Desk, pebble: Pebble) -> None:
    """The terms are agreed to once; what is remembered is enough to renew and to revoke."""
    where = ("--standalone", "--listen", str(pebble.validation))
    silent = desk.run(*asked(desk, pebble, "a.example.org", *where))
    assert silent.exit_code == 4
    assert "hint: " in silent.stderr
    assert "--agree-terms" in silent.stderr
    assert "no lineage yet" in desk.run("cert", "list").output
    made = desk.run(*asked(desk, pebble, "a.example.org", *where, "--agree-terms", "--out", desk.folder / "web"))
    assert made.exit_code == 0, made.output
    assert "PRIVATE KEY" not in made.output
    assert stat.S_IMODE((desk.folder / "web" / "server.key").stat().st_mode) == 0o600
    assert sorted(one.name for one in (desk.folder / "web").iterdir()) == ["server.crt", "server.key"]
    terms = json.loads((desk.home / "lineages" / "a.example.org" / "lineage.json").read_text())
    assert terms["acme"]["standalone"] == str(pebble.validation)
    again = desk.run("renew", "a.example.org", "--force")
    assert (again.exit_code, "renewed: version 2" in again.output) == (0, True)
    revoked = desk.run("cert", "revoke", "a.example.org", "--reason", "superseded")
    assert (revoked.exit_code, "the ACME server keeps the list" in revoked.output) == (0, True)


def test_a_place_that_is_taken_costs_no_order(desk: Desk, pebble: Pebble) -> None:
    """Somebody else's key in the folder is seen before the authority is asked."""
    (desk.folder / "web").mkdir()
    (desk.folder / "web" / "server.key").write_text("somebody's own")
    result = desk.run(*asked(desk, pebble, "b.example.org", "--out", desk.folder / "web"))
    assert (result.exit_code, "everyhop did not write it" in result.stderr) == (4, True)


def test_a_hook_that_fails_is_told_and_leaves_nothing(desk: Desk, pebble: Pebble) -> None:
    """With what it said, in one line."""
    hook = desk.folder / "hook"
    hook.write_text("#!/bin/sh\necho 'no such zone' >&2\nexit 3\n")
    hook.chmod(0o755)
    result = desk.run(*asked(desk, pebble, "*.example.org", "--dns-hook", f"{hook} 'two words'", "--agree-terms"))
    assert result.exit_code == 4
    assert "no such zone" in result.stderr
    assert "hint: " in result.stderr
    assert "no lineage yet" in desk.run("cert", "list").output
