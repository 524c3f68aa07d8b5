"""Certificate signing requests (PKCS#10, RFC 2986), read and found sane: the key of somebody who keeps it.

A request says what its maker wants, and the maker may be anybody. So all that stands in it is looked at, and what
would not be granted is refused, not left out: nobody shall find out later that it is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, LeafProfile
from everyhop.pki.certificate import EXTENDED_USAGE
from everyhop.pki.key import PublicKey
from everyhop.pki.request import Subscriber, subscriber
from everyhop.x509.parse import key_words

_CURVES: Final = ("secp256r1", "secp384r1")
_LEAST_BITS: Final = 2048  # NIST SP 800-57 part 1, table 2: 112 bits of strength
_MOST_BITS: Final = 8192  # beyond it a handshake takes its listener longer than its dialer waits
_LEAST_EXPONENT: Final = 65537  # NIST SP 800-56B section 6.2
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNREADABLE: Final = (  # what the library raises while a request is read; it has no common class
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_READ: Final = (  # the subject key's identifier is made anew, and says the same
    x509.SubjectAlternativeName,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.BasicConstraints,
    x509.SubjectKeyIdentifier,
)


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """Whom a leaf is asked for, and the key that is not ours."""

    whom: Subscriber
    key: PublicKey


def read_request(text: str, profile: LeafProfile) -> SigningRequest:
    """What a request in PEM comes to for this profile. Raises `IssueError` with the reason for what is refused."""
    try:
        csr = x509.load_pem_x509_csr(text.encode("utf-8", "replace"))
        extensions, key, subject = csr.extensions, csr.public_key(), csr.subject
    except _UNREADABLE as error:
        what = "cannot be read" if "CERTIFICATE REQUEST-----" in text else "is none: a file in PEM was expected"
        raise IssueError(
            f"the certificate signing request {what}",
            hint="`openssl req -text -noout -in FILE` shows what OpenSSL makes of it",
        ) from error
    strong = _strong(key)
    _refuse_bad_signature(csr)
    _refuse_usages(extensions, profile)
    user = _common_name(subject) if profile is LeafProfile.CLIENT else None
    names = _names(extensions)
    return SigningRequest(subscriber(CertificateRequest(names, None, profile, common_name=user)), strong)


def _strong(key: object) -> PublicKey:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPublicKey):
        if not _LEAST_BITS <= key.key_size <= _MOST_BITS:
            raise IssueError(
                f"the key has {key.key_size} bits", hint=f"make one of EC P-256, or RSA of {_LEAST_BITS} bits or more"
            )
        if key.public_numbers().e < _LEAST_EXPONENT:
            raise IssueError("the key's public exponent is too small", hint=f"make one with {_LEAST_EXPONENT}")
        return key
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        raise IssueError(
            f"a key of the kind {key_words(key)} is not certified here",
            hint="PostgreSQL and MySQL do not all take one; make one of EC P-256",
        )
    raise IssueError(f"a key of the kind {key_words(key)} is not certified here", hint="make one of EC P-256")


def _refuse_bad_signature(csr: x509.CertificateSigningRequest) -> None:
    """Its signature shows that who asks has the key."""
    try:
        digest, valid = csr.signature_hash_algorithm, csr.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        digest, valid = None, False
    if not valid:
        raise IssueError(
            "the request's signature is not good for its key",
            hint="it was changed on the way, or made without the key: make it anew",
        )
    if not isinstance(digest, _HASHES):
        raise IssueError(f"the request is signed with {digest.name if digest else 'no hash'}", hint="take SHA-256")


def _refuse_usages(extensions: x509.Extensions, profile: LeafProfile) -> None:
    for extension in extensions:
        match extension.value:
            case x509.BasicConstraints(ca=True):
                raise IssueError(
                    "the request is for an authority", hint="only leaves are issued on request: ask without CA:TRUE"
                )
            case x509.KeyUsage() as usage if usage.key_cert_sign or usage.crl_sign:
                raise IssueError(
                    "the request is for a key that signs certificates", hint="ask without keyCertSign and cRLSign"
                )
            case x509.ExtendedKeyUsage() as usages:
                _refuse_foreign(usages, profile)
            case value if not isinstance(value, _READ):
                raise IssueError(
                    f"the request asks for an extension that is not issued here ({extension.oid.dotted_string})",
                    hint="ask for names and usages alone",
                )
            case _:
                pass


def _refuse_foreign(usages: Iterable[x509.ObjectIdentifier], profile: LeafProfile) -> None:
    for usage in usages:
        if usage not in EXTENDED_USAGE[profile]:
            raise IssueError(
                f"the request asks for a usage that the profile {profile.value} has not ({usage.dotted_string})",
                hint="servers take serverAuth, clients clientAuth; the profiles node and proxy have both",
            )


def _names(extensions: x509.Extensions) -> tuple[str, ...]:
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(map(_name, names))


def _name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DNSName | x509.IPAddress):
        return str(name.value)
    raise IssueError(
        f"the request asks for a name of a kind that is not issued here ({type(name).__name__})",
        hint="ask for DNS names and IP addresses alone",
    )


def _common_name(subject: x509.Name) -> str | None:
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) > 1:
        raise IssueError("the request has several common names", hint="ask for one: the database user")
    return str(names[0].value) if names else None
