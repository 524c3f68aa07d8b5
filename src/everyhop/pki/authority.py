"""An authority of one's own, in memory: it signs leaves, whichever signer it has, and lists what it revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from cryptography import x509

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, Chain, Issued, LeafProfile, Revocation, Signed
from everyhop.model.secret import Secret
from everyhop.model.validity import Validity
from everyhop.pki import pem
from everyhop.pki.certificate import Press, Signer
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import new_root, same_key, validity_of
from everyhop.pki.key import new_key, pem_of
from everyhop.pki.period import CRL_LIFETIME, LEAF_LIFETIME, ROOT_LIFETIME, period_within
from everyhop.pki.request import Subscriber, subscriber
from everyhop.pki.revocation import revocation_list
from everyhop.pki.signing_request import read_request
from everyhop.x509.parse import facts

Clock = Callable[[], datetime]


class Authority:
    """A certificate that may issue, with its key; `issue` makes it a `model.issuer.Issuer`.

    `above` are the certificates between it and the anchors, in order, which are handed out with every leaf; an
    intermediate is itself handed out, a root is not. The key lives in memory; `lineage.authority` keeps one on a disk.
    """

    __slots__ = (
        "_above",
        "_above_pem",
        "_certificate",
        "_constraints",
        "_key",
        "_now",
        "_press",
        "_validity",
        "anchors_pem",
    )

    def __init__(
        self,
        signer: Signer,
        now: Clock,
        *,
        anchors: tuple[x509.Certificate, ...] = (),
        above: tuple[x509.Certificate, ...] = (),
        constraints: Constraints | None = None,
    ) -> None:
        """`anchors` are what dialers believe: the signer itself, where none are given. Raises `IssueError`."""
        if not same_key(signer.certificate, signer.key):
            raise IssueError(
                "the authority's key does not belong to its certificate",
                hint="they are from two different authorities: put the right file back",
            )
        served = (() if signer.certificate in (anchors or (signer.certificate,)) else (signer.certificate,)) + above
        self._certificate = signer.certificate
        self._key = signer.key
        self._now = now
        self._constraints = constraints
        self._validity = validity_of(signer.certificate)
        self._press = Press.of(signer)
        self._above = tuple(map(facts, served))
        self._above_pem = pem.certificates(*served)
        self.anchors_pem = pem.certificates(*(anchors or (signer.certificate,)))
        """What dialers are told to believe, as PEM."""

    @classmethod
    def create(cls, common_name: str, now: Clock, lifetime: timedelta = ROOT_LIFETIME) -> Authority:
        """A new root of this name that signs leaves itself, for a lab. `now` is the clock, which `issue` asks too.

        Raises `IssueError`.
        """
        return cls(new_root(common_name, None, now(), lifetime=lifetime), now)

    @property
    def key_pem(self) -> Secret:
        """The signer's private key."""
        return pem_of(self._key)

    def issue(self, request: CertificateRequest) -> Issued:
        """A fresh key and a leaf for these names. Raises `IssueError`, also for a life longer than the authority's own.

        A lifetime that is not asked for is 90 days, or what the authority has left.
        """
        whom = subscriber(request)
        validity = self._granted(whom, request.lifetime)
        key = new_key(request.key)
        chain_pem, chain = self._served(self._press.leaf(whom, key.public_key(), validity))
        return Issued(chain_pem, self.anchors_pem, pem_of(key), chain)

    def sign(self, csr_pem: str, profile: LeafProfile, lifetime: timedelta | None = None) -> Signed:
        """A leaf for the key, the names and (of a client) the common name of a signing request in PEM.

        Raises `IssueError`, also for a request with a weak key, a bad signature, or usages that the profile has not.
        """
        asked = read_request(csr_pem, profile)
        validity = self._granted(asked.whom, lifetime)
        chain_pem, chain = self._served(self._press.leaf(asked.whom, asked.key, validity))
        return Signed(chain_pem, self.anchors_pem, chain)

    def revocation_list(self, revoked: Iterable[Revocation], number: int, lifetime: timedelta | None = None) -> str:
        """The CRL as PEM, in force from now on for 30 days if nothing is asked for. Raises `IssueError`."""
        validity = period_within(self._validity, self._now(), lifetime, CRL_LIFETIME)
        return revocation_list(self._press.signer, revoked, number, validity)

    def _granted(self, whom: Subscriber, lifetime: timedelta | None) -> Validity:
        if self._constraints is not None:
            self._constraints.refuse_outside(whom)
        return period_within(self._validity, self._now(), lifetime, LEAF_LIFETIME)

    def _served(self, leaf: x509.Certificate) -> tuple[str, Chain]:
        """A leaf and what is above it, as PEM and as facts."""
        return pem.certificates(leaf) + self._above_pem, Chain((facts(leaf), *self._above))
