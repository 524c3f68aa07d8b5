"""Requests of people who keep their key: what is sane is signed, and all else is refused with the reason."""

from __future__ import annotations

import base64
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from everyhop.errors import IssueError
from everyhop.model.certificate import LeafProfile
from everyhop.pki.certificate import named
from everyhop.pki.key import new_key
from everyhop.x509.names import matches
from everyhop.x509.path import verify_path
from tests.certificates import new_authority, utc_now
from tests.judges import lint, openssl_refuses

AUTHORITY = new_authority("Signing CA")
KEY = new_key()
NAMES = x509.SubjectAlternativeName([x509.DNSName("DB.internal"), x509.IPAddress(ipaddress.ip_address("10.0.0.5"))])
NO_USAGE = (False,) * 8


def csr(
    *extensions: x509.ExtensionType,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey = KEY,
    subject: x509.Name = named("whatever"),  # noqa: B008 - a value
    digest: hashes.SHA256 | hashes.SHA384 | None = hashes.SHA256(),  # noqa: B008
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, digest)


def pem(one: x509.CertificateSigningRequest) -> str:
    return one.public_bytes(Encoding.PEM).decode()


SANE = csr(NAMES).public_bytes(Encoding.DER)


def test_a_sane_request_is_signed(tmp_path: Path) -> None:
    """For its key and its names; what else its subject says is not repeated."""
    signed = AUTHORITY.sign(pem(csr(NAMES)), LeafProfile.SERVER)
    leaf = x509.load_pem_x509_certificate(signed.chain_pem.encode())
    assert leaf.public_key() == KEY.public_key()
    assert signed.chain.leaf.subject == "CN=db.internal"
    assert signed.chain.leaf.names == ("db.internal", "10.0.0.5")
    verify_path(signed.chain, signed.anchors_pem, "db.internal", utc_now())
    assert openssl_refuses(tmp_path, signed.chain_pem, signed.anchors_pem, "-purpose", "sslserver") is None
    assert lint(tmp_path, signed.chain_pem) == ""


def test_what_everybody_asks_for_is_no_reason_to_refuse() -> None:
    """As openssl's default configuration and cert-manager do."""
    usual = (
        x509.BasicConstraints(ca=False, path_length=None),
        x509.KeyUsage(True, False, True, *NO_USAGE[3:], False),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()),
    )
    assert AUTHORITY.sign(pem(csr(NAMES, *usual)), LeafProfile.SERVER).chain.leaf.names


def test_a_client_is_signed_under_its_common_name() -> None:
    """A database user who made the key himself."""
    assert AUTHORITY.sign(pem(csr(subject=named("app"))), LeafProfile.CLIENT).chain.leaf.subject == "CN=app"


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_other_strong_keys_are_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    """The twin of the next one."""
    assert AUTHORITY.sign(pem(csr(NAMES, key=key)), LeafProfile.SERVER).chain.leaf.names


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (csr(NAMES, key=rsa.generate_private_key(65537, 1024)), "the key has 1024 bits"),  # noqa: S505 - weak on purpose
        (csr(NAMES, key=rsa.generate_private_key(3, 2048)), "exponent is too small"),
        (csr(NAMES, key=ec.generate_private_key(ec.SECP256K1())), "secp256k1 is not certified"),
        (csr(NAMES, key=ec.generate_private_key(ec.SECP192R1())), "is not certified"),
        (csr(NAMES, key=ed25519.Ed25519PrivateKey.generate(), digest=None), "Ed25519 is not certified"),
    ],
)
def test_a_weak_or_odd_key_is_refused(one: x509.CertificateSigningRequest, reason: str) -> None:
    """With what to make instead."""
    with pytest.raises(IssueError, match=reason) as told:
        AUTHORITY.sign(pem(one), LeafProfile.SERVER)
    assert "make one" in (told.value.hint or "")


def test_a_bad_signature_is_refused() -> None:
    """Somebody changed the request, or has not the key."""
    der = bytearray(csr(NAMES).public_bytes(Encoding.DER))
    at = bytes(der).index(b"DB.internal")
    der[at : at + 2] = b"XX"
    with pytest.raises(IssueError, match="signature is not good"):
        AUTHORITY.sign(pem(x509.load_der_x509_csr(bytes(der))), LeafProfile.SERVER)


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        ((NAMES, x509.BasicConstraints(ca=True, path_length=0)), "for an authority"),
        ((NAMES, x509.KeyUsage(True, False, False, False, False, True, False, False, False)), "signs certificates"),
        ((NAMES, x509.KeyUsage(True, False, False, False, False, False, True, False, False)), "signs certificates"),
        ((NAMES, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])), "the profile server has not"),
        ((NAMES, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])), "the profile server has not"),
        ((NAMES, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])), "the profile server has not"),
        ((NAMES, x509.TLSFeature([x509.TLSFeatureType.status_request])), "not issued here"),
        ((NAMES, x509.NameConstraints([x509.DNSName("org")], None)), "not issued here"),
        ((x509.SubjectAlternativeName([x509.RFC822Name("a@b.org")]),), "RFC822Name"),
        ((x509.SubjectAlternativeName([x509.UniformResourceIdentifier("https://a.org")]),), "UniformResource"),
        ((x509.SubjectAlternativeName([x509.DNSName("a b.org")]),), "neither a DNS name"),
        ((x509.SubjectAlternativeName([x509.DNSName("*.org")]),), "neither a DNS name"),
        ((), "at least one name"),
    ],
)
def test_what_would_not_be_granted_is_refused(extensions: tuple[x509.ExtensionType, ...], reason: str) -> None:
    """Not left out in silence."""
    with pytest.raises(IssueError, match=reason) as told:
        AUTHORITY.sign(pem(csr(*extensions)), LeafProfile.SERVER)
    assert told.value.hint


def test_a_client_of_two_names_is_refused() -> None:
    """Servers disagree on which one counts."""
    two = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user) for user in ("app", "root")])
    with pytest.raises(IssueError, match="several common names"):
        AUTHORITY.sign(pem(csr(subject=two)), LeafProfile.CLIENT)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nMAAA\n", "\udcff"])
def test_what_is_no_request_is_told(text: str) -> None:
    """With a command that shows more."""
    with pytest.raises(IssueError, match=r"certificate signing request (is none|cannot be read)") as told:
        AUTHORITY.sign(text, LeafProfile.SERVER)
    assert "openssl req" in (told.value.hint or "")


@given(st.integers(0, len(SANE) - 1), st.integers(0, 255))
@example(SANE.index(b"\x02\x01\x00") + 2, 12)  # a version that there is not
def test_a_damaged_request_is_refused_or_still_the_same(at: int, byte: int) -> None:
    """No other exception, whatever its bytes."""
    der = bytearray(SANE)
    der[at] = byte
    text = pem_of_bytes(bytes(der))
    try:
        signed = AUTHORITY.sign(text, LeafProfile.SERVER)
    except IssueError:
        return
    assert matches(signed.chain.leaf, "db.internal")


def pem_of_bytes(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"
