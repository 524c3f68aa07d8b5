"""Whether a chain leads to a trust anchor, for this name, now: RFC 5280 section 6, as `cryptography` implements it.

Measured on x509-limbo it is stricter than OpenSSL: it wrongly accepts 13 of 9,780 cases, OpenSSL 118. Its own words
are made for programmers, so the common reasons are told in ours.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import verification as v
from cryptography.x509.oid import ExtendedKeyUsageOID

from everyhop.errors import TrustError
from everyhop.model.certificate import Chain, Leaf, TrustAnchor
from everyhop.x509.names import dns_labels, matches
from everyhop.x509.parse import anchors_from_pem, printable, reading


def verify_path(chain: Chain, anchors_pem: str, name: str | None, now: datetime) -> None:
    """Return if a dialer with these anchors may believe this chain for `name` at `now`; else raise `TrustError`.

    `name` is a DNS name or an IP address; None asks for the path alone, which is what `verify-ca` asks. The reason is
    in the error's message. Anchors that cannot be read raise `SourceError`.
    """
    anchors = anchors_from_pem(anchors_pem)
    subjects = tuple(anchor.subject for anchor in anchors)
    with reading("the chain"):
        try:
            _verify(chain, anchors, name, now)
        except (v.VerificationError, ValueError) as error:
            reason = _reason(chain, subjects, name, now)
            raise TrustError(reason or f"no path to an anchor holds: {printable(str(error))[:200]}") from error
    if name is not None and not matches(chain.leaf, name):
        raise TrustError(_reason(chain, subjects, name, now) or "the certificate is for another name")


def _verify(chain: Chain, anchors: tuple[TrustAnchor, ...], name: str | None, now: datetime) -> None:
    leaf, *others = [x509.load_der_x509_certificate(one.der) for one in chain.certificates]
    store = v.Store([x509.load_pem_x509_certificate(anchor.pem.encode()) for anchor in anchors])
    builder = v.PolicyBuilder().store(store).time(now.astimezone(UTC))
    # Container networks give hosts names with an underscore, which drivers dial. The verifier knows no such names, so
    # there (and where there is no name) it judges the path, and `names.matches` the name.
    if name is None or "_" in name:
        builder = builder.extension_policies(ca_policy=_servers_authority(), ee_policy=_any_server())
        builder.build_client_verifier().verify(leaf, others)
    else:
        builder.build_server_verifier(_subject(name)).verify(leaf, others)


def is_trusted(chain: Chain, anchors_pem: str, now: datetime) -> bool:
    """Whether the chain leads to one of the anchors now, for whatever name. Anchors that cannot be read raise."""
    try:
        verify_path(chain, anchors_pem, None, now)
    except TrustError:
        return False
    return True


def _subject(name: str) -> v.Subject:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        labels = dns_labels(name)
        if not labels:
            raise TrustError(f"{printable(name)[:80]!r} is neither a DNS name nor an IP address") from None
        return x509.DNSName(".".join(labels))


def _any_server() -> v.ExtensionPolicy:
    """A leaf under any name or none; but if it says what it may be used for, a server must be among it."""
    return v.ExtensionPolicy.permit_all().may_be_present(x509.ExtendedKeyUsage, v.Criticality.AGNOSTIC, _require_server)


def _servers_authority() -> v.ExtensionPolicy:
    """As everybody's, but that a usage given to an authority has to be a server's: alone, a client's is not asked for.

    There is no verifier of servers without a name, and the one of clients would ask for theirs.
    """
    policy = v.ExtensionPolicy.webpki_defaults_ca()
    return policy.may_be_present(x509.ExtendedKeyUsage, v.Criticality.AGNOSTIC, _require_server)


def _require_server(_policy: v.Policy, _certificate: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if usage is not None and not any(oid in usage for oid in allowed):
        raise ValueError("the certificate may not be used by a server (extended key usage)")


def _reason(chain: Chain, anchors: tuple[str, ...], name: str | None, now: datetime) -> str | None:
    """Why verification failed, in words, where the cause is one of the common ones."""
    leaf = chain.leaf
    if now > leaf.validity.not_after:
        return f"the certificate expired on {leaf.validity.not_after:%Y-%m-%d at %H:%M:%S} UTC"
    if now < leaf.validity.not_before:
        return f"the certificate is not valid before {leaf.validity.not_before:%Y-%m-%d %H:%M:%S} UTC"
    if leaf.subject == leaf.issuer and leaf.subject not in anchors:
        return f"the certificate is signed by itself ({_short(leaf.subject)}): nobody vouches for it"
    if name is not None and not leaf.names:
        return (
            f"the certificate names no host in its subjectAltName, only {_short(leaf.subject)} as its subject, "
            "and a common name (CN) does not count (RFC 9525)"
        )
    if name is not None and not matches(leaf, name):
        return (
            f"the certificate is for {', '.join(name[:80] for name in leaf.names[:5])}, not for {printable(name)[:80]}"
        )
    return _missing_issuer(chain.certificates, anchors, now)


def _missing_issuer(certificates: tuple[Leaf, ...], anchors: tuple[str, ...], now: datetime) -> str | None:
    served = {one.subject: one for one in certificates}
    current, seen = certificates[0], set[str]()
    while current.issuer not in anchors:
        above = served.get(current.issuer)
        if above is None or above.subject in seen or above.subject == above.issuer:
            return (
                f"it was issued by {_short(current.issuer)}, which is not among the anchors "
                f"({', '.join(map(_short, anchors[:3]))}{' …' if len(anchors) > 3 else ''})"
            )
        if not above.validity.contains(now):
            return f"the intermediate {_short(above.subject)} is not valid now"
        seen.add(above.subject)
        current = above
    return None


def _short(subject: str) -> str:
    return subject[:80] or "an authority without a name"
