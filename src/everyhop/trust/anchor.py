"""The one certificate that a store is to believe, and under which name it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from everyhop.errors import TrustError
from everyhop.model.certificate import Leaf
from everyhop.x509.parse import chain_from_pem, constrains_names, is_authority, pem_of

_SHOWN: Final = 16
"""Hexadecimal digits of the fingerprint in a name: 64 bits tell any two authorities of one machine apart."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An authority's root. `constrained`: its name constraints are critical, so it can vouch for its own names only."""

    certificate: Leaf
    constrained: bool

    @classmethod
    def parse(cls, pem: str, source: str | None = None) -> Anchor:
        """The anchor in a PEM text. Raises `SourceError` for what is no certificate, `TrustError` for no authority."""
        certificates = chain_from_pem(pem, source).certificates
        if len(certificates) > 1:
            hint = "give each authority a file of its own: one decision, one certificate"
            raise TrustError(f"there are {len(certificates)} certificates in it", path=source, hint=hint)
        only = certificates[0]
        if not is_authority(only):
            hint = "a store is given the root; servers are given their own certificates"
            raise TrustError("it is no authority's certificate", path=source, hint=hint)
        return cls(only, constrains_names(only))

    @property
    def name(self) -> str:
        """What it is called in every store: the same for the same certificate, and a file's name as well."""
        return f"everyhop-{self.certificate.sha256[:_SHOWN]}"

    @property
    def pem(self) -> str:
        """The certificate alone, without whatever stood beside it."""
        return pem_of(self.certificate)
