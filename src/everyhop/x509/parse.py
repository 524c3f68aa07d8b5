"""DER and PEM in, facts out: the one place where certificates are parsed.

A certificate comes from whoever answers, so it may be hostile. `cryptography` parses lazily and raises a handful of
unrelated exceptions while its attributes are read; here all of that is one `SourceError`. Texts are made printable: a
subject with terminal escapes in it stays a subject.
"""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from everyhop.errors import SourceError
from everyhop.model.certificate import Chain, Leaf, TrustAnchor
from everyhop.model.validity import Validity

_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_OID: Final = x509.SignatureAlgorithmOID
_SIGNATURES: Final = {
    _OID.ECDSA_WITH_SHA1: "ECDSA-SHA1",
    _OID.ECDSA_WITH_SHA256: "ECDSA-SHA256",
    _OID.ECDSA_WITH_SHA384: "ECDSA-SHA384",
    _OID.ECDSA_WITH_SHA512: "ECDSA-SHA512",
    _OID.RSA_WITH_MD5: "RSA-MD5",
    _OID.RSA_WITH_SHA1: "RSA-SHA1",
    _OID.RSA_WITH_SHA256: "RSA-SHA256",
    _OID.RSA_WITH_SHA384: "RSA-SHA384",
    _OID.RSA_WITH_SHA512: "RSA-SHA512",
    _OID.RSASSA_PSS: "RSA-PSS",
    _OID.ED25519: "Ed25519",
    _OID.ED448: "Ed448",
}

# warnings.catch_warnings changes the state of the whole process, so two threads must not be inside it at once.
_one_at_a_time = threading.Lock()


@contextmanager
def reading(what: str, source: str | None = None) -> Iterator[None]:
    """Turn whatever `cryptography` raises while a certificate is read into a `SourceError` about `what` in `source`."""
    try:
        with _one_at_a_time, warnings.catch_warnings():
            # Oddities that it tolerates (negative serial numbers, say) are no news for the user of another program.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            yield
    except (
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
        TypeError,
        ValueError,
        OverflowError,
    ) as error:
        raise SourceError(
            f"{what} cannot be read: {printable(str(error))[:200]}",
            path=source,
            hint="`openssl x509 -text -noout -in FILE` shows what OpenSSL makes of it",
        ) from error


def leaf(der: bytes) -> Leaf:
    """The facts of one certificate. Raises `SourceError` where it is none, or says something that cannot be read."""
    with reading("the certificate"):
        return facts(x509.load_der_x509_certificate(der))


def chain(certificates: Iterable[bytes]) -> Chain:
    """The facts of the DER certificates that a peer served, leaf first. Raises `SourceError`, also for none at all."""
    leaves = tuple(leaf(der) for der in certificates)
    if not leaves:
        raise SourceError("there is no certificate in the chain")
    return Chain(leaves)


def chain_from_pem(text: str, source: str | None = None) -> Chain:
    """The facts of the certificates in a PEM text, leaf first; keys beside them are passed over.

    `source` is the file it came from, to be told in the `SourceError`.
    """
    with reading("the PEM text", source):
        return Chain(tuple(facts(certificate) for certificate in _load(text)))


def is_authority(certificate: Leaf) -> bool:
    """Whether a certificate may issue others (its basic constraints, RFC 5280 section 4.2.1.9)."""
    with reading("the certificate"):
        extensions = x509.load_der_x509_certificate(certificate.der).extensions
        try:
            return bool(extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
        except x509.ExtensionNotFound:
            return False


def constrains_names(certificate: Leaf) -> bool:
    """Whether an authority can vouch for some names only, and says so critically (RFC 5280 section 4.2.1.10)."""
    with reading("the certificate"):
        extensions = x509.load_der_x509_certificate(certificate.der).extensions
        try:
            found = extensions.get_extension_for_class(x509.NameConstraints)
        except x509.ExtensionNotFound:
            return False
        return found.critical and bool(found.value.permitted_subtrees)


def pem_of(certificate: Leaf) -> str:
    """The certificate as PEM, ending in a line feed."""
    return x509.load_der_x509_certificate(certificate.der).public_bytes(Encoding.PEM).decode("ascii")


def anchors_from_pem(text: str, source: str | None = None) -> tuple[TrustAnchor, ...]:
    """The trust anchors in a PEM text, in order. Raises `SourceError`, also where there is none."""
    with reading("the PEM text", source):
        return tuple(
            TrustAnchor(
                printable(certificate.subject.rfc4514_string()),
                certificate.public_bytes(Encoding.PEM).decode("ascii"),
            )
            for certificate in _load(text)
        )


def printable(text: str) -> str:
    r"""The text with everything a terminal might act upon written as an escape (`\x1b`)."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _load(text: str) -> list[x509.Certificate]:
    # Surrogates come from files that were read with errors="surrogateescape"; no certificate has any.
    return x509.load_pem_x509_certificates(text.encode("utf-8", "replace"))


def facts(certificate: x509.Certificate) -> Leaf:
    """The facts of a certificate that was made here, and so raises nothing while it is read."""
    der = certificate.public_bytes(Encoding.DER)
    return Leaf(
        subject=printable(certificate.subject.rfc4514_string()),
        issuer=printable(certificate.issuer.rfc4514_string()),
        names=_names(certificate),
        serial=certificate.serial_number,
        validity=Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc),
        key=_key(certificate),
        signature=_signature(certificate),
        sha256=hashlib.sha256(der).hexdigest(),
        der=der,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(_name(name) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))


def _name(name: x509.DNSName | x509.IPAddress) -> str:
    if isinstance(name, x509.IPAddress):
        return str(name.value)
    text = printable(name.value)
    if ":" not in text and not text[-1:].isdigit():  # no address looks like that, and asking takes long
        return text
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text
    # An address written as a DNS name stands for no host (RFC 9525 section 6.3), so it must not look like one.
    return f"DNS:{text}"


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"unknown key ({certificate.public_key_algorithm_oid.dotted_string})"
    return key_words(key)


def key_words(key: object) -> str:
    """A public key in words for people: `EC P-256`, `RSA 2048`, `Ed25519`."""
    match key:
        case ec.EllipticCurvePublicKey():
            return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case _:
            return type(key).__name__.removesuffix("PublicKey")


def _signature(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    return _SIGNATURES.get(oid, f"unknown signature ({oid.dotted_string})")
