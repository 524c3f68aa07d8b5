"""The little of DER (X.690) that is written here by hand, where the library's own way is too slow or does not exist."""

from __future__ import annotations

from typing import Final

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
SEQUENCE: Final = 0x30
_SHORT: Final = 0x80  # lengths below this are one octet (X.690 section 8.1.3.4)


def encoded(tag: int, content: bytes) -> bytes:
    """A value with its tag and length."""
    return bytes((tag,)) + _length(len(content)) + content


def sequence(*parts: bytes) -> bytes:
    """The encoded parts in a SEQUENCE."""
    return encoded(SEQUENCE, b"".join(parts))


def integer(number: int) -> bytes:
    """A whole number that is not negative."""
    return encoded(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def parts(content: bytes) -> list[bytes]:
    """The values that stand one behind the other in what is known to be good DER, each with its tag and length."""
    found, at = [], 0
    while at < len(content):
        end = at + sum(_header(content, at))
        found.append(content[at:end])
        at = end
    return found


def inside(value: bytes) -> bytes:
    """What one value holds, without its tag and length."""
    header, length = _header(value, 0)
    return value[header : header + length]


def _length(length: int) -> bytes:
    if length < _SHORT:
        return bytes((length,))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((_SHORT | len(octets),)) + octets


def _header(value: bytes, at: int) -> tuple[int, int]:
    """How long tag and length are, and how long what follows; tags here are one octet."""
    first = value[at + 1]
    if first < _SHORT:
        return 2, first
    octets = first & ~_SHORT
    return 2 + octets, int.from_bytes(value[at + 2 : at + 2 + octets], "big")
