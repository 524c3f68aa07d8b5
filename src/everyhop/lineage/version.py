"""One issuance: chain, anchors and key, which belong together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from everyhop.errors import LineageError, SourceError
from everyhop.model.certificate import CertificateRequest, Chain, Issued, Leaf
from everyhop.model.secret import Secret
from everyhop.model.validity import Validity
from everyhop.x509.names import dns_labels
from everyhop.x509.pair import belongs
from everyhop.x509.parse import chain_from_pem

CHAIN_FILE: Final = "chain.pem"
ANCHORS_FILE: Final = "anchors.pem"
KEY_FILE: Final = "key.pem"
FILES: Final = (KEY_FILE, CHAIN_FILE, ANCHORS_FILE)

_ANEW: Final = "everyhop cert issue makes a new version"
_END: Final = "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Version:
    """A version as the store holds it; `number` counts from 1."""

    number: int
    chain_pem: str
    anchors_pem: str
    key_pem: Secret
    chain: Chain

    @property
    def leaf(self) -> Leaf:
        """The leaf's facts."""
        return self.chain.leaf

    @property
    def validity(self) -> Validity:
        """When the leaf is valid."""
        return self.chain.leaf.validity

    @property
    def leaf_pem(self) -> str:
        """The leaf alone."""
        return self.chain_pem[: self._leaf_end()]

    @property
    def intermediates_pem(self) -> str:
        """What is between leaf and anchors; empty where nothing is."""
        return self.chain_pem[self._leaf_end() :]

    def issued(self) -> Issued:
        """As the issuer handed it over."""
        return Issued(self.chain_pem, self.anchors_pem, self.key_pem, self.chain)

    def _leaf_end(self) -> int:
        end = self.chain_pem.index(_END) + len(_END)
        blank = re.compile(r"\s*").match(self.chain_pem, end)
        return blank.end() if blank else end


def files_of(issued: Issued) -> Mapping[str, bytes]:
    """The files of a version, by name."""
    return {
        KEY_FILE: issued.key_pem.reveal().encode("utf-8"),
        CHAIN_FILE: issued.chain_pem.encode("utf-8"),
        ANCHORS_FILE: issued.anchors_pem.encode("utf-8"),
    }


def version_of(number: int, files: Mapping[str, bytes | None], path: str) -> Version:
    """The version that these files hold, None for one that is missing; `path` is where they lie.

    Raises `LineageError` where one is missing or damaged, or key and chain do not belong together.
    """
    texts = {}
    for name, content in files.items():
        if content is None:
            raise LineageError("is missing", path=f"{path}/{name}", hint=_ANEW)
        texts[name] = content.decode("utf-8", "replace")
    try:
        chain = chain_from_pem(texts[CHAIN_FILE])
    except SourceError as error:
        raise LineageError(error.message, path=f"{path}/{CHAIN_FILE}", hint=_ANEW) from error
    version = Version(number, texts[CHAIN_FILE], texts[ANCHORS_FILE], Secret(texts[KEY_FILE]), chain)
    _refuse_foreign_key(version.issued(), path)
    return version


def refuse_unsound(issued: Issued, path: str) -> None:
    """Raises `LineageError` for an issuance that no server could use: a key of another, a chain out of order."""
    _refuse_foreign_key(issued, path)
    certificates = issued.chain.certificates
    for lower, upper in pairwise(certificates):
        if lower.issuer != upper.subject:
            hint = "leaf first, then the issuer of each"
            said = f"the chain is out of order: {upper.subject} after {lower.subject}"
            raise LineageError(said, path=path, hint=hint)


def refuse_unasked(issued: Issued, request: CertificateRequest, path: str) -> None:
    """Raises `LineageError` for a certificate with other names than were asked for."""
    names = issued.chain.leaf.names
    if {_plain(name) for name in names} != {_plain(name) for name in request.names}:
        asked, got = (", ".join(some) or "no name" for some in (request.names, names))
        hint = "nothing was changed: the live version stays"
        raise LineageError(f"the certificate is for {got}, but was asked for {asked}", path=path, hint=hint)


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        return ".".join(dns_labels(name)) or name


def _refuse_foreign_key(issued: Issued, path: str) -> None:
    try:
        belonging = belongs(issued.key_pem.reveal(), issued.chain_pem)
    except SourceError as error:
        raise LineageError(error.message, path=path, hint=_ANEW) from error
    if belonging is None:
        raise LineageError("the key is kept by a passphrase", path=path, hint="servers read keys without one")
    if not belonging:
        raise LineageError("the key does not belong to the certificate", path=path, hint=_ANEW)
