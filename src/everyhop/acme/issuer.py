"""ACME as an `Issuer`: a request in, a key with its chain out; what lies between is one conversation with a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography import x509

from everyhop.acme import library
from everyhop.acme.account import AccountWish, kept
from everyhop.acme.challenge import Responder, responder_for
from everyhop.acme.patience import Tell
from everyhop.acme.renewal_info import certificate_id
from everyhop.acme.server import AcmeServer
from everyhop.acme.trouble import RefusedError
from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, Issued, Leaf, LeafProfile
from everyhop.pki.key import PrivateKey, new_key, pem_of, signing_hash
from everyhop.pki.request import general_names
from everyhop.probe.deadline import Deadline

if TYPE_CHECKING:
    from acme import messages

    from everyhop.acme.network import Network

PATIENCE: Final = 600.0
"""Seconds for all of an order. Public authorities take a few; DNS takes minutes to be seen everywhere."""


def _silent(line: str) -> None:
    """Nobody listens."""


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AcmeIssuer:
    """An `model.issuer.Issuer`.

    `home` is everyhop's state directory, where the account is kept. `responders` prove that the names are ours; of
    several, the first that can does it. `profile` is one of the server's own (`shortlived`), None its default.
    `replaces` is the certificate that the new one succeeds, which exempts it from some rate limits (RFC 9773 section
    5). `patience` is in seconds, for all of it together. `tell` gets a line whenever there is something to wait for.
    """

    server: AcmeServer
    home: str
    responders: tuple[Responder, ...]
    account: AccountWish = field(default_factory=AccountWish)
    profile: str | None = None
    replaces: Leaf | None = None
    patience: float = PATIENCE
    now: Callable[[], datetime] = _clock
    tell: Tell = _silent

    def issue(self, request: CertificateRequest) -> Issued:
        """A fresh key and the authority's chain for these names. Nothing of it is written anywhere.

        Raises `IssueError` with the authority's reason, `ToolError` without the extra `acme`, `DiskError` and
        `LineageError` for the account's files. Clients are refused: public authorities certify servers alone.
        """
        library.require()
        _refuse_clients(request)
        names = general_names(request)
        for name in names:
            responder_for(str(name.value), self.responders)
        from everyhop.acme import chain  # noqa: PLC0415 - what follows is needed by nobody who was refused
        from everyhop.acme.order import Order  # noqa: PLC0415 - it needs the extra

        key = new_key(request.key)
        with self._signed_in() as (network, directory):
            self._require_profile(directory)
            order = Order(network, directory)
            order.place(names, self.profile, self._replaced(directory))
            order.prove(self.responders)
            texts = order.finish(_signing_request(names, key))
            return chain.accepted(texts, pem_of(key), tuple(str(name.value) for name in names), self.server, self.now)

    def register(self) -> str:
        """The address of the account, which is made where there is none. Raises as `issue` does."""
        library.require()
        with self._signed_in() as (network, _):
            assert network.account is not None  # noqa: S101 - signed in
            return str(network.account.uri)

    def revoke(self, leaf: Leaf) -> None:
        """Have the authority revoke one of this account's certificates. Raises as `issue` does."""
        library.require()
        from acme import client  # noqa: PLC0415 - it needs the extra

        from everyhop.acme.garbled import Understood  # noqa: PLC0415

        with self._signed_in() as (network, directory), Understood("the revocation"):
            try:
                client.ClientV2(directory, network).revoke(x509.load_der_x509_certificate(leaf.der), 0)
            except RefusedError as refused:
                if refused.problem.kind != "alreadyRevoked":
                    raise

    @contextmanager
    def _signed_in(self) -> Iterator[tuple[Network, messages.Directory]]:
        from everyhop.acme.directory import directory  # noqa: PLC0415 - they need the extra
        from everyhop.acme.network import Network  # noqa: PLC0415
        from everyhop.acme.registration import signed_in  # noqa: PLC0415

        network = Network(None, self.server.anchors_pem, Deadline.after(self.patience), self.now, self.tell)
        with network.session:
            found = directory(network, self.server.directory)
            with kept(self.home, self.server) as account:
                signed_in(account, self.account, network, found)
            yield network, found

    def _require_profile(self, directory: messages.Directory) -> None:
        offered = directory.meta.profiles or {}
        if self.profile is not None and self.profile not in offered:
            has = f"it has {', '.join(sorted(map(str, offered)))[:300]}" if offered else "it has none at all"
            raise IssueError(f"the ACME server has no profile {self.profile[:80]!r}", hint=has)

    def _replaced(self, directory: messages.Directory) -> str | None:
        """What a server that knows ARI is told. One that issued something else may refuse it, which `Order` expects."""
        if self.replaces is None or "renewalInfo" not in directory.to_partial_json():
            return None
        return certificate_id(self.replaces)


def _refuse_clients(request: CertificateRequest) -> None:
    if request.profile is not LeafProfile.SERVER:
        raise IssueError(
            f"an ACME server issues no certificate of the profile {request.profile.value}: public authorities certify "
            "servers alone, without clientAuth (Let's Encrypt since 2026)",
            hint="clients, nodes and proxies that dial with a certificate get theirs from the internal authority "
            "(--issuer internal)",
        )
    if request.lifetime is not None:
        raise IssueError(
            "an ACME server decides about the lifetime itself", hint="ask for none, or for one of its profiles"
        )


def _signing_request(
    names: tuple[x509.DNSName | x509.IPAddress, ...], key: PrivateKey
) -> x509.CertificateSigningRequest:
    """Names in the subjectAltName alone: a CN has no meaning left (RFC 9525), and is bounded at 64 characters."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(key, signing_hash(key))
    )
