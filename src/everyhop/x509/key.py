"""What a private key in PEM is: its kind and size, and whether a passphrase keeps it. The key itself goes nowhere."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from everyhop.x509.parse import key_words

_BEGIN: Final = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]{0,30}PRIVATE KEY)-----")
_LEAST: Final = 60  # characters of base64; the shortest key there is (Ed25519 in PKCS #8) has 64
_OPENSSH: Final = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class PrivateKeyFacts:
    """`key` are words (`RSA 2048`), None where they cannot be told; `start` and `end` are the header's offsets."""

    key: str | None
    encrypted: bool
    start: int
    end: int


def private_keys(text: str) -> Iterator[PrivateKeyFacts]:
    """The private keys in a text; a header with nothing behind it, as in documentation, is none."""
    for begin in _BEGIN.finditer(text):
        footer = f"-----END {begin['label']}-----"
        end = text.find(footer, begin.end())
        if end < 0:
            continue
        body = text[begin.end() : end]
        if len(re.sub(r"\s|[A-Za-z-]+:[^\n]*", "", body)) < _LEAST:
            continue
        encrypted = "ENCRYPTED" in begin["label"] or "Proc-Type: 4,ENCRYPTED" in body or _is_sealed(body)
        key = None if encrypted else _words(text[begin.start() : end + len(footer)] + "\n", begin["label"])
        yield PrivateKeyFacts(key, encrypted, begin.start(), begin.end())


def _is_sealed(body: str) -> bool:
    """OpenSSH's own format names its cipher right behind its magic bytes (PROTOCOL.key); `none` is none."""
    try:
        data = base64.b64decode("".join(body.split())[:120])
    except binascii.Error:
        return False
    return data.startswith(_OPENSSH) and not data[len(_OPENSSH) :].startswith(b"\0\0\0\x04none")


def _words(pem: str, label: str) -> str | None:
    try:
        if label == "OPENSSH PRIVATE KEY":
            return key_words(load_ssh_private_key(pem.encode(), None).public_key())
        return key_words(load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True).public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
