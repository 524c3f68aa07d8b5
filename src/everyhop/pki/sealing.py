"""Private keys sealed by a passphrase that is slow to guess: PKCS#8 (RFC 5958) with scrypt (RFC 7914).

`openssl pkey` opens them, and so does every library that reads PKCS#8. Why by hand: what `cryptography` writes itself
is quick to guess. `BestAvailableEncryption` runs PBKDF2 2,048 times; PKCS#12 with `kdf_rounds(600000)` protects its key
so, but its MAC, which tells a right passphrase from a wrong one as well, runs 2,048 rounds (a wrong one is told in
0.3 ms, measured with cryptography 50).
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from everyhop.errors import IssueError
from everyhop.model.secret import Secret
from everyhop.pki import der, pem
from everyhop.pki.key import PrivateKey

# OWASP's password storage cheat sheet counts these equal to N=2**17, p=1. More memory for one round than N=2**14 takes
# (16 MiB), and OpenSSL, which allows 32 MiB, could not open it. A quarter of a second for each guess here.
_COST: Final = 2**14
_BLOCK_SIZE: Final = 8
_PARALLELISM: Final = 5
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32  # AES-256

_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13, RFC 8018 appendix A.4
_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11, RFC 7914 section 7
_AES_256_CBC: Final = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42, NIST's CSOR
_LABEL: Final = "ENCRYPTED PRIVATE KEY"  # RFC 7468 section 11

LEAST_PASSPHRASE: Final = 8
"""Characters. No KDF is slow enough for few: all of six lower-case letters are tried in under three core-years."""


def seal(key: PrivateKey, passphrase: Secret) -> str:
    """The key as PEM that only the passphrase opens. Raises `IssueError` for a passphrase that is soon guessed."""
    if len(passphrase.reveal()) < LEAST_PASSPHRASE:
        raise IssueError(
            f"the passphrase has fewer than {LEAST_PASSPHRASE} characters",
            hint="`openssl rand -base64 24` makes a good one",
        )
    salt, vector = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(algorithms.AES.block_size // 8)
    kdf = Scrypt(salt, _KEY_BYTES, n=_COST, r=_BLOCK_SIZE, p=_PARALLELISM)
    cipher = Cipher(algorithms.AES(kdf.derive(passphrase.reveal().encode())), modes.CBC(vector)).encryptor()
    padder = PKCS7(algorithms.AES.block_size).padder()
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    closed = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    # RFC 7914 section 7.1 names the parameters' order: salt, cost, block size, parallelism.
    costs = (der.integer(number) for number in (_COST, _BLOCK_SIZE, _PARALLELISM))
    derivation = der.sequence(_SCRYPT, der.sequence(der.encoded(der.OCTET_STRING, salt), *costs))
    encryption = der.sequence(_AES_256_CBC, der.encoded(der.OCTET_STRING, vector))
    scheme = der.sequence(_PBES2, der.sequence(derivation, encryption))
    return pem.encoded(_LABEL, der.sequence(scheme, der.encoded(der.OCTET_STRING, closed)))


def opened(text: str, passphrase: Secret | None) -> PrivateKey:
    """The key in a PEM text: sealed, or plain, which asks for no passphrase.

    Raises `IssueError`: no passphrase, a wrong one, no such key.
    """
    sealed = is_sealed(text)
    if sealed and not passphrase:
        raise IssueError("the key is sealed, and there is no passphrase", hint="give the passphrase that sealed it")
    try:
        given = passphrase.reveal().encode() if sealed and passphrase else None
        key = load_pem_private_key(text.encode("utf-8", "replace"), given)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says quotes nothing of the key, and tells a wrong passphrase from a damaged file by chance.
        if sealed:
            raise IssueError(
                "the passphrase does not open the key", hint="is it this authority's, and the whole of it?"
            ) from None
        raise IssueError("the private key cannot be read", hint="`openssl pkey -noout -in FILE` tells why") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise IssueError("an authority's key is EC or RSA, this is neither")
    return key


def is_sealed(text: str) -> bool:
    """Whether the PEM text is that of a key which asks for a passphrase."""
    return f"-----BEGIN {_LABEL}-----" in text or "Proc-Type: 4,ENCRYPTED" in text
