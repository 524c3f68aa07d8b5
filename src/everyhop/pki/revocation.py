"""Lists of what is not to be believed any more: CRLs of version 2 (RFC 5280 section 5), in time linear in their length.

The library writes the head of the list, and the entries are put into it here, because its builder copies all entries
for each one that is added: 100,000 take it 25 seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.errors import IssueError
from everyhop.model.certificate import Revocation, RevocationReason
from everyhop.model.validity import Validity
from everyhop.pki import der, pem
from everyhop.pki.certificate import Signer
from everyhop.pki.key import PrivateKey, signing_hash

_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_BIT_STRING: Final = 0x03
_ENUMERATED: Final = 0x0A
_REASON_CODE: Final = bytes.fromhex("0603551d15")  # 2.5.29.21, RFC 5280 section 5.3.1
_CODES: Final = {  # RFC 5280 section 5.3.1; unspecified is told by saying nothing
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.CA_COMPROMISE: 2,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
}
_WORDS: Final = {  # as the library calls them
    x509.ReasonFlags(reason.value): reason for reason in RevocationReason
}
_BEGIN: Final = re.compile("-----BEGIN X509 CRL-----")
_FIRST_GENERALIZED: Final = 2050  # RFC 5280 section 4.1.2.5


def revocation_list(signer: Signer, revoked: Iterable[Revocation], number: int, validity: Validity) -> str:
    """The issuer's CRL as PEM: in force from `not_before`, replaced by `not_after`, and of a growing number."""
    head = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(validity.not_before)
        .next_update(validity.not_after)
        .add_extension(_identified(signer), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .sign(signer.key, signing_hash(signer.key))
    )
    entries = b"".join(map(_entry, revoked))
    if not entries:  # RFC 5280 section 5.1.2.6: then there is no list at all
        return pem.encoded("X509 CRL", head.public_bytes(Encoding.DER))
    *before, extensions = der.parts(der.inside(head.tbs_certlist_bytes))
    to_be_signed = der.sequence(*before, der.encoded(der.SEQUENCE, entries), extensions)
    _, algorithm, _ = der.parts(der.inside(head.public_bytes(Encoding.DER)))
    signature = der.encoded(_BIT_STRING, b"\0" + _signature(signer.key, to_be_signed))
    return pem.encoded("X509 CRL", der.sequence(to_be_signed, algorithm, signature))


def crls(text: str) -> tuple[x509.CertificateRevocationList, ...]:
    """The CRLs in a PEM text, in order. Raises `IssueError` for one that cannot be read, and for none at all."""
    found = [begin.start() for begin in _BEGIN.finditer(text)]
    try:
        return tuple(
            x509.load_pem_x509_crl(text[start:end].encode("utf-8", "replace"))
            for start, end in zip(found or [0], [*found[1:], len(text)], strict=True)
        )
    except (ValueError, x509.InvalidVersion) as error:
        raise IssueError("this is no CRL in PEM", hint="`openssl crl -text -noout -in FILE` tells more") from error


def revocations(text: str) -> tuple[Revocation, ...]:
    """What all CRLs in a PEM text say. Raises `IssueError` as `crls` does."""
    return tuple(_revocation(entry) for one in crls(text) for entry in one)


def _revocation(entry: x509.RevokedCertificate) -> Revocation:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        flag = x509.ReasonFlags.unspecified
    reason = _WORDS.get(flag, RevocationReason.UNSPECIFIED)
    return Revocation(entry.serial_number, entry.revocation_date_utc, reason)


def _entry(one: Revocation) -> bytes:
    return der.sequence(der.integer(one.serial), _time(one.since), _reason(one.reason))


@lru_cache(maxsize=len(RevocationReason))
def _reason(reason: RevocationReason) -> bytes:
    """The extensions of an entry, which are none for a reason that is not told."""
    if reason is RevocationReason.UNSPECIFIED:
        return b""
    code = der.encoded(_ENUMERATED, bytes((_CODES[reason],)))
    return der.sequence(der.sequence(_REASON_CODE, der.encoded(der.OCTET_STRING, code)))


def _time(moment: datetime) -> bytes:
    """RFC 5280 section 5.1.2.4: two digits for the year until 2049, four from then on."""
    utc = moment.astimezone(UTC)
    tag = _UTC_TIME if utc.year < _FIRST_GENERALIZED else _GENERALIZED_TIME
    year = f"{utc.year % 100:02d}" if tag == _UTC_TIME else f"{utc.year:04d}"
    digits = f"{year}{utc.month:02d}{utc.day:02d}{utc.hour:02d}{utc.minute:02d}{utc.second:02d}Z"
    return der.encoded(tag, digits.encode("ascii"))


def _signature(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(signing_hash(key)))
    return key.sign(data, padding.PKCS1v15(), signing_hash(key))


def _identified(signer: Signer) -> x509.AuthorityKeyIdentifier:
    own = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
