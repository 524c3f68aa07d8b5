"""The trust anchors that a look judges by: a file of a person's choice, or the system's."""

from __future__ import annotations

import ssl
from pathlib import Path

from everyhop.errors import SettingsError, SourceError
from everyhop.x509.parse import anchors_from_pem

_LARGEST = 5_000_000
"""Bytes; the largest bundle of public anchors in use has about 250,000."""


def from_file(path: Path) -> str:
    """The PEM text of a file with at least one certificate. Raises `SettingsError` for everything else."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(
            f"cannot be read: {reason}", path=str(path), key="--ca", hint="is the path right?"
        ) from error
    text = raw.decode("ascii", "replace")
    try:
        if len(raw) > _LARGEST:
            raise SourceError("it is far larger than any bundle of certificates")
        anchors_from_pem(text, str(path))
    except SourceError as error:
        raise SettingsError(
            "holds no certificate in PEM that can be used",
            path=str(path),
            key="--ca",
            hint="a PEM file with the authority's certificate is wanted (-----BEGIN CERTIFICATE-----)",
        ) from error
    return text


def of_system() -> str:
    """The system's anchors as PEM, from where OpenSSL looks for them. Raises `SettingsError` where there are none."""
    paths = ssl.get_default_verify_paths()
    context = ssl.create_default_context()
    found = [ssl.DER_cert_to_PEM_cert(one) for one in context.get_ca_certs(binary_form=True)]
    if not found:
        raise SettingsError(
            f"the system has no trust anchors ({paths.cafile or paths.openssl_cafile})",
            key="--ca",
            hint="install ca-certificates, or name a file: --ca FILE",
        )
    return "".join(found)
