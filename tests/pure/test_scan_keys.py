"""Keys and certificates in a tree: who can read them, who serves with them, how long they last."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.certificate import CertificateRequest
from everyhop.model.finding import Certainty
from everyhop.scan.tracked import is_tracked
from everyhop.x509.key import private_keys
from tests.certificates import new_authority

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Pem = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
NO_PASSPHRASE = serialization.NoEncryption()


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(passphrase) if passphrase else NO_PASSPHRASE
    return key.private_bytes(Pem, PKCS8, sealed).decode()


def index(*names: str) -> bytes:
    """A git index of version 2 with these names."""
    entries = b""
    for name in names:
        entry = bytes(62) + name.encode()
        entries += entry + bytes(8 - len(entry) % 8)
    return b"DIRC" + (2).to_bytes(4, "big") + len(names).to_bytes(4, "big") + entries + bytes(20)


def tracking(root: Path, *names: str) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "index").write_bytes(index(*names))


def found(root: Path) -> dict[str, Certainty]:
    return {finding.rule: finding.certainty for finding in scan([root], Settings(), NOW).findings}


KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("tracked", "mode", "python", "rules"),
    [
        (True, 0o644, False, {"key-in-repository": Certainty.CERTAIN}),
        (True, 0o600, False, {"key-in-repository": Certainty.CERTAIN}),
        (False, 0o600, True, {}),
        (False, 0o644, True, {"world-readable-key": Certainty.CERTAIN}),
        (None, 0o644, True, {"key-in-repository": Certainty.POSSIBLE}),
        (None, 0o644, False, {"world-readable-key": Certainty.CERTAIN}),
        (None, 0o640, False, {}),
    ],
)
def test_where_a_key_lies(
    tracked: bool | None,  # noqa: FBT001
    mode: int,
    python: bool,  # noqa: FBT001
    rules: dict[str, Certainty],
    tmp_path: Path,
) -> None:
    """A checkout's mode says nothing of a server's; what is ignored is kept, not published."""
    key = tmp_path / "app.key"
    key.write_text(pem(KEY))
    key.chmod(mode)
    (tmp_path / ("app.py" if python else "notes.txt")).write_text("x = 1\n")
    if tracked is not None:
        tracking(tmp_path, *(["app.key"] if tracked else []), "app.py")
    assert found(tmp_path) == rules


def test_keys_of_tests_and_with_a_passphrase_are_possible_only(tmp_path: Path) -> None:
    """They are told, and fail no build by themselves."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "fixture.pem").write_text(pem(KEY))
    (tmp_path / "sealed.pem").write_text(pem(KEY, b"long and winding"))
    tracking(tmp_path, "tests/fixture.pem", "sealed.pem")
    findings = scan([tmp_path], Settings(), NOW).findings
    assert {(f.span.path, f.rule, f.certainty) for f in findings if f.span} == {
        ("tests/fixture.pem", "key-in-repository", Certainty.POSSIBLE),
        ("sealed.pem", "key-in-repository", Certainty.POSSIBLE),
    }


def test_what_only_looks_like_a_key_is_none(tmp_path: Path) -> None:
    """A placeholder, a public key, a certificate that is none."""
    (tmp_path / "a.pem").write_text("-----BEGIN PRIVATE KEY-----\n…your key…\n-----END PRIVATE KEY-----\n")
    (tmp_path / "b.pem").write_text("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n")
    (tmp_path / "c.pem").write_text("-----BEGIN CERTIFICATE-----\nMFkw\n-----END CERTIFICATE-----\n")
    (tmp_path / "d.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    tracking(tmp_path, "a.pem", "b.pem", "c.pem", "d.pem")
    assert found(tmp_path) == {}


def test_a_weak_key(tmp_path: Path) -> None:
    """RSA of 1024 bits, wherever it is kept."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what is to be found
    (tmp_path / "app.key").write_text(pem(weak))
    (tmp_path / "app.key").chmod(0o600)
    assert found(tmp_path) == {"weak-key": Certainty.CERTAIN}


@pytest.mark.parametrize(("days", "rules"), [(90, set()), (3650, {"long-lived-leaf"})])
def test_a_certificate_that_lives_too_long(days: int, rules: set[str], tmp_path: Path) -> None:
    """Ten years are too many for a leaf; its authority has them for good reason."""
    authority = new_authority()
    leaf = authority.issue(CertificateRequest(("db.internal",), timedelta(days=min(days, 3600))))
    (tmp_path / "server.crt").write_text(leaf.chain_pem)
    (tmp_path / "ca.crt").write_text(leaf.anchors_pem)
    assert {finding.rule for finding in scan([tmp_path], Settings(), datetime.now(UTC)).findings} == rules


NGINX = """
server {{ listen 443 ssl; server_name a.example; ssl_certificate_key {key};
  add_header Strict-Transport-Security max-age=31536000 always; root /srv; }}
server {{ listen 443 ssl; server_name b.example; ssl_certificate_key {key};
  add_header Strict-Transport-Security max-age=31536000 always; root /srv; }}
"""
CNF = "[mysqld]\nssl_key={key}\nssl_cert=/c.pem\nrequire_secure_transport=ON\n"


@pytest.mark.parametrize(
    ("web", "database", "rules"),
    [
        ("/etc/ssl/one.key", "/etc/ssl/one.key", {"shared-key": Certainty.POSSIBLE}),
        ("/etc/ssl/one.key", "/etc/ssl/two.key", {}),
    ],
)
def test_a_key_of_two_listeners(web: str, database: str, rules: dict[str, Certainty], tmp_path: Path) -> None:
    """The web server and the database; two sites of one web server are one place."""
    (tmp_path / "nginx.conf").write_text(NGINX.format(key=web))
    (tmp_path / "my.cnf").write_text(CNF.format(key=database))
    assert found(tmp_path) == rules


def test_the_kinds_of_keys() -> None:
    """In words, and without a word about those that a passphrase keeps."""
    openssh = KEY.private_bytes(Pem, serialization.PrivateFormat.OpenSSH, NO_PASSPHRASE).decode()
    old = KEY.private_bytes(Pem, serialization.PrivateFormat.TraditionalOpenSSL, NO_PASSPHRASE).decode()
    sealed = pem(KEY, b"secret phrase")
    told = [(facts.key, facts.encrypted) for facts in private_keys(openssh + old + sealed)]
    assert told == [("EC P-256", False), ("EC P-256", False), (None, True)]


def test_an_index_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    """Version 4 shortens names; a work tree that tracks nothing below the scanned folder is not its repository."""
    tracking(tmp_path, "a.key", "sub/b.key")
    assert is_tracked(tmp_path / "a.key", tmp_path) is True
    assert is_tracked(tmp_path / "c.key", tmp_path) is False
    assert is_tracked(tmp_path / "sub" / "b.key", tmp_path / "sub") is True
    assert is_tracked(tmp_path / "other" / "b.key", tmp_path / "other") is None


def test_a_linked_work_tree(tmp_path: Path) -> None:
    """Where `.git` is a file."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "index").write_bytes(index("a.key"))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: ../real\n")
    assert is_tracked(tmp_path / "tree" / "a.key", tmp_path / "tree") is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app/keys.py", 'KEY = """\n{pem}"""\n'),
        ("deploy/values.yaml", "tls:\n  key: |\n    {indented}\n"),
        ("deploy/start.sh", "cat > /run/key.pem <<EOF\n{pem}EOF\n"),
        ("settings.json", '{{"key": "{escaped}"}}\n'),
    ],
)
def test_a_key_inside_another_file_is_one(tmp_path: Path, name: str, text: str) -> None:
    """Wherever it is written out; a program that looks for such a header holds none."""
    written = pem(KEY)
    forms = {
        "pem": written,
        "indented": written.strip().replace("\n", "\n    "),
        "escaped": written.replace("\n", "\\n"),
    }
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    (tmp_path / "app.py").write_text("import flask\n")
    file.write_text(text.format(**forms))
    assert "key-in-repository" in found(tmp_path)
    file.write_text('BEGIN = "-----BEGIN PRIVATE KEY-----"\nassert text.startswith(BEGIN)\n')
    assert found(tmp_path) == {}


def test_an_authoritys_certificate_lives_long_on_purpose(tmp_path: Path) -> None:
    """It is read all the same."""
    (tmp_path / "ca.crt").write_text(
        new_authority().issue(CertificateRequest(("a.example",), timedelta(days=30))).anchors_pem
    )
    report = scan([tmp_path], Settings(), NOW)
    assert [reading.subject.product for reading in report.readings] == ["ca.crt"]
    assert report.findings == ()
    (tmp_path / "ca.crt").rename(tmp_path / "anchors.py")
    assert scan([tmp_path], Settings(), NOW).readings == ()


def test_a_pipe_in_place_of_an_index_is_not_waited_for(tmp_path: Path) -> None:
    """An archive may hold one, and nobody ever writes into it: then nothing is known."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "one" / ".git")
    assert is_tracked(tmp_path / "one" / "a.key", tmp_path / "one") is None
    (tmp_path / "other" / ".git").mkdir()
    os.mkfifo(tmp_path / "other" / ".git" / "index")
    assert is_tracked(tmp_path / "other" / "a.key", tmp_path / "other") is None
