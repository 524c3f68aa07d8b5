"""Does a certificate stand for this name? RFC 9525, without its common name.

This is about identity alone; whether anybody vouches for the certificate is `path`'s question.
"""

from __future__ import annotations

import ipaddress

from everyhop.model.certificate import Leaf


def matches(leaf: Leaf, name: str) -> bool:
    """Whether one of the leaf's subjectAltNames stands for `name`: a DNS name, or an IP address without brackets.

    A wildcard stands for exactly one whole label, the leftmost (RFC 9525 section 6.3), and never for an address.
    """
    address = _address(name)
    if address is not None:
        return any(_address(presented) == address for presented in leaf.names)
    wanted = dns_labels(name)
    return bool(wanted) and any(_covers(dns_labels(presented), wanted) for presented in leaf.names)


def dns_labels(name: str) -> tuple[str, ...]:
    """The labels of a DNS name in lower-case A-labels, without the root's dot; empty where it is no DNS name."""
    try:
        text = name.encode("ascii" if name.isascii() else "idna").decode("ascii")
    except UnicodeError:
        return ()
    labels = tuple(text.lower().removesuffix(".").split("."))
    return labels if all(labels) else ()


def _covers(presented: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if len(presented) != len(wanted):
        return False
    if len(presented) > 1 and presented[0] == "*":
        return presented[1:] == wanted[1:]
    return presented == wanted and "*" not in presented[0]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
