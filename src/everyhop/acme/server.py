"""Which ACME server is asked, and whom one believes there."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from everyhop.errors import SettingsError

KNOWN: Final = {
    # https://letsencrypt.org/docs/acme-protocol-updates/ and /docs/staging-environment/
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Servers by the names that people give them."""


@dataclass(frozen=True, slots=True)
class AcmeServer:
    """`directory` is the https:// address that is its door (RFC 8555 section 7.1.1).

    `anchors_pem` is what is believed of the server's own certificate, and `roots_pem` what issued chains have to lead
    to; None: the system's anchors, and for `roots_pem` first `anchors_pem`, where a server of one's own has some.
    """

    directory: str
    anchors_pem: str | None = None
    roots_pem: str | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.directory)
            named = parts.hostname and parts.port != 0 and "@" not in parts.netloc
        except ValueError:
            parts, named = urlsplit(""), None
        if parts.scheme != "https" or not named or not self.directory.isprintable() or " " in self.directory:
            raise SettingsError(
                f"{self.directory[:200]!r} is no address of an ACME directory",
                hint=f"an https:// address, or one of: {', '.join(KNOWN)}",
            )

    @classmethod
    def named(cls, name: str, anchors_pem: str | None = None, roots_pem: str | None = None) -> AcmeServer:
        """The one of this name in `KNOWN`, or of this address. Raises `SettingsError`."""
        return cls(KNOWN.get(name, name), anchors_pem, roots_pem)

    @property
    def folder(self) -> str:
        """A name for a folder that is this directory's alone: its host for people, and a hash of all of it."""
        host = re.sub(r"[^a-z0-9.-]", "-", urlsplit(self.directory).netloc.lower())[:80]
        return f"{host.strip('.-')}-{hashlib.sha256(self.directory.encode()).hexdigest()[:12]}"
