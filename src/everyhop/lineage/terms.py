"""What a lineage is to be: what is asked of whom, and who uses it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from everyhop.errors import SettingsError
from everyhop.lineage.deployment import Deployment
from everyhop.model.certificate import CertificateRequest
from everyhop.model.endpoint import TcpEndpoint

FEWEST_KEPT = 1
"""Versions kept beside the live one: whoever began to read the one before must find it, and so must a way back."""


class IssuerName(Enum):
    """Who issues."""

    INTERNAL = "internal"
    """The authority of this state directory."""
    ACME = "acme"
    ADOPTED = "adopted"
    """Certbot, in a directory of its own: nothing is issued here, only taken over and deployed."""


@dataclass(frozen=True, slots=True)
class AcmeTerms:
    """What an ACME server is asked besides names. `directory` is its name or address (`acme.server.AcmeServer.named`).

    Names are proven by a file below `webroot`, by answering on the address `standalone` (its host empty: on every one),
    or by a program that writes into the DNS (`dns_hook`, as arguments): what is None or empty is not done. `profile` is
    one of the server's, None its default. `anchors` is the file of what is believed of the server, None: the system's.
    """

    directory: str
    webroot: str | None = None
    standalone: TcpEndpoint | None = None
    dns_hook: tuple[str, ...] = ()
    profile: str | None = None
    anchors: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """The content of `lineage.json`.

    `keep` is how many versions stay beside the live one. `source` is certbot's directory (`live/NAME`) of an adopted
    lineage, else None; `acme` what an ACME server is asked besides, None for every other issuer.
    """

    request: CertificateRequest
    issuer: IssuerName
    deployments: tuple[Deployment, ...] = ()
    keep: int = 2
    source: str | None = None
    acme: AcmeTerms | None = None

    def __post_init__(self) -> None:
        if self.keep < FEWEST_KEPT:
            raise SettingsError(f"at least {FEWEST_KEPT} version is kept beside the live one", key="keep")
        if (self.issuer is IssuerName.ADOPTED) != (self.source is not None):
            raise SettingsError("a source belongs to an adopted lineage, and to no other", key="source")
        if (self.issuer is IssuerName.ACME) != (self.acme is not None):
            raise SettingsError(
                "an ACME server belongs to a lineage that is issued by one, and to no other", key="acme"
            )
