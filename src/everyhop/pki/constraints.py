"""For which names an authority may speak: name constraints (RFC 5280 section 4.2.1.10), critical."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509

from everyhop.errors import IssueError, SettingsError
from everyhop.pki.request import GeneralName, Subscriber, dns_name

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_EVERY_ADDRESS: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_HOST_LIKE: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_NO_DOMAIN: Final = "nothing.invalid"  # RFC 6761 section 6.4: no host is ever called that


@dataclass(frozen=True, slots=True)
class Constraints:
    """The domains (each with all that is below it) and networks for which an authority may issue; one at least."""

    domains: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        if not self.domains and not self.networks:
            raise ValueError("constraints permit something")

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read `db.internal,10.0.0.0/8`, in one text or in several. Raises `SettingsError`, also for nothing at all."""
        domains: list[str] = []
        networks: list[Network] = []
        for text in (part.strip() for whole in texts for part in whole.split(",")):
            if (network := _network(text)) is not None:
                networks.append(network)
            else:
                domains.append(_domain(text))
        if not domains and not networks:
            raise SettingsError(
                "an authority needs to know for which names it may speak", hint="db.internal,10.0.0.0/8", key="permit"
            )
        return cls(tuple(dict.fromkeys(domains)), tuple(dict.fromkeys(networks)))

    @classmethod
    def of(cls, authority: x509.Certificate) -> Self | None:
        """What stands in the certificate of an authority that was made here; None where it may speak for all."""
        try:
            permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        except x509.ExtensionNotFound:
            return None
        values = [one.value for one in permitted or ()]
        return cls(
            tuple(value for value in values if isinstance(value, str) and value != _NO_DOMAIN),
            tuple(value for value in values if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network)),
        )

    def words(self) -> tuple[str, ...]:
        """What `parse` reads again."""
        return (*self.domains, *map(str, self.networks))

    def extension(self) -> x509.NameConstraints:
        """The extension. What it does not name of one kind of name is refused as well.

        RFC 5280 leaves a kind free of which nothing is said: an authority for `db.internal` might issue for any
        address, and one for `10.0.0.0/8` for any host.
        """
        domains = self.domains or (_NO_DOMAIN,)
        permitted = [*map(x509.DNSName, domains), *map(x509.IPAddress, self.networks)]
        families = {network.version for network in self.networks}
        excluded = [x509.IPAddress(every) for every in _EVERY_ADDRESS if every.version not in families]
        return x509.NameConstraints(permitted, excluded or None)

    def refuse_outside(self, whom: Subscriber) -> None:
        """Raise `IssueError` for names that verifiers would not believe from an authority so constrained."""
        self._refuse_common_name(whom)
        for name in whom.names:
            if not self._permits(name):
                text = str(name.value)
                wide = text.startswith("*.") and any(domain.endswith(text[1:]) for domain in self.domains)
                raise IssueError(
                    f"{text} lies outside of what this authority may speak for ({', '.join(self.words())})",
                    hint="the wildcard stands for names that it may not speak for: name each host"
                    if wide
                    else "take another name, or make an authority that permits this one (`everyhop ca init --permit`)",
                )

    def _refuse_common_name(self, whom: Subscriber) -> None:
        """OpenSSL takes a CN with dots for a host where no DNS name is given, and holds it to the constraints."""
        user = whom.common_name or ""
        if any(isinstance(name, x509.DNSName) for name in whom.names) or not _HOST_LIKE.fullmatch(user):
            return
        if not self._permits(x509.DNSName(user.lower())):
            raise IssueError(
                f"the common name {user!r} looks like a host for which this authority may not speak, and OpenSSL "
                "would refuse it",
                hint=f"give a DNS name as well that it may speak for ({', '.join(self.domains) or 'it has none'})",
            )

    def _permits(self, name: GeneralName) -> bool:
        if isinstance(name, x509.DNSName):
            return any(name.value == domain or name.value.endswith(f".{domain}") for domain in self.domains)
        return any(name.value in network for network in self.networks)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    raise SettingsError(f"{text} is an address within {meant}", hint=f"write {meant}", key="permit")


def _domain(text: str) -> str:
    if text.startswith((".", "*.")):
        raise SettingsError(
            f"{text[:80]!r} is no domain", hint=f"a domain permits all below it: {text.lstrip('*.')[:80]}", key="permit"
        )
    try:
        return dns_name(text)
    except IssueError as error:
        raise SettingsError(
            f"{text[:80]!r} is neither a domain nor a network", hint="db.internal,10.0.0.0/8", key="permit"
        ) from error
