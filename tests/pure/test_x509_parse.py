"""Certificates in, facts out: whatever comes, the result is facts or a SourceError."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import SourceError
from everyhop.pki.certificate import named
from everyhop.x509 import parse
from tests.certificates import good, new_authority, utc_now

AUTHORITY = new_authority("Parse CA")
ISSUED = good(AUTHORITY, "db.internal", "10.0.0.5", "::1", "*.example.org")
DER = ISSUED.chain.leaf.der
AnyKey = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)


def self_made(key: AnyKey, *names: x509.GeneralName, subject: str = "db.internal") -> bytes:
    """A bare certificate over any key and any kind of name."""
    now = utc_now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(subject))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_leaf_tells_its_facts() -> None:
    """Names in order, fingerprint over the whole, key and signature in words."""
    leaf = parse.leaf(DER)
    assert leaf.names == ("db.internal", "10.0.0.5", "::1", "*.example.org")
    assert (leaf.subject, leaf.issuer) == ("CN=db.internal", "CN=Parse CA")
    assert leaf.sha256 == hashlib.sha256(DER).hexdigest()
    assert (leaf.key, leaf.signature) == ("EC P-256", "ECDSA-SHA256")
    assert leaf.der == DER


def test_a_common_name_is_no_name() -> None:
    """RFC 9525: what stands in the CN alone does not count."""
    assert parse.leaf(self_made(p256())).names == ()


def test_an_address_written_as_a_dns_name_does_not_look_like_one() -> None:
    """It stands for no host, so it must never be equal to an address that is dialled."""
    leaf = parse.leaf(self_made(p256(), x509.DNSName("10.0.0.5"), x509.IPAddress(ipaddress.ip_address("10.0.0.6"))))
    assert leaf.names == ("DNS:10.0.0.5", "10.0.0.6")


def test_terminal_escapes_in_a_subject_are_told_not_sent() -> None:
    """A subject is an attacker's words."""
    leaf = parse.leaf(self_made(p256(), subject="\x1b[31mroot\x07"))
    assert leaf.subject == r"CN=\x1b[31mroot\x07"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ec.generate_private_key(ec.SECP384R1()), "EC P-384"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "EC secp256k1"),
        (lambda: rsa.generate_private_key(65537, 1024), "RSA 1024"),  # noqa: S505  # weak on purpose
        (ed25519.Ed25519PrivateKey.generate, "Ed25519"),
        (ed448.Ed448PrivateKey.generate, "Ed448"),
        (lambda: dsa.generate_private_key(1024), "DSA 1024"),  # noqa: S505
    ],
)
def test_keys_are_told_in_words(make: Callable[[], AnyKey], words: str) -> None:
    """Kind and size, as people write them."""
    assert parse.leaf(self_made(make())).key == words


def test_a_pem_text_keeps_its_order_and_passes_over_keys() -> None:
    """The files that servers use have a key beside the chain now and then."""
    text = ISSUED.key_pem.reveal() + ISSUED.chain_pem + AUTHORITY.anchors_pem
    assert [one.subject for one in parse.chain_from_pem(text).certificates] == ["CN=db.internal", "CN=Parse CA"]


def test_anchors_are_read_back_as_written() -> None:
    """Each anchor carries its own PEM."""
    (anchor,) = parse.anchors_from_pem(AUTHORITY.anchors_pem)
    assert (anchor.subject, anchor.pem) == ("CN=Parse CA", AUTHORITY.anchors_pem)


@pytest.mark.parametrize("text", ["", "no PEM here", ISSUED.chain_pem.replace("M", "_"), "\udcff"])
def test_a_pem_text_without_certificates_is_told_with_its_file(text: str) -> None:
    """Where it stands is half of the message."""
    with pytest.raises(SourceError) as told:
        parse.chain_from_pem(text, "/etc/ssl/db.pem")
    assert told.value.where == "/etc/ssl/db.pem"
    with pytest.raises(SourceError):
        parse.anchors_from_pem(text)


def test_an_empty_chain_is_an_error() -> None:
    """A peer that shows nothing has no leaf."""
    with pytest.raises(SourceError):
        parse.chain([])


def test_a_chain_from_der_is_the_same_as_from_pem() -> None:
    """Two doors, one room."""
    assert parse.chain([DER]) == parse.chain_from_pem(ISSUED.chain_pem)


@given(st.binary(max_size=200))
def test_any_bytes_give_facts_or_our_own_exception(der: bytes) -> None:
    """Nothing else ever comes out."""
    with pytest.raises(SourceError):
        parse.leaf(der)


@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_certificate_gives_facts_or_our_own_exception(changes: list[tuple[int, int]]) -> None:
    """`cryptography` raises five unrelated exceptions while attributes are read; none of them gets through."""
    damaged = bytearray(DER)
    for place, value in changes:
        damaged[place] = value
    try:
        leaf = parse.leaf(bytes(damaged))
    except SourceError:
        return
    assert leaf.subject.isprintable()
    assert all(name.isprintable() for name in leaf.names)
