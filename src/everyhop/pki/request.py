"""What is asked for, read and found sane: the names are names, and the profile may have them.

What comes out of here can be dialled and verified: a name that no verifier would ever match (`db:5432`,
`https://db`) is refused now, with the reason, rather than when the application does not start.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, LeafProfile

GeneralName = x509.DNSName | x509.IPAddress

COMMON_NAME_LIMIT: Final = 64  # RFC 5280 appendix A.1, ub-common-name

NODE: Final = "node"
"""The CN by which CockroachDB's nodes know each other; who logs in with it may do everything."""

# RFC 1123 section 2.1, and the underscore: container networks give such names to hosts, and drivers dial them.
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST: Final = 253  # RFC 1035 section 2.3.4: 255 octets with the lengths, 253 characters without
_PORT: Final = re.compile(r"(?P<host>[^:\s]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_ALONE: Final = "write the host alone, without scheme, port or path: db.internal, 10.0.0.5, *.example.org"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whom a leaf is for: its names, its CN where it is not simply the first name, and what it may be used for."""

    names: tuple[GeneralName, ...]
    common_name: str | None
    profile: LeafProfile


def subscriber(request: CertificateRequest) -> Subscriber:
    """What a request comes to. Raises `IssueError` for what is no name, or not this profile's."""
    names = tuple(dict.fromkeys(_general_name(name) for name in request.names))
    return Subscriber(names, _common_name(request, names), request.profile)


def general_names(request: CertificateRequest) -> tuple[GeneralName, ...]:
    """The subjectAltNames of a request, in order, each once. Raises `IssueError` as `subscriber` does."""
    return subscriber(request).names


def dns_name(name: str) -> str:
    """A DNS name as it stands in certificates: in lower case, without the root's dot. Raises `IssueError`."""
    if not name.isascii():
        raise IssueError(f"{_shown(name)} is not in ASCII", hint=_a_label_hint(name))
    host = name.lower().removesuffix(".")
    if len(host) > _LONGEST:
        raise IssueError(
            f"a DNS name has at most {_LONGEST} characters, this has {len(host)}",
            hint="name a shorter one of its hosts",
        )
    labels = host.split(".")
    # A wildcard stands for one whole label, the leftmost (RFC 9525 section 6.3), and not for a top-level domain.
    plain = labels[1:] if labels[0] == "*" and len(labels) > 2 else labels
    if not all(_LABEL.fullmatch(label) for label in plain) or plain[-1].isdigit():
        raise IssueError(f"{_shown(name)} is neither a DNS name nor an IP address", hint=_hint(name))
    return host


def _common_name(request: CertificateRequest, names: tuple[GeneralName, ...]) -> str | None:
    asked, profile = request.common_name, request.profile
    if profile is LeafProfile.CLIENT:
        return _user(asked)
    if not names:
        raise IssueError(
            "a certificate for a listener needs at least one name",
            hint="give the host name or IP address by which the listener is dialled",
        )
    if profile is LeafProfile.NODE:
        if asked not in {None, NODE}:
            raise IssueError(f"the common name of a node is {NODE!r}", hint="leave the common name out")
        return NODE
    if asked is not None:
        raise IssueError(
            f"a certificate of the profile {profile.value} has no common name of its own",
            hint="a host's names belong into the names; a database user takes the profile client",
        )
    return None


def _user(asked: str | None) -> str:
    if not asked:
        raise IssueError(
            "a client's certificate needs a common name", hint="give the database user whose certificate it is"
        )
    if asked == NODE:
        raise IssueError(
            f"a client called {NODE!r} would be taken for a node of CockroachDB, which may do everything",
            hint="take the profile node for a node, and another user for a client",
        )
    if len(asked) > COMMON_NAME_LIMIT or not asked.isprintable() or asked != asked.strip():
        raise IssueError(
            f"{_shown(asked)} is no common name",
            hint=f"1 to {COMMON_NAME_LIMIT} printable characters, without blanks at either end",
        )
    return asked


def _general_name(name: str) -> GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        return x509.DNSName(dns_name(name))


def _hint(name: str) -> str:
    """What to write instead, where one can guess what was meant."""
    if name != name.strip() and name.strip():
        return f"take the blanks away: {_shown(name.strip())}"
    if "://" in name:
        return _instead(_host(name))
    if port := _PORT.fullmatch(name):
        return _instead(port["host"])
    if "*" in name:
        return "a wildcard stands for the whole leftmost label, with two labels behind it at least: *.example.org"
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        return _ALONE
    return "a certificate is for single addresses, not for networks: name each address by which it is dialled"


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _instead(host: str | None) -> str:
    return f"write the host alone: {_shown(host)}" if host else _ALONE


def _a_label_hint(name: str) -> str:
    try:
        return f"write it in A-labels: {name.encode('idna').decode('ascii')}"
    except UnicodeError:
        return "write it in A-labels (xn--…)"


def _shown(text: str) -> str:
    return repr(text[:80])
