"""`ca`, `cert`, `renew`: the whole way of a certificate, in a state directory of the test's own."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from everyhop.cli.ca import ca
from everyhop.cli.cert import cert
from everyhop.cli.trust import trust
from everyhop.model.certificate import CertificateRequest
from everyhop.model.tool import VERSION
from everyhop.pki.authority import Authority
from everyhop.pki.revocation import revocations
from tests.authority_home import PASSPHRASE, ROOT_PASSPHRASE, Desk, at, copied, found, later, new_desk

pytestmark = pytest.mark.pure

GROUPS = {"ca": ca, "cert": cert, "trust": trust}
SUBCOMMANDS = [(name, sub) for name, group in GROUPS.items() for sub in group.list_commands(click.Context(group))]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = new_desk(tmp_path_factory.mktemp("founded"))
    found(desk)
    return desk


@pytest.fixture
def desk(founded: Desk, tmp_path: Path) -> Desk:
    return copied(founded, tmp_path)


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)


def listed(desk: Desk, name: str) -> dict[str, object]:
    lineages = json.loads(desk.run("cert", "list", "--format", "json").output)["lineages"]
    return next(dict(one) for one in lineages if one["name"] == name)


def serial(desk: Desk, name: str) -> str:
    return str(listed(desk, name)["serial"])


@pytest.mark.parametrize(("name", "sub"), SUBCOMMANDS)
def test_every_subcommand_begins_with_two_examples(empty: Desk, name: str, sub: str) -> None:
    """In the form in which they are typed, before the options."""
    result = empty.run(name, sub, "--help")
    assert result.exit_code == 0
    examples = result.output.partition("\nOptions:")[0].splitlines()
    assert sum(line.startswith(f"    everyhop {name} {sub}") for line in examples) >= 2
    assert "\b" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_the_whole_way(empty: Desk) -> None:
    """Made, issued, listed, renewed, revoked, its list renewed, and all of it in the ledger."""
    desk = empty
    first = found(desk)
    assert "Tips, for db.internal, 10.0.0.0/8 and nothing else" in first
    assert f"{desk.home}/authority/root-1.key, sealed" in first
    assert "everyhop ca export --root-key" in first
    out = desk.folder / "pg"
    desk.done("cert", "issue", "db.internal", "10.0.0.5", "--out", out, "--crl")
    assert stat.S_IMODE((out / "server.key").stat().st_mode) == 0o600
    chain = x509.load_pem_x509_certificates((out / "server.crt").read_bytes())
    assert [len(chain), len(x509.load_pem_x509_certificates((out / "ca.crt").read_bytes()))] == [2, 1]
    desk.done("cert", "issue", "--user", "app", "--out", desk.folder / "app")
    overview = desk.run("cert", "list").output
    assert "db.internal  (internal, server)\n  life   ########## 100 % left, until" in overview
    assert "not due" in desk.done("renew")
    before = serial(desk, "app")
    renewed = desk.done("renew", "app", "--force").splitlines()
    assert renewed[0].startswith("app: renewed: version 2, serial ")
    assert renewed[1] == f"  deployed  app  {desk.folder / 'app'}"
    now = serial(desk, "app")
    assert now != before
    revoked = desk.done("cert", "revoke", "app", "--reason", "keyCompromise")
    assert f"revoked: app, serial {now} (keyCompromise)\n  CRL number 2 says so" in revoked
    assert f"    {out}/ca.crl  (everyhop renew writes it, and reloads)" in revoked
    again = desk.done("renew")
    assert "it was revoked on" in again
    assert f"  deployed  app  {out}" in again
    assert serial(desk, "app") != now
    pem = desk.run("ca", "crl").stdout
    assert (out / "ca.crl").read_text() == pem
    assert [f"{one.serial:x}" for one in revocations(pem)] == [now]
    assert "number 3, 1 revoked" in desk.opened("ca", "crl", "--renew").stderr
    ledger = json.loads(desk.run("ca", "ledger", "--format", "json").output)
    kinds = [entry["kind"] for entry in ledger["entries"]]
    assert [kinds.count(kind) for kind in ("issued", "renewed", "revoked", "authority")] == [2, 2, 1, 2]
    assert desk.run("ca", "ledger", "--verify").exit_code == 0
    for said in desk.said:
        for secret in (PASSPHRASE, ROOT_PASSPHRASE, "PRIVATE KEY", "Traceback"):
            assert secret not in said


def test_json_has_stable_keys(desk: Desk) -> None:
    """Programs read them, so keys are only ever added (docs/reference/certificates.md)."""
    desk.done("cert", "issue", "db.internal", "--out", desk.folder / "out")
    shown = json.loads(desk.run("cert", "show", "db.internal", "--format", "json").output)
    head = {"schema": "everyhop/1", "command": "cert show", "tool": {"version": VERSION}}
    assert {key: shown[key] for key in head} == head
    assert set(shown) == {*head, "started", "what", "chain", "trusted", "trust", "findings", "gaps", "wrong", "notes"}
    assert set(shown["chain"][0]) == {
        *("subject", "issuer", "names", "not_before", "not_after", "key", "signature", "sha256", "serial", "usages")
    }
    assert set(listed(desk, "db.internal")) == {
        *("name", "path", "issuer", "profile", "version", "serial", "leaf", "share_left", "due", "deployments"),
        *("failures", "revoked"),
    }
    authority = json.loads(desk.run("ca", "show", "--format", "json").output)["authority"]
    assert set(authority) == {"name", "permitted", "roll_over", "sealed", "generations"}
    entry = json.loads(desk.run("ca", "ledger", "--format", "json").output)["entries"][0]
    assert set(entry) == {
        *("number", "digest", "kind", "at", "actor", "lineage", "issuer", "serial", "sha256", "names", "not_after"),
        "detail",
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["db.internal "], 2, "hint: take the blanks away: 'db.internal'"),
        (["https://db.internal"], 2, "hint: write the host alone: 'db.internal'"),
        (["a*.db.internal"], 2, "hint: a wildcard stands for the whole leftmost label"),
        (["bücher.db.internal"], 2, "hint: write it in A-labels: xn--bcher-kva.db.internal"),
        (["10.0.0.0/8"], 2, "hint: a certificate is for single addresses, not for networks"),
        ([], 2, "name at least one host, or a --user"),
        (["--user", "node"], 2, "would be taken for a node of CockroachDB"),
        (["--user", "app", "--profile", "server"], 2, "--user is for the profile client"),
        (["db.internal", "--key", "ed25519"], 2, "hint: PostgreSQL's channel binding breaks"),
        (["db.example.org"], 4, "lies outside of what this authority may speak for (db.internal, 10.0.0.0/8)"),
        (["db.internal", "--days", "3000"], 4, "3000 days would end after the authority itself"),
        (["db.internal", "--for", "cockroachdb"], 2, "hint: --profile node for a node, --user NAME for a client"),
        (["db.internal", "--owner", "root"], 2, "hint: --for PRODUCT has usual places, --out DIR names one"),
        (["db.internal", "--out", "x", "--owner", "no-such-account"], 2, "hint: is the product installed?"),
        (["db.internal", "--out", "x", "--reload", "'"], 2, "--reload: the command cannot be read"),
        (["db.internal", "--out", "x", "--endpoint", "db"], 2, "--endpoint: "),
        (["--user", "app", "--for", "postgresql"], 2, "hint: --out DIR says where"),
        (["tips.example.org", "--issuer", "acme"], 4, "hint: --webroot DIR"),
        (["--user", "app", "--issuer", "acme", "--standalone"], 4, "public authorities certify servers alone"),
        (["tips.example.org", "--issuer", "acme", "--directory", "x"], 2, "'x' is no address of an ACME directory"),
        (["tips.example.org", "--eab-kid", "x"], 2, "--eab-kid and --eab-key-file go together"),
        (["tips.example.org", "--issuer", "acme", "--listen", ":80"], 2, "--listen goes with --standalone"),
        (["tips.example.org", "--issuer", "acme", "--standalone", "--listen", "x"], 2, "hint: 10.0.0.5:80, [2001:db8"),
    ],
)
def test_what_cannot_be_issued_is_told_with_a_hint_and_leaves_nothing(
    desk: Desk, words: list[str], code: int, said: str
) -> None:
    """Exit code 2 for what cannot be meant, 4 for what the issuer refuses; no lineage, no entry."""
    result = desk.opened("cert", "issue", *words)
    assert result.exit_code == code
    assert said in result.stderr
    assert "hint: " in result.stderr
    assert "no lineage yet" in desk.run("cert", "list").output
    assert len(json.loads(desk.run("ca", "ledger", "--format", "json").output)["entries"]) == 1


def test_a_second_lineage_of_a_name_is_refused(desk: Desk) -> None:
    """The first stays as it is."""
    desk.done("cert", "issue", "db.internal")
    before = serial(desk, "db.internal")
    result = desk.opened("cert", "issue", "db.internal")
    assert result.exit_code == 4
    assert "hint: everyhop renew db.internal --force makes its next version" in result.stderr
    assert serial(desk, "db.internal") == before


def signing_request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "db.internal") -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_request_is_signed_for_a_key_that_stays_elsewhere(desk: Desk) -> None:
    """The chain goes to stdout, the ledger knows of it, and it is revoked by its file."""
    key, csr = ec.generate_private_key(ec.SECP256R1()), desk.folder / "server.csr"
    csr.write_text(signing_request(key))
    chain = desk.folder / "chain.pem"
    chain.write_text(desk.opened("cert", "issue", "--csr", csr).stdout)
    assert "no lineage yet" in desk.run("cert", "list").output
    file = desk.folder / "server.key"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    shown = desk.run("cert", "show", chain, "--key", file)
    assert shown.exit_code == 0
    assert f"the key in {file} belongs to it" in shown.output
    assert "trusted leads to the internal authority's anchors" in shown.output
    assert "CRL number 2" in desk.done("cert", "revoke", chain)


def test_a_weak_or_altered_request_is_refused(desk: Desk) -> None:
    """Each with the reason."""
    csr = desk.folder / "weak.csr"
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    csr.write_text(signing_request(weak))
    result = desk.opened("cert", "issue", "--csr", csr)
    assert (result.exit_code, "the key has 1024 bits" in result.stderr) == (4, True)
    good = x509.load_pem_x509_csr(signing_request(ec.generate_private_key(ec.SECP256R1())).encode())
    der = bytearray(good.public_bytes(Encoding.DER))
    der[der.index(b"db.internal")] = ord("x")
    csr.write_bytes(x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM))
    result = desk.opened("cert", "issue", "--csr", csr)
    assert (result.exit_code, "signature is not good for its key" in result.stderr) == (4, True)


def test_a_key_of_another_certificate_is_told(desk: Desk) -> None:
    """As a server would find out when it starts."""
    for name in ("a.db.internal", "b.db.internal"):
        desk.done("cert", "issue", name, "--out", desk.folder / name)
    crt, key = desk.folder / "a.db.internal" / "server.crt", desk.folder / "b.db.internal" / "server.key"
    result = desk.run("cert", "show", crt, "--key", key)
    assert result.exit_code == 4
    assert result.stderr == (
        f"everyhop: {key}: the key does not belong to the certificate\nhint: they are of two different issuances\n"
    )


def test_what_is_wrong_with_a_certificate_is_told(desk: Desk) -> None:
    """By the same rules as everywhere, and with exit code 1."""
    file = desk.folder / "other.pem"
    other = Authority.create("Other", lambda: later(-400))
    file.write_text(other.issue(CertificateRequest(("db.internal",))).chain_pem)
    result = desk.run("cert", "show", file)
    assert result.exit_code == 1
    assert "wrong   expired-certificate (high)" in result.output
    assert "---------- " in result.output


def test_passphrases_are_asked_without_echo(tmp_path: Path) -> None:
    """On a real terminal: twice each for new ones; nothing that was typed is shown."""
    home = tmp_path / "home"
    command = [sys.executable, "-m", "everyhop", "ca", "init", "--permit", "db.internal", "--state", str(home)]
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "dumb"}
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    ) as child:
        os.close(slave)
        said = b""
        typed = [ROOT_PASSPHRASE, ROOT_PASSPHRASE, PASSPHRASE, PASSPHRASE]
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            said += piece
            if typed and said.rstrip(b" ").endswith(b":") and piece.rstrip(b" ").endswith(b":"):
                os.write(master, typed.pop(0).encode() + b"\n")
    os.close(master)
    assert child.returncode == 0, said
    assert typed == []
    assert PASSPHRASE.encode() not in said
    assert ROOT_PASSPHRASE.encode() not in said
    assert (home / "authority" / "root-1.key").read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_where_nobody_can_be_asked_it_says_what_to_give(desk: Desk) -> None:
    """A pipe, a timer: no prompt, no hanging."""
    result = desk.run("cert", "issue", "db.internal")
    assert result.exit_code == 2
    assert (
        "there is no terminal to ask on\nhint: give a file that only you can read (--passphrase-file" in result.stderr
    )


def test_systemds_credential_is_taken(desk: Desk) -> None:
    """As LoadCredential= hands it over."""
    credentials = desk.folder / "credentials"
    credentials.mkdir()
    (credentials / "everyhop-passphrase").write_text(PASSPHRASE)
    result = desk.run("cert", "issue", "db.internal", CREDENTIALS_DIRECTORY=str(credentials))
    assert result.exit_code == 0


def test_a_passphrase_file_that_others_read_is_refused(desk: Desk) -> None:
    """And the one that is right stays silent (everywhere else)."""
    desk.file.chmod(0o640)
    result = desk.opened("cert", "issue", "db.internal")
    assert result.exit_code == 2
    assert "others can read or change it (mode 0640)" in result.stderr


def test_a_wrong_passphrase_opens_nothing_and_is_not_shown(desk: Desk) -> None:
    """Nor is the right one."""
    desk.file.write_text("not the right one at all\n")
    result = desk.opened("cert", "issue", "db.internal")
    assert result.exit_code == 4
    assert "the passphrase does not open the key" in result.stderr
    assert "not the right one" not in result.output
    assert "no lineage yet" in desk.run("cert", "list").output


def test_a_wrong_passphrase_revokes_nothing(desk: Desk) -> None:
    """Neither half: what the ledger does not know of, renewal must not act upon."""
    desk.done("cert", "issue", "db.internal")
    kept = desk.file.read_text()
    desk.file.write_text("not the right one at all\n")
    assert desk.opened("cert", "revoke", "db.internal").exit_code == 4
    desk.file.write_text(kept)
    assert listed(desk, "db.internal")["revoked"] is None
    assert "not due" in desk.done("renew", "db.internal")


def test_what_is_revoked_is_told_wherever_it_is_looked_at(desk: Desk) -> None:
    """In the list, in what is shown of it, and by a second revocation, which changes neither date nor reason."""
    for name in ("db.internal", "a.db.internal"):
        desk.done("cert", "issue", name)
    first = desk.done("cert", "revoke", "db.internal", "--reason", "keycompromise")
    assert "everyhop renew db.internal: it gets another one" in first
    again = desk.done("cert", "revoke", "db.internal", "--reason", "superseded")
    assert "revoked since " in again
    assert "(keyCompromise), which stays: db.internal" in again
    text = desk.run("cert", "list").output
    assert text.count("revoked  since ") == 1
    shown = desk.run("cert", "show", "db.internal")
    assert (shown.exit_code, "it was revoked on " in shown.output) == (1, True)
    assert desk.run("cert", "show", "a.db.internal").exit_code == 0
    ended = desk.done("cert", "revoke", "a.db.internal", "--reason", "cessationOfOperation")
    assert "gets another one" not in ended
    assert "it is not renewed" in desk.run("cert", "list").output


def test_files_of_another_lineage_are_left_alone(desk: Desk) -> None:
    """Two in one folder would take turns; the anchors, which are the same for both, may lie there for both."""
    out = desk.folder / "pg"
    desk.done("cert", "issue", "db.internal", "--out", out)
    before = (out / "server.crt").read_bytes()
    for words in (("issue", "b.db.internal", "--out", out), ("issue", "b.db.internal", "--out", out, "--overwrite")):
        result = desk.opened("cert", *words)
        assert result.exit_code == 4
        assert f"{out}/server.crt: belongs to the lineage db.internal" in result.stderr
    assert (out / "server.crt").read_bytes() == before
    desk.done("cert", "issue", "--user", "app", "--out", out)
    assert "nothing to do" in desk.run("cert", "deploy", "db.internal", "--out", out).output
    assert len(json.loads(desk.run("cert", "list", "--format", "json").output)["lineages"]) == 2


def test_files_that_everyhop_did_not_write_are_left_alone_unless_told(desk: Desk) -> None:
    """Somebody's own key is no more where it was written over: nothing is issued, before it is asked for so."""
    out = desk.folder / "pg"
    out.mkdir()
    (out / "server.key").write_text("somebody's own")
    result = desk.opened("cert", "issue", "db.internal", "--out", out)
    assert (result.exit_code, "did not write it\nhint: " in result.stderr) == (4, True)
    assert "no lineage yet" in desk.run("cert", "list").output
    assert (out / "server.key").read_text() == "somebody's own"
    desk.done("cert", "issue", "db.internal", "--out", out, "--overwrite")
    assert "PRIVATE KEY" in (out / "server.key").read_text()
    assert any(one.read_text() == "somebody's own" for one in desk.home.glob("journal/*/*/before-*"))


def test_the_authoritys_own_anchors_are_no_strangers_file(desk: Desk) -> None:
    """Written beforehand by ca export, as the application's developer does first."""
    out = desk.folder / "app"
    out.mkdir()
    assert desk.run("ca", "export", "--output", out / "ca.crt").exit_code == 0
    desk.done("cert", "issue", "--user", "app", "--out", out)
    (out / "ca.crt").write_text("another authority")
    other = desk.opened("cert", "issue", "--user", "other", "--out", out, "--lineage", "other")
    assert (other.exit_code, "belongs to the lineage app" in other.stderr) == (4, True)


def test_a_signed_request_is_not_lost_for_want_of_a_place(desk: Desk) -> None:
    """Where its chain cannot be written, nothing is signed."""
    csr, out = desk.folder / "server.csr", desk.folder / "out"
    csr.write_text(signing_request(ec.generate_private_key(ec.SECP256R1())))
    missing = desk.opened("cert", "issue", "--csr", csr, "--out", out)
    assert (missing.exit_code, "there is no such directory" in missing.stderr) == (2, True)
    out.mkdir()
    (out / "ca.crt").write_text("another authority")
    taken = desk.opened("cert", "issue", "--csr", csr, "--out", out)
    assert (taken.exit_code, "did not write it" in taken.stderr) == (4, True)
    assert len(json.loads(desk.run("ca", "ledger", "--format", "json").output)["entries"]) == 1
    desk.done("cert", "issue", "--csr", csr, "--out", out, "--overwrite")
    assert (out / "server.crt").read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_file_that_is_not_one_chain_is_told_by_what_it_is(desk: Desk) -> None:
    """A key, a folder, a bundle, nothing; and a chain in the wrong order."""
    out = desk.folder / "pg"
    desk.done("cert", "issue", "db.internal", "--out", out)
    (out / "many.pem").write_text((out / "ca.crt").read_text() * 33)
    (out / "turned.pem").write_text((out / "ca.crt").read_text() + (out / "server.crt").read_text())
    for name, said in (
        ("server.key", "holds a private key, and no certificate"),
        (".", "is a directory"),
        ("many.pem", "holds more than 32 certificates"),
        ("none.pem", "there is no such file"),
    ):
        result = desk.run("cert", "show", out / name)
        assert (result.exit_code, said in result.stderr, "PRIVATE KEY" in result.output) == (2, True, False)
    turned = desk.run("cert", "show", out / "turned.pem")
    assert (turned.exit_code, "wrong   out of order: " in turned.output) == (1, True)
    assert desk.run("cert", "show", out / "server.crt").exit_code == 0


def test_a_timer_is_written_where_a_relative_path_leads(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is typed; the units themselves hold absolute paths alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "units").mkdir()
    desk.done("renew", "--install", "--into", "units")
    assert f"--state {desk.home}" in (tmp_path / "units" / "everyhop-renew.service").read_text()
    desk.done("renew", "--install", "--cron", "--into", "cron-file")
    assert f"--state {desk.home}" in (tmp_path / "cron-file").read_text()


def test_what_could_not_be_deployed_at_first_is_deployed_by_renew(desk: Desk) -> None:
    """It is kept, told in the list, and not offered as settings to paste before it is there."""
    (desk.folder / "elsewhere").mkdir()
    (desk.folder / "pg").symlink_to(desk.folder / "elsewhere")
    result = desk.opened("cert", "issue", "db.internal", "--out", desk.folder / "pg")
    assert result.exit_code == 1
    assert "then everyhop renew db.internal: it deploys what is kept" in result.output
    assert f"    {desk.folder}/pg/server.crt" not in result.output
    assert "failed once" in desk.run("cert", "list").output
    (desk.folder / "pg").unlink()
    assert "db.internal: deployed" in desk.done("renew", "db.internal")
    assert (desk.folder / "pg" / "server.key").exists()
    assert "failed" not in desk.run("cert", "list").output


def test_an_unsealed_intermediate_is_told_and_asks_nobody(empty: Desk) -> None:
    """The root is sealed all the same."""
    words = ("--permit", "db.internal", "--unsealed", "--root-passphrase-file", empty.root_file)
    result = empty.run("ca", "init", *words)
    assert result.exit_code == 0
    assert "IN THE CLEAR" in result.output
    assert empty.run("cert", "issue", "db.internal").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--permit: an authority is told for which names it may speak"),
        (["--permit", "db.internal", "--unconstrained"], "--unconstrained and --permit exclude each other"),
        (["--permit", "10.0.0.1/8"], "hint: write 10.0.0.0/8"),
        (["--permit", "*.db.internal"], "hint: a domain permits all below it: db.internal"),
        (["--permit", "db.internal", "--key", "rsa-1024"], "hint: one of EC P-256"),
        (["--permit", "db.internal", "--unsealed", "--passphrase-file", "x"], "exclude each other"),
    ],
)
def test_an_authority_that_cannot_be_meant_is_refused(empty: Desk, words: list[str], said: str) -> None:
    """Before anybody is asked for a passphrase, and nothing is made."""
    result = empty.run("ca", "init", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not empty.home.exists()


def test_a_second_authority_is_refused_before_a_passphrase_is_typed(desk: Desk) -> None:
    """The first one stays."""
    result = desk.run("ca", "init", "--permit", "db.internal")
    assert result.exit_code == 4
    assert "there is an authority already" in result.stderr


def test_a_directory_that_cannot_be_written_is_told(empty: Desk) -> None:
    """Nobody writes below /proc, not even root."""
    words = (
        "ca",
        "init",
        "--permit",
        "db.internal",
        "--root-passphrase-file",
        empty.root_file,
        "--state",
        "/proc/everyhop",
    )
    result = empty.opened(*words)
    assert result.exit_code == 4
    assert "/proc/everyhop" in result.stderr


def test_a_state_directory_of_others_is_refused(desk: Desk) -> None:
    """Who can write there could put an authority in place of ours."""
    desk.home.chmod(0o755)
    result = desk.run("cert", "list")
    assert result.exit_code == 4
    assert str(desk.home) in result.stderr


def test_a_clock_that_was_set_back_makes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made by it would be dated wrongly."""
    desk.done("cert", "issue", "db.internal")
    at(desk, later(-30), monkeypatch)
    issued = desk.opened("cert", "issue", "b.db.internal")
    assert (issued.exit_code, "was this machine's clock set back?" in issued.stderr) == (4, True)
    renewed = desk.opened("renew", "db.internal")
    assert (renewed.exit_code, "set the clock" in renewed.output) == (4, True)


def test_an_expired_intermediate_issues_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is told how to go on."""
    at(desk, later(1900), monkeypatch)
    result = desk.opened("cert", "issue", "db.internal")
    assert result.exit_code == 4
    assert "the authority expired on" in result.stderr
    assert "EXPIRED" in desk.run("ca", "show").output


def test_renewal_comes_by_itself_when_it_is_due(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the last third, with the revocation lists; a dry run only tells."""
    desk.done("cert", "issue", "db.internal")
    first = serial(desk, "db.internal")
    at(desk, later(70), monkeypatch)
    told = desk.run("renew", "--dry-run").output
    assert "CRL: due: it expired" in told
    assert "db.internal: due: enough of its life is over" in told
    assert serial(desk, "db.internal") == first
    assert desk.opened("renew").exit_code == 0
    assert serial(desk, "db.internal") != first
    assert "db.internal: not due" in desk.run("renew").output


def test_one_that_fails_keeps_no_other_from_being_renewed(desk: Desk) -> None:
    """It is told, noted, and tried again later."""
    for name in ("a.db.internal", "b.db.internal", "c.db.internal"):
        desk.done("cert", "issue", name)
    live = desk.home / "lineages" / "b.db.internal" / "live" / "key.pem"
    live.write_text("damaged")
    result = desk.opened("renew", "--force")
    assert result.exit_code == 4
    assert [line.split(":")[1] for line in result.output.splitlines() if ".db." in line] == [
        *(" renewed", " failed", " renewed")
    ]
    assert desk.run("cert", "list").exit_code == 4


def test_a_consumer_that_refuses_gets_its_old_files_back(desk: Desk) -> None:
    """The new version waits for the next run, which brings it as soon as the consumer takes it."""
    out, refuses = desk.folder / "out", desk.folder / "refuses"
    reload = f"sh -c '! test -e {refuses}'"
    desk.done("cert", "issue", "db.internal", "--out", out, "--reload", reload)
    before = (out / "server.crt").read_bytes()
    refuses.touch()
    result = desk.opened("renew", "--force")
    assert result.exit_code == 4
    assert "sh refused to reload: exit code 1" in result.output
    assert (out / "server.crt").read_bytes() == before
    assert "failed once" in desk.run("cert", "list").output
    refuses.unlink()
    assert "db.internal: deployed" in desk.done("renew")
    assert (out / "server.crt").read_bytes() != before
    assert "failed" not in desk.run("cert", "list").output
    assert desk.done("renew", "--quiet") == ""


def test_who_has_left_gets_no_other_certificate(desk: Desk) -> None:
    """After cessationOfOperation; after keyCompromise there is a new one (the whole way)."""
    desk.done("cert", "issue", "--user", "app")
    desk.done("cert", "revoke", "app", "--reason", "cessationOfOperation")
    assert "app: not renewed: it was revoked on" in desk.done("renew")


def test_revoking_by_serial_takes_it_as_people_write_it(desk: Desk) -> None:
    """With colons, in capitals; and what is not here is told."""
    desk.done("cert", "issue", "--user", "app")
    number = serial(desk, "app")
    padded = number if len(number) % 2 == 0 else f"0{number}"
    assert f"serial {number}" in desk.done("cert", "revoke", ":".join(re.findall("..", padded.upper())))
    result = desk.opened("cert", "revoke", "abcdef")
    assert (result.exit_code, "everyhop cert list tells" in result.stderr) == (2, True)


def test_a_changed_entry_is_found(desk: Desk) -> None:
    """The ledger is proof against mistakes, and with a witness against those who write it."""
    desk.done("cert", "issue", "db.internal")
    intact = desk.run("ca", "ledger", "--verify")
    witness = intact.output.splitlines()[-1].removeprefix("witness ")
    assert desk.run("ca", "ledger", "--verify", "--witness", witness).exit_code == 0
    with sqlite3.connect(desk.home / "ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE entries SET text = replace(text, 'db.internal', 'db.attacker') WHERE number = 2")
    connection.close()
    broken = desk.run("ca", "ledger", "--verify")
    assert (broken.exit_code, broken.output[:8]) == (1, "entry 2 ")


def test_a_roll_over_leaves_nobody_behind(desk: Desk) -> None:
    """Each step waits for what is deployed; each leads back; afterwards everything comes from the new root."""
    out = desk.folder / "out"
    desk.done("cert", "issue", "db.internal", "--out", out)
    old = (out / "ca.crt").read_text()
    passphrases = ("--root-passphrase-file", desk.root_file)

    def anchors() -> int:
        return (out / "ca.crt").read_text().count("BEGIN CERTIFICATE")

    asked = desk.opened("ca", "roll", *passphrases)
    assert (asked.exit_code, "--yes does it" in asked.stderr) == (2, True)
    assert "next    step 1 of 4" in desk.run("ca", "roll", "--plan").output
    desk.done("ca", "roll", "--yes", *passphrases)
    refused = desk.opened("ca", "roll", "--yes")
    assert (refused.exit_code, "would leave somebody behind" in refused.stderr) == (4, True)
    desk.done("renew")
    assert anchors() == 2
    desk.done("ca", "roll", "--yes")
    desk.done("renew")
    assert "Tips intermediate 2" in desk.run("cert", "show", "db.internal").output
    desk.done("ca", "roll", "--yes", "--undo")
    desk.done("renew")
    assert "Tips intermediate 1" in desk.run("cert", "show", "db.internal").output
    for _ in range(2):
        desk.done("ca", "roll", "--yes")
        desk.done("renew")
    assert anchors() == 1
    assert (out / "ca.crt").read_text() != old
    assert "stands  settled" in desk.done("ca", "roll", "--yes").split("\n\n")[-1]
    assert desk.run("ca", "ledger", "--verify").exit_code == 0


def test_the_roots_key_goes_offline(desk: Desk) -> None:
    """And is missed by the roll-over alone, which takes it from where it is."""
    stick = desk.folder / "root.key"
    assert desk.run("ca", "export", "--root-key", stick).exit_code == 0
    assert stat.S_IMODE(stick.stat().st_mode) == 0o600
    assert "not here (offline)" in desk.run("ca", "show").output
    desk.done("cert", "issue", "db.internal")
    words = ("ca", "roll", "--yes", "--root-passphrase-file", desk.root_file)
    assert desk.opened(*words).exit_code == 4
    desk.done(*words, "--root-key", stick)


def test_anchors_are_exported_in_every_form(desk: Desk) -> None:
    """PEM, DER, and a keystore of Java's."""
    pem = desk.run("ca", "export").stdout
    one = x509.load_pem_x509_certificate(pem.encode())
    assert desk.run("ca", "export", "--format", "der").stdout_bytes == one.public_bytes(Encoding.DER)
    file = desk.folder / "anchors.p12"
    assert desk.run("ca", "export", "--format", "java", "--output", file).exit_code == 0
    assert file.stat().st_size > 500


def test_a_store_believes_and_forgets(desk: Desk) -> None:
    """Told which stores changed."""
    file = desk.folder / "bundle.pem"
    words = ("--store", f"bundle={file}")
    assert "believes it now" in desk.run("trust", "install", *words).output
    assert "believed it already" in desk.run("trust", "install", *words).output
    assert file.read_text().count("BEGIN") == 1
    assert "has forgotten it" in desk.run("trust", "remove", *words).output
    assert "did not know it" in desk.run("trust", "remove", *words).output


def test_an_authority_for_every_name_is_believed_only_on_purpose(desk: Desk) -> None:
    """Whoever has its key could pose as every site to this machine."""
    file = desk.folder / "any.pem"
    file.write_text(Authority.create("Any", lambda: later(0)).anchors_pem)
    words = ("trust", "install", file, "--store", f"bundle={desk.folder / 'bundle.pem'}")
    refused = desk.run(*words)
    assert (refused.exit_code, "hint: everyhop ca init --permit" in refused.stderr) == (4, True)
    assert desk.run(*words, "--unconstrained").exit_code == 0
    assert desk.run("trust", "install", "--store", "windows").exit_code == 2


def certbot(folder: Path, number: int, authority: Authority) -> Path:
    """As certbot keeps a lineage: links into the archive."""
    issued = authority.issue(CertificateRequest(("tips.example.org",)))
    archive, live = folder / "archive" / "tips.example.org", folder / "live" / "tips.example.org"
    for directory in (archive, live):
        directory.mkdir(parents=True, exist_ok=True)
    for part, text in (("fullchain", issued.chain_pem), ("privkey", issued.key_pem.reveal())):
        (archive / f"{part}{number}.pem").write_text(text)
        (live / f"{part}.pem").unlink(missing_ok=True)
        (live / f"{part}.pem").symlink_to(f"../../archive/tips.example.org/{part}{number}.pem")
    return live


def test_what_certbot_renews_is_deployed(empty: Desk) -> None:
    """By the hook that was written for it, which leaves certbot's other lineages alone."""
    authority = Authority.create("Public", lambda: later(0))
    live, out = certbot(empty.folder, 1, authority), empty.folder / "out"
    result = empty.run("cert", "adopt", live, "--out", out)
    assert result.exit_code == 0, result.output
    hook = empty.folder / "renewal-hooks" / "deploy" / "everyhop-tips-example-org"
    assert hook.stat().st_mode & 0o111
    first = (out / "server.crt").read_text()
    certbot(empty.folder, 2, authority)
    for lineage in (live.with_name("other.example.org"), live):
        assert (out / "server.crt").read_text() == first
        environment = {"PATH": os.environ["PATH"], "RENEWED_LINEAGE": str(lineage)}
        subprocess.run([hook], env=environment, check=True, capture_output=True)
    assert (out / "server.crt").read_text() == (live / "fullchain.pem").read_text() != first
    assert "certbot renews it" in empty.run("cert", "list").output
    assert empty.run("cert", "adopt", empty.folder).exit_code == 2


def test_names_that_are_alike_have_hooks_of_their_own(empty: Desk) -> None:
    """`a.b`, `a-b` and `a@b`: a hook that another one replaced would leave the first without renewals."""
    live = certbot(empty.folder, 1, Authority.create("Public", lambda: later(0)))
    for name in ("tips.example", "tips-example", "tips@example"):
        assert empty.run("cert", "adopt", live, "--lineage", name).exit_code == 0
    hooks = list((empty.folder / "renewal-hooks" / "deploy").iterdir())
    assert len(hooks) == 3
    assert all(character.isalnum() or character == "-" for hook in hooks for character in hook.name)


def test_without_its_hook_nothing_is_adopted(empty: Desk) -> None:
    """It would be deployed once and never again, and nobody would know."""
    live = certbot(empty.folder, 1, Authority.create("Public", lambda: later(0)))
    (empty.folder / "renewal-hooks").write_text("in the way")
    assert empty.run("cert", "adopt", live).exit_code == 4
    assert "no lineage yet" in empty.run("cert", "list").output
    (empty.folder / "renewal-hooks").unlink()
    assert "nobody uses it yet" in empty.run("cert", "adopt", live).output


def test_a_timer_is_written_once(desk: Desk) -> None:
    """With the passphrase as a credential; and not without one, for nobody can be asked at night."""
    units = desk.folder / "units"
    units.mkdir()
    refused = desk.run("renew", "--install", "--into", units)
    assert (refused.exit_code, "at night" in refused.stderr) == (2, True)
    assert f"written: {units}/everyhop-renew.timer" in desk.done("renew", "--install", "--into", units)
    service = (units / "everyhop-renew.service").read_text()
    assert f"LoadCredential=everyhop-passphrase:{desk.file}" in service
    assert f"renew --state {desk.home}" in service
    assert "as it was" in desk.done("renew", "--install", "--into", units)
    desk.done("renew", "--install", "--cron", "--into", desk.folder / "cron")
    assert f"--passphrase-file {desk.file}" in (desk.folder / "cron").read_text()


def test_one_more_uses_a_lineage(desk: Desk) -> None:
    """And is kept up to date from then on; the same folder again changes who it is, and is no second one."""
    desk.done("cert", "issue", "db.internal")
    one, two = desk.folder / "one", desk.folder / "two"
    for out in (one, two, one):
        result = desk.run("cert", "deploy", "db.internal", "--out", out)
        assert result.exit_code == 0, result.output
    desk.done("renew", "--force")
    assert (one / "server.crt").read_bytes() == (two / "server.crt").read_bytes()
    assert desk.run("cert", "list").output.count("  with   app") == 2
    assert desk.run("cert", "deploy", "db.internal").exit_code == 2
    assert desk.run("cert", "deploy", "db.interna", "--out", one).exit_code == 4


def test_nothing_is_made_by_looking(empty: Desk) -> None:
    """Before there is anything, lists are empty and no directory appears."""
    assert "no lineage yet" in empty.run("cert", "list").output
    assert "nothing to renew" in empty.run("renew").output
    assert empty.run("ca", "show").exit_code == 4
    assert not empty.home.exists()


def test_groups_hold_click_commands_only() -> None:
    """What the reference page is generated from."""
    assert all(
        isinstance(GROUPS[name].get_command(click.Context(GROUPS[name]), sub), click.Command)
        for name, sub in SUBCOMMANDS
    )
