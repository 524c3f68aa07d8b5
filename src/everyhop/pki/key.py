"""Private keys: EC P-256, because every driver, server and browser here takes it.

Not Ed25519: a server certificate signed with it breaks libpq's channel binding ("could not find digest for NID UNDEF",
measured with PostgreSQL 15 and 18). Not RSA: slower to make and to sign with, at no gain.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from everyhop.model.secret import Secret

PrivateKey = ec.EllipticCurvePrivateKey


def new_key() -> PrivateKey:
    """A fresh key from the operating system's randomness."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: PrivateKey) -> Secret:
    """The key as unencrypted PKCS#8 PEM, which is what servers read: for a file of mode 0600 and nothing else."""
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")
    )
