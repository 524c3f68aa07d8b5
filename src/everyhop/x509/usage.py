"""What a certificate may be used for, in words for people (RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12)."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from everyhop.model.certificate import Leaf
from everyhop.x509.parse import is_authority, reading

SERVERS: Final = "servers"
CLIENTS: Final = "clients"
_WORDS: Final = {
    ExtendedKeyUsageOID.SERVER_AUTH: SERVERS,
    ExtendedKeyUsageOID.CLIENT_AUTH: CLIENTS,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "everything",
}


def usages(certificate: Leaf) -> tuple[str, ...]:
    """`servers`, `clients`, `certificates below it` …; empty where the certificate says nothing about it."""
    if is_authority(certificate):
        return ("certificates below it",)
    with reading("the certificate"):
        extensions = x509.load_der_x509_certificate(certificate.der).extensions
        try:
            found = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            return ()
        return tuple(_WORDS.get(one, one.dotted_string) for one in found)
