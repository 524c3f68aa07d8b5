"""A text that only its key opens: AES-256-GCM, as `cryptography` has it (NIST SP 800-38D)."""

from __future__ import annotations

import hashlib
import os
import zlib
from typing import Final

_NONCE: Final = 12  # bytes, as the standard recommends; a key seals one tree's few records, so that chance suffices
_LARGEST: Final = 64_000_000
"""Bytes of an opened text: more is no record of ours."""


def sealed(text: str, key: bytes) -> bytes:
    """The text under a key of any length."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - a scan without cache needs none

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key(key)).encrypt(nonce, zlib.compress(text.encode("utf-8", "surrogatepass"), 1), None)


def opened(data: bytes, key: bytes) -> str | None:
    """The text that was sealed with this key; None for any other bytes."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as above

    try:
        packed = AESGCM(_key(key)).decrypt(data[:_NONCE], data[_NONCE:], None)
        return zlib.decompressobj().decompress(packed, _LARGEST).decode("utf-8", "surrogatepass")
    except (InvalidTag, ValueError, zlib.error):
        return None


def _key(key: bytes) -> bytes:
    return hashlib.sha256(b"everyhop scan cache\0" + key).digest()
