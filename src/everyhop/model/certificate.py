"""Certificates as facts, parsed once by `x509.parse`; the terms are those of RFC 5280."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

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


class KeyAlgorithm(Enum):
    """The keys that are made here, by the words of `Leaf.key`.

    EC P-256 is the default: every driver, server and browser takes it. Ed25519 is not among them: a certificate signed
    with it breaks libpq's channel binding ("could not find digest for NID UNDEF", measured with PostgreSQL 15 and 18).
    """

    EC_P256 = "EC P-256"
    EC_P384 = "EC P-384"
    RSA_2048 = "RSA 2048"
    RSA_3072 = "RSA 3072"
    RSA_4096 = "RSA 4096"


class LeafProfile(Enum):
    """What a leaf is for; its extended key usages (RFC 5280 section 4.2.1.12) follow from it."""

    SERVER = "server"
    """Listeners: names in the subjectAltName, serverAuth."""
    CLIENT = "client"
    """Database users and applications: the user as CN, clientAuth."""
    NODE = "node"
    """A CockroachDB node, listener and dialer at once: CN `node`, both usages."""
    PROXY = "proxy"
    """A reverse proxy, which answers browsers and dials upstream as itself: names, both usages."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is asked of an `Issuer`: a leaf for these names (DNS names in A-labels or IP addresses), for this long.

    `lifetime` None leaves it to the issuer. `common_name` is the database user of a `CLIENT`; elsewhere None, and the
    issuer chooses.
    """

    names: tuple[str, ...]
    lifetime: timedelta | None = None
    profile: LeafProfile = LeafProfile.SERVER
    key: KeyAlgorithm = KeyAlgorithm.EC_P256
    common_name: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What is handed over for a key that stays where it is: PEM of leaf and intermediates, and the anchors."""

    chain_pem: str
    anchors_pem: str
    chain: Chain


@dataclass(frozen=True, slots=True)
class Issued:
    """What an `Issuer` hands over: PEM of leaf and intermediates, the anchors to believe, and the private key."""

    chain_pem: str
    anchors_pem: str
    key_pem: Secret
    chain: Chain


class RevocationReason(Enum):
    """Why a certificate is no longer to be believed, by its name in RFC 5280 section 5.3.1.

    Left out is what does not apply here: holds, attribute authorities, and `removeFromCRL`, which is for delta CRLs.
    """

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"

    @property
    def is_the_end(self) -> bool:
        """Whether nobody wants another certificate in its place."""
        return self in {RevocationReason.CESSATION_OF_OPERATION, RevocationReason.AFFILIATION_CHANGED}


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate, by its serial number, that is not to be believed since `since` (with an offset)."""

    serial: int
    since: datetime
    reason: RevocationReason = RevocationReason.UNSPECIFIED

    def __post_init__(self) -> None:
        if self.since.tzinfo is None:
            raise ValueError("a revocation needs a time with an offset")
        # RFC 5280 section 4.1.2.2: positive, and at most 20 octets with the sign.
        if not 0 < self.serial < 1 << 159:
            raise ValueError("a serial number is positive and has at most 159 bits")
