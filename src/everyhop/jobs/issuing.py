"""Who issues a lineage's certificates: the internal authority, or an ACME server, behind the one method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from everyhop.acme.account import AccountWish
from everyhop.acme.challenge import Responder
from everyhop.acme.dns_hook import DnsHook
from everyhop.acme.issuer import AcmeIssuer
from everyhop.acme.server import KNOWN, AcmeServer
from everyhop.acme.standalone import Standalone
from everyhop.acme.webroot import Webroot
from everyhop.errors import IssueError
from everyhop.jobs.office import Office
from everyhop.lineage.terms import AcmeTerms, IssuerName, Terms
from everyhop.model.certificate import Leaf
from everyhop.model.issuer import Issuer
from everyhop.model.secret import Secret
from everyhop.probe import anchors


@dataclass(frozen=True, slots=True)
class Help:
    """What an issuer may need of a person: the passphrase, an account, somebody who listens while it waits."""

    passphrase: Callable[[], Secret]
    account: AccountWish = field(default_factory=AccountWish)
    tell: Callable[[str], None] = lambda _line: None


def issuer_of(office: Office, terms: Terms, given: Help, replaces: Leaf | None = None) -> Issuer:
    """The issuer of these terms. `replaces` is the leaf that the next one succeeds.

    Raises `LineageError` where there is no authority, `IssueError` for a wrong passphrase or an adopted lineage.
    """
    match terms.issuer:
        case IssuerName.INTERNAL:
            kept = office.authority()
            return kept.issuer(given.passphrase() if kept.is_sealed() else None)
        case IssuerName.ACME if terms.acme is not None:
            return acme_issuer(office, terms.acme, given, replaces)
        case _:
            raise IssueError("nothing is issued here: certbot renews it", hint="certbot renew")


def acme_issuer(office: Office, acme: AcmeTerms, given: Help, replaces: Leaf | None = None) -> AcmeIssuer:
    """The ACME server of these terms, with those who prove the names."""
    return AcmeIssuer(
        server_of(acme),
        office.home,
        responders=_responders(acme),
        account=given.account,
        profile=acme.profile,
        replaces=replaces,
        now=office.now,
        tell=given.tell,
    )


def server_of(acme: AcmeTerms) -> AcmeServer:
    """The server itself. Raises `SettingsError` for an address or a file that is none."""
    pem = anchors.from_file(Path(acme.anchors)) if acme.anchors else None
    # A public server shows a public certificate, and may issue from a root of its own (Let's Encrypt's staging does).
    if acme.directory in KNOWN:
        return AcmeServer.named(acme.directory, roots_pem=pem)
    return AcmeServer.named(acme.directory, pem)


def _responders(acme: AcmeTerms) -> tuple[Responder, ...]:
    found: list[Responder] = []
    if acme.webroot is not None:
        found.append(Webroot(acme.webroot))
    if acme.standalone is not None:
        found.append(Standalone(acme.standalone.host, acme.standalone.port))
    if acme.dns_hook:
        found.append(DnsHook(acme.dns_hook))
    return tuple(found)
