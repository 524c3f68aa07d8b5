"""What stands in the certificates made here: roots, intermediates, and a leaf for each profile.

All pass Python 3.13's `VERIFY_X509_STRICT` and `openssl verify -x509_strict`: critical basic constraints, key usage,
key identifiers of subject and issuer (RFC 5280 section 4.2.1), names in the subjectAltName and never in the CN alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from everyhop.model.certificate import LeafProfile
from everyhop.model.validity import Validity
from everyhop.pki.key import PrivateKey, PublicKey, signing_hash
from everyhop.pki.request import COMMON_NAME_LIMIT, GeneralName, Subscriber

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
_AUTHORITY_USAGE: Final = x509.KeyUsage(**(_NO_USAGE | {"key_cert_sign": True, "crl_sign": True}))
# An EC key agrees on keys by signing, and linters call anything else an error. An RSA key does no more in any suite
# worth having, but NSS believes no listener whose certificate does not allow keyEncipherment as well.
_EC_USAGE: Final = x509.KeyUsage(**(_NO_USAGE | {"digital_signature": True}))
_RSA_USAGE: Final = x509.KeyUsage(**(_NO_USAGE | {"digital_signature": True, "key_encipherment": True}))
_LEAF_CONSTRAINTS: Final = x509.BasicConstraints(ca=False, path_length=None)
_BOTH: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])

EXTENDED_USAGE: Final = {
    LeafProfile.SERVER: x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    LeafProfile.CLIENT: x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
    LeafProfile.NODE: _BOTH,
    LeafProfile.PROXY: _BOTH,
}
"""What a leaf of each profile may be used for; servers refuse a client whose certificate is for servers alone."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority's certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: PrivateKey


def root(
    common_name: str, key: PrivateKey, validity: Validity, constraints: x509.NameConstraints | None = None
) -> x509.Certificate:
    """A self-signed authority of this name (at most `COMMON_NAME_LIMIT` characters)."""
    name = named(common_name)
    builder = _authority(blank(name, name, key.public_key(), key, validity), None, constraints)
    return builder.sign(key, signing_hash(key))


def intermediate(
    common_name: str,
    key: PublicKey,
    validity: Validity,
    issuer: Signer,
    constraints: x509.NameConstraints | None = None,
) -> x509.Certificate:
    """An authority below another, which makes leaves and no further authorities (path length 0)."""
    builder = blank(named(common_name), issuer.certificate.subject, key, issuer.key, validity)
    return _authority(builder, 0, constraints).sign(issuer.key, signing_hash(issuer.key))


def cross(subject: x509.Certificate, issuer: Signer, validity: Validity) -> x509.Certificate:
    """What another root says of itself (name, key, constraints), said by this issuer (RFC 4949, cross-certificate).

    Path length 1: the other root's intermediates stand below it, and nothing else.
    """
    key = subject.public_key()
    if not isinstance(key, PublicKey):
        raise TypeError("a root made here has an EC or RSA key")
    builder = blank(subject.subject, issuer.certificate.subject, key, issuer.key, validity)
    return _authority(builder, 1, _constraints(subject)).sign(issuer.key, signing_hash(issuer.key))


@dataclass(frozen=True, slots=True)
class Press:
    """Makes leaves of one issuer, with what they all share made ready."""

    signer: Signer
    _constrained: bool
    _blanks: dict[LeafProfile, x509.CertificateBuilder]

    @classmethod
    def of(cls, signer: Signer) -> Press:
        """The press of this issuer."""
        shared = (
            x509.CertificateBuilder()
            .issuer_name(signer.certificate.subject)
            .add_extension(_identified(signer.key), critical=False)
            .add_extension(_LEAF_CONSTRAINTS, critical=True)
        )
        blanks = {profile: shared.add_extension(usage, critical=False) for profile, usage in EXTENDED_USAGE.items()}
        return cls(signer, _constraints(signer.certificate) is not None, blanks)

    def leaf(self, whom: Subscriber, key: PublicKey, validity: Validity) -> x509.Certificate:
        """A leaf for this key."""
        subject = self._subject(whom)
        usage = _RSA_USAGE if isinstance(key, rsa.RSAPublicKey) else _EC_USAGE
        builder = (
            self._blanks[whom.profile]
            .subject_name(subject)
            .public_key(key)
            .serial_number(_serial())
            .not_valid_before(validity.not_before)
            .not_valid_after(validity.not_after)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
        if whom.names:
            # Critical where the subject is empty (RFC 5280 section 4.2.1.6).
            builder = builder.add_extension(x509.SubjectAlternativeName(whom.names), critical=not list(subject))
        return builder.sign(self.signer.key, signing_hash(self.signer.key))

    def _subject(self, whom: Subscriber) -> x509.Name:
        """The user, or the first name again for people who look at it; empty where that would do harm.

        Too long for a CN is one such case. The other: where no DNS name is given, OpenSSL takes a CN with dots for one
        and holds it to the name constraints, which an address as CN never keeps.
        """
        text = whom.common_name or str(whom.names[0].value)
        taken_for_host = self._constrained and all(isinstance(name, x509.IPAddress) for name in whom.names)
        if len(text) > COMMON_NAME_LIMIT or (taken_for_host and whom.common_name is None):
            return x509.Name([])
        return named(text)


def leaf(
    names: tuple[GeneralName, ...],
    key: PrivateKey,
    validity: Validity,
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
) -> x509.Certificate:
    """A leaf for a server under these names, of which there is at least one."""
    whom = Subscriber(names, None, LeafProfile.SERVER)
    return Press.of(Signer(issuer, issuer_key)).leaf(whom, key.public_key(), validity)


def blank(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, issuer_key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    """What every certificate has: names, a key, a random serial, a validity and both key identifiers."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(_serial())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_identified(issuer_key), critical=False)
    )


def named(common_name: str) -> x509.Name:
    """A subject that consists of a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority(
    builder: x509.CertificateBuilder, path_length: int | None, constraints: x509.NameConstraints | None
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(_AUTHORITY_USAGE, critical=True)
    return builder if constraints is None else builder.add_extension(constraints, critical=True)


def _constraints(authority: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def _identified(issuer_key: PrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())


def _serial() -> int:
    return 1 + secrets.randbits(_SERIAL_BITS)
