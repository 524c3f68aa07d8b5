"""Whether a private key belongs to a certificate."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from everyhop.errors import SourceError
from everyhop.x509.parse import reading


def belongs(key_pem: str, certificate_pem: str, source: str | None = None) -> bool | None:
    """Whether the key is the first certificate's; None where a passphrase or an unknown algorithm hides the key.

    Raises `SourceError` for a certificate or key that cannot be read; `source` is the key's file, to be told in it.
    """
    with reading("the certificate"):
        certificate = x509.load_pem_x509_certificates(certificate_pem.encode("utf-8", "replace"))[0]
        public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        key = load_pem_private_key(key_pem.encode("utf-8", "replace"), password=None)
        mine = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (TypeError, UnsupportedAlgorithm):  # TypeError: it has a passphrase
        return None
    except ValueError:
        # What OpenSSL says here quotes nothing of the key, and nothing that helps.
        hint = "`openssl pkey -noout -in FILE` shows what OpenSSL makes of it"
        raise SourceError("the private key cannot be read", path=source, hint=hint) from None
    return mine == public
