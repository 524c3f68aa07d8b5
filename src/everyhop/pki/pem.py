"""PEM as it is written here (RFC 7468)."""

from __future__ import annotations

import base64
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_WIDTH: Final = 64  # characters in a line, RFC 7468 section 2


def encoded(label: str, content: bytes) -> str:
    """The content between lines that say what it is."""
    text = base64.b64encode(content).decode("ascii")
    lines = (text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def certificates(*those: x509.Certificate) -> str:
    """Certificates, in the order in which they are given."""
    return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in those)
