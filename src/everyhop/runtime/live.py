"""What an open connection can say of its TLS, at the client. The standard library alone: the child loads this, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Checks:
    """What the TLS object of a connection was told to look at in the peer's certificate.

    `chain` is whether a chain that leads to no trust anchor ends the handshake, `name` the same for the host's name
    (None: the object does not know), `common_name` whether a name that stands only in the CN is believed.
    """

    chain: bool
    name: bool | None = None
    common_name: bool | None = None


class Glance(NamedTuple):
    """What one look costs next to nothing to see. `chain` and `name` as in `Checks`; None: the driver does not tell."""

    tls: bool
    chain: bool | None = None
    name: bool | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """What one open connection says of itself.

    `version` and `suite` are OpenSSL's words; None without TLS. `peer` is the certificate as DER; where it is missing,
    `peer_reason` says why. `checks` is None without TLS or where the object cannot be reached. `parameters` are libpq's
    effective settings, the environment and defaults counted in, without any secret. `minimum` is the oldest version
    that is spoken, where the object tells. Either `host` and `port`, or `socket`, is where the connection ends.
    """

    driver: str
    tls: bool
    version: str | None = None
    suite: str | None = None
    peer: bytes | None = None
    peer_reason: str = ""
    checks: Checks | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    minimum: str | None = None
    host: str | None = None
    port: int | None = None
    socket: str | None = None

    @property
    def identity_verified(self) -> bool:
        """Whether this very connection ended at a peer whose chain and name were verified."""
        if not self.tls or self.checks is None or not self.checks.chain:
            return False
        return self.checks.name is True or self.parameters.get("sslmode") == "verify-full"


@dataclass(frozen=True, slots=True)
class Unasked:
    """A connection that could not be asked, and why. Never to be read as either answer."""

    driver: str
    reason: str
