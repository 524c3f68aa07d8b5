"""Who turns a request into a chain: an internal authority (`pki`) or ACME (`acme`), behind one method."""

from __future__ import annotations

from typing import Protocol

from everyhop.model.certificate import CertificateRequest, Issued


class Issuer(Protocol):
    """One method. Raises `errors.IssueError` where no certificate was made."""

    def issue(self, request: CertificateRequest) -> Issued:
        """A fresh key and a chain for these names."""
        ...
