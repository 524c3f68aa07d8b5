"""A key behind a passphrase: openssl and the library open it, nothing else does, and guessing is slow."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from everyhop.errors import IssueError
from everyhop.model.certificate import KeyAlgorithm
from everyhop.model.secret import Secret
from everyhop.pki.key import new_key, pem_of
from everyhop.pki.sealing import is_sealed, opened, seal

KEY = new_key()
PASSPHRASE = Secret("correct horse battery")
SEALED = seal(KEY, PASSPHRASE)


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_2048])
def test_what_is_sealed_is_opened(algorithm: KeyAlgorithm) -> None:
    """By us, and by the library alone."""
    key = new_key(algorithm)
    sealed = seal(key, PASSPHRASE)
    assert is_sealed(sealed)
    assert pem_of(opened(sealed, PASSPHRASE)) == pem_of(key)
    assert load_pem_private_key(sealed.encode(), b"correct horse battery").public_key() == key.public_key()


def test_openssl_opens_it_and_sees_what_it_costs(tmp_path: Path) -> None:
    """scrypt with N=2**14, r=8, p=5, and AES-256; the passphrase comes through stdin."""
    file = tmp_path / "root.key"
    file.write_text(SEALED)
    command = ["openssl", "pkey", "-in", str(file), "-passin", "stdin", "-pubout"]
    seen = subprocess.run(command, check=False, capture_output=True, text=True, input="correct horse battery\n")
    assert "BEGIN PUBLIC KEY" in seen.stdout, seen.stderr
    text = subprocess.run(["openssl", "asn1parse", "-in", str(file)], check=True, capture_output=True, text=True).stdout
    for part in (":PBES2", ":scrypt", ":4000\n", ":08\n", ":05\n", ":aes-256-cbc"):
        assert part in text


@settings(max_examples=5)
@given(st.text(st.characters(codec="utf-8"), min_size=8, max_size=80))
def test_any_passphrase_of_some_length_will_do(text: str) -> None:
    """In UTF-8."""
    assert opened(seal(KEY, Secret(text)), Secret(text)).public_key() == KEY.public_key()


@pytest.mark.parametrize("wrong", ["correct horse batterx", "correct horse battery\n", "x"])
def test_a_wrong_passphrase_is_told_as_such(wrong: str) -> None:
    """And shown nowhere."""
    with pytest.raises(IssueError, match="the passphrase does not open the key") as told:
        opened(SEALED, Secret(wrong))
    assert wrong not in f"{told.value}{told.value.hint}{told.value.__cause__}{told.value.__context__}" or wrong == "x"


@pytest.mark.parametrize("nothing", [None, Secret("")])
def test_no_passphrase_is_told_as_such(nothing: Secret | None) -> None:
    """It is another mistake."""
    with pytest.raises(IssueError, match="there is no passphrase"):
        opened(SEALED, nothing)


@pytest.mark.parametrize("given", [None, PASSPHRASE])
def test_a_plain_key_asks_for_nothing(given: Secret | None) -> None:
    """One that somebody chose not to seal."""
    plain = pem_of(KEY).reveal()
    assert not is_sealed(plain)
    assert opened(plain, given).public_key() == KEY.public_key()


def test_a_key_that_somebody_else_sealed_is_opened() -> None:
    """PKCS#8 is PKCS#8."""
    theirs = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"theirs"))
    assert opened(theirs.decode(), Secret("theirs")).public_key() == KEY.public_key()


@pytest.mark.parametrize(
    "text", ["", "nonsense", SEALED[: len(SEALED) // 2], SEALED.replace("M", "N"), "\udcff" + SEALED[:30]]
)
def test_what_is_damaged_is_told(text: str) -> None:
    """Whatever the library thinks of it."""
    with pytest.raises(IssueError):
        opened(text, PASSPHRASE)


def test_a_key_that_cannot_be_an_authority_is_refused() -> None:
    """Ed25519 signatures break channel binding."""
    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(IssueError, match="EC or RSA"):
        opened(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), None)


def test_a_short_passphrase_seals_nothing() -> None:
    """No KDF makes up for it."""
    with pytest.raises(IssueError, match="fewer than 8") as told:
        seal(KEY, Secret("seven77"))
    assert "seven77" not in f"{told.value}{told.value.hint}"


def test_no_two_are_alike() -> None:
    """Salt and vector are random."""
    assert seal(KEY, PASSPHRASE) != SEALED
