"""The files that every spelling may name: the trusted authority, and a certificate and key of the app's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from everyhop.pki.authority import Authority
from tests.agreement.spelled import CA, CERTIFICATE, KEY
from tests.certificates import common_name_only


def texts(authority: Authority) -> Mapping[str, str]:
    """The text of each by its name."""
    issued = common_name_only(authority, "app")  # without an extended key usage, and so good for a client as well
    return {CA: authority.anchors_pem, CERTIFICATE: issued.chain_pem, KEY: issued.key_pem.reveal()}


def write(given: Mapping[str, str], folder: Path) -> None:
    """Put them into a folder; nobody else may read the key, or libpq would not."""
    for name, text in given.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
