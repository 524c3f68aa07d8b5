"""Certificates as facts, parsed once by `x509.parse`; the terms are those of RFC 5280."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from everyhop.model.secret import Secret
from everyhop.model.validity import Validity


@dataclass(frozen=True, slots=True)
class Leaf:
    """An end-entity (or any single) certificate: what it says of itself.

    `names` are the subjectAltName's DNS names and IP addresses as text, in order; a CN is never one of them (RFC 9525).
    `key` and `signature` are words for people (`EC P-256`, `RSA 2048`; `ECDSA-SHA256`). `sha256` is the fingerprint,
    hex.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    serial: int
    validity: Validity
    key: str
    signature: str
    sha256: str
    der: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificates a peer served, leaf first, as they came."""

    certificates: tuple[Leaf, ...]

    def __post_init__(self) -> None:
        if not self.certificates:
            raise ValueError("a chain has at least a leaf")

    @property
    def leaf(self) -> Leaf:
        """The first."""
        return self.certificates[0]


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """A certificate that a dialer believes without proof, as PEM."""

    subject: str
    pem: str


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked of an `Issuer`: a leaf for these names (DNS names in A-labels or IP addresses), for this long."""

    names: tuple[str, ...]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Issued:
    """What an `Issuer` hands over: PEM of leaf and intermediates, the anchors to believe, and the private key."""

    chain_pem: str
    anchors_pem: str
    key_pem: Secret
    chain: Chain
