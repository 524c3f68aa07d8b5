"""Private keys: EC by default, RSA where something asks for it."""

from __future__ import annotations

from typing import Final, assert_never

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from everyhop.errors import SettingsError
from everyhop.model.certificate import KeyAlgorithm
from everyhop.model.nearest import did_you_mean
from everyhop.model.secret import Secret

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_EXPONENT: Final = 65537  # NIST SP 800-56B section 6.2 wants more than 2**16, and this is what every program takes
_P256: Final = ec.SECP256R1()
_P384: Final = ec.SECP384R1()
_NO_ENCRYPTION: Final = serialization.NoEncryption()
_SHA256: Final = hashes.SHA256()
_SHA384: Final = hashes.SHA384()


def new_key(algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256) -> PrivateKey:
    """A fresh key from the operating system's randomness."""
    match algorithm:
        case KeyAlgorithm.EC_P256:
            return ec.generate_private_key(_P256)
        case KeyAlgorithm.EC_P384:
            return ec.generate_private_key(_P384)
        case KeyAlgorithm.RSA_2048:
            return rsa.generate_private_key(_EXPONENT, 2048)
        case KeyAlgorithm.RSA_3072:
            return rsa.generate_private_key(_EXPONENT, 3072)
        case KeyAlgorithm.RSA_4096:
            return rsa.generate_private_key(_EXPONENT, 4096)
        case _:
            assert_never(algorithm)


def named_algorithm(word: str) -> KeyAlgorithm:
    """The algorithm of this name, however it is cased and joined (`ec-p256`, `RSA 3072`, `p384`).

    Raises `SettingsError`, for Ed25519 with the reason.
    """
    plain = _plain(word)
    known = {_plain(one.value): one for one in KeyAlgorithm}
    known |= {name.removeprefix("ec"): one for name, one in known.items() if name.startswith("ec")}
    if plain in known:
        return known[plain]
    if plain in {"ed25519", "ed448", "eddsa"}:
        raise SettingsError(
            f"{word[:20]} is not issued here",
            hint="PostgreSQL's channel binding breaks with a certificate that is signed by such a key; take EC P-256",
            key="key",
        )
    raise SettingsError(
        f"{word[:40]!r} is no kind of key that is made here{did_you_mean(plain, known)}",
        hint=f"one of {', '.join(one.value for one in KeyAlgorithm)}",
        key="key",
    )


def pem_of(key: PrivateKey) -> Secret:
    """The key as unencrypted PKCS#8 PEM, which is what servers read: for a file of mode 0600 and nothing else."""
    return Secret(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, _NO_ENCRYPTION).decode("ascii")
    )


def signing_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that fits a signing key: as strong as its curve (RFC 5480 section 4), else SHA-256."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > _P256.key_size:
        return _SHA384
    return _SHA256


def _plain(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())
