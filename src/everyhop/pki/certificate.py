"""What stands in the certificates made here: one root, one kind of leaf.

Both pass Python 3.13's `VERIFY_X509_STRICT` and `openssl verify -x509_strict`: critical basic constraints, key usage,
key identifiers of subject and issuer (RFC 5280 section 4.2.1), names in the subjectAltName and never in the CN alone.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from everyhop.model.validity import Validity
from everyhop.pki.key import PrivateKey

GeneralName = x509.DNSName | x509.IPAddress

COMMON_NAME_LIMIT: Final = 64  # RFC 5280 appendix A.1, ub-common-name
_SERIAL_BITS: Final = 128  # CA/B Forum Baseline Requirements 7.1 ask for 64 random bits at least; RFC 5280 allows 159
_NO_USAGE: Final = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


def root(common_name: str, key: PrivateKey, validity: Validity) -> x509.Certificate:
    """A self-signed authority of this name (at most `COMMON_NAME_LIMIT` characters)."""
    name = named(common_name)
    usage = x509.KeyUsage(**(_NO_USAGE | {"key_cert_sign": True, "crl_sign": True}))
    return (
        blank(name, name, key, key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def leaf(
    names: tuple[GeneralName, ...],
    key: PrivateKey,
    validity: Validity,
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
) -> x509.Certificate:
    """A leaf for a server under these names, of which there is at least one."""
    subject = _subject(names[0])
    # No keyEncipherment: an EC key agrees on keys by signing, and linters call anything else an error.
    usage = x509.KeyUsage(**(_NO_USAGE | {"digital_signature": True}))
    return (
        blank(subject, issuer.subject, key, issuer_key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        # Critical where the subject is empty (RFC 5280 section 4.2.1.6).
        .add_extension(x509.SubjectAlternativeName(names), critical=not list(subject))
        .sign(issuer_key, hashes.SHA256())
    )


def blank(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, issuer_key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    """What every certificate has: names, a key, a random serial, a validity and both key identifiers."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1 + secrets.randbits(_SERIAL_BITS))
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(own, critical=False)
        .add_extension(above, critical=False)
    )


def named(common_name: str) -> x509.Name:
    """A subject that consists of a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject(name: GeneralName) -> x509.Name:
    """The first name again, for people who look at the certificate; empty where it is too long for a CN."""
    text = str(name.value)
    return named(text) if len(text) <= COMMON_NAME_LIMIT else x509.Name([])
