"""Files that settings name, as they are on this machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.model.sighting import Gap
from everyhop.scan.named import LARGEST, NamedFiles
from tests.certificates import expired, good, new_authority, not_yet_valid


def now() -> datetime:
    """Not once for the module: a whole test run takes longer than a certificate is dated back."""
    return datetime.now(UTC)


@pytest.fixture
def look(tmp_path: Path) -> NamedFiles:
    """At the files of a folder that holds an authority, a certificate with its key, and what is none of them."""
    authority = new_authority()
    app, other = good(authority, "app"), good(authority, "other")
    (tmp_path / "ca.pem").write_text(app.anchors_pem)
    (tmp_path / "app.crt").write_text(app.chain_pem)
    (tmp_path / "app.key").write_text(app.key_pem.reveal())
    (tmp_path / "other.key").write_text(other.key_pem.reveal())
    (tmp_path / "old.crt").write_text(expired(authority, "app").chain_pem)
    (tmp_path / "new.crt").write_text(not_yet_valid(authority, "app").chain_pem)
    (tmp_path / "text.pem").write_text("host=db\n")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "broken.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    der = x509.load_pem_x509_certificate(app.chain_pem.encode()).public_bytes(Encoding.DER)
    (tmp_path / "ca.der").write_bytes(der)
    (tmp_path / "folder").mkdir()
    (tmp_path / "hashed").mkdir()
    (tmp_path / "hashed" / "0a1b2c3d.0").write_text(app.anchors_pem)
    return NamedFiles(tmp_path)


def only(gaps: tuple[Gap, ...]) -> Gap:
    (gap,) = gaps
    assert gap.hint
    return gap


def test_what_is_right_is_silent(look: NamedFiles) -> None:
    """An authority, a certificate and its key; a folder as `openssl rehash` makes it."""
    assert look.gaps("ca.pem", ["ca.pem", "app.crt", "app.key"], now()) == ()
    assert look.gaps("hashed", ["hashed"], now()) == ()


@pytest.mark.parametrize("name", ["missing.pem", "ca.pem/inside", "a\0b", "x" * 5000, ""])
def test_what_is_not_here_is_no_news(name: str, look: NamedFiles) -> None:
    """It is assumed to be where the settings are used."""
    assert all("directory" in gap.reason for gap in look.gaps(name, [name], now()))
    assert look.text(name) is None


def test_a_tilde_is_a_tilde(look: NamedFiles) -> None:
    """The shell would have replaced it; what a driver opens is a folder of that name, which is not there."""
    assert "whole path" in str(only(look.gaps("~/ca.pem", ["~/ca.pem"], now())).hint)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "directory"),
        ("text.pem", "no certificate"),
        ("broken.pem", "cannot be read as one"),
        ("ca.der", "DER"),
        ("app.key", "private key"),
        ("old.crt", "expired on"),
        ("new.crt", "not valid before"),
    ],
)
def test_what_cannot_be_the_authority_is_told(name: str, told: str, look: NamedFiles) -> None:
    """With what it is, that this is about this machine, and what to do."""
    gap = only(look.gaps(name, [name], now()))
    assert gap.where == name
    assert told in gap.reason
    assert "this machine" in gap.reason


def test_a_key_that_is_another_certificates(look: NamedFiles) -> None:
    """It is named, and so is the certificate."""
    gap = only(look.gaps("ca.pem", ["ca.pem", "app.crt", "other.key"], now()))
    assert gap.where == "other.key"
    assert "app.crt" in gap.reason


def test_a_key_that_is_none(look: NamedFiles) -> None:
    """Without a word of what is in it."""
    gap = only(look.gaps("ca.pem", ["app.crt", "broken.key"], now()))
    assert "cannot be read" in gap.reason
    assert "AAAA" not in f"{gap.reason} {gap.hint}"


def test_an_expired_client_certificate(look: NamedFiles) -> None:
    """It is the first in its file that counts."""
    assert "expired" in only(look.gaps("ca.pem", ["old.crt"], now())).reason
    assert look.gaps("ca.pem", ["old.crt"], now() - timedelta(days=360)) == ()


def test_texts_are_read_where_they_are_small_and_regular(look: NamedFiles, tmp_path: Path) -> None:
    """A pipe is not waited for, and what is no text is none."""
    assert look.text("text.pem") == "host=db\n"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    (tmp_path / "binary").write_bytes(b"a\0b")
    assert [look.text(name) for name in ("pipe", "large", "binary", "folder")] == [None] * 4
    assert "no regular file" in only(look.gaps("pipe", ["pipe"], now())).reason


def test_home_counts_only_if_it_is_given(look: NamedFiles, tmp_path: Path) -> None:
    """Nobody's home folder is looked at unasked."""
    assert look.text("~/text.pem") is None
    assert NamedFiles(Path("/"), tmp_path).text("~/text.pem") == "host=db\n"
