"""The names that are asked for, read and found to be names.

What comes out of here can be dialled and verified: a name that no verifier would ever match (`db:5432`,
`https://db`) is refused now, with the reason, rather than when the application does not start.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from cryptography import x509

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest

# RFC 1123 section 2.1, and the underscore: container networks give such names to hosts, and drivers dial them.
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST: Final = 253  # RFC 1035 section 2.3.4: 255 octets with the lengths, 253 characters without


def general_names(request: CertificateRequest) -> tuple[x509.DNSName | x509.IPAddress, ...]:
    """The subjectAltNames of a request, in order, each once. Raises `IssueError` for what is no name, and for none."""
    names = tuple(dict.fromkeys(_general_name(name) for name in request.names))
    if not names:
        raise IssueError(
            "a certificate needs at least one name",
            hint="give the host name or IP address by which the listener is dialled",
        )
    return names


def _general_name(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        return x509.DNSName(_dns_name(name))


def _dns_name(name: str) -> str:
    if not name.isascii():
        raise IssueError(f"{name[:80]!r} is not in ASCII", hint=_a_label_hint(name))
    host = name.lower().removesuffix(".")
    if len(host) > _LONGEST:
        raise IssueError(f"a DNS name has at most {_LONGEST} characters, this has {len(host)}")
    labels = host.split(".")
    # A wildcard stands for one whole label, the leftmost (RFC 9525 section 6.3), and not for a top-level domain.
    plain = labels[1:] if labels[0] == "*" and len(labels) > 2 else labels
    if not all(_LABEL.fullmatch(label) for label in plain) or plain[-1].isdigit():
        raise IssueError(
            f"{name[:80]!r} is neither a DNS name nor an IP address",
            hint="write the host alone, without scheme, port or path: db.internal, 10.0.0.5, *.example.org",
        )
    return host


def _a_label_hint(name: str) -> str:
    try:
        return f"write it in A-labels: {name.encode('idna').decode('ascii')}"
    except UnicodeError:
        return "write it in A-labels (xn--…)"
