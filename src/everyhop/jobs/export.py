"""Export: what dialers are to believe, in the form that they read; and the root's key, to be kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from everyhop.disk import place
from everyhop.disk.account import own_numbers
from everyhop.errors import DiskError, LineageError, SettingsError
from everyhop.jobs.office import Office
from everyhop.model.secret import Secret
from everyhop.pki.rollover import generations
from everyhop.trust.java import USUAL_PASSWORD as JAVA_PASSWORD

_KEY_MODE = 0o600


class Format(Enum):
    """The forms in which anchors are written."""

    PEM = "pem"
    DER = "der"
    JAVA = "java"


@dataclass(frozen=True, slots=True)
class Moved:
    """Which generation's root key was moved, and where to."""

    generation: int
    path: str


def anchors(office: Office, form: Format) -> bytes:
    """The anchors of this step. Raises `SettingsError` where the form holds one certificate, and there are two."""
    pem = office.authority().anchors_pem()
    certificates = x509.load_pem_x509_certificates(pem.encode())
    match form:
        case Format.PEM:
            return pem.encode()
        case Format.DER:
            if len(certificates) > 1:
                raise SettingsError(
                    "two roots are to be believed at this step of the roll-over, and DER holds one certificate",
                    hint="--format pem",
                )
            return certificates[0].public_bytes(Encoding.DER)
        case Format.JAVA:
            names = [f"everyhop-{number}".encode() for number in range(1, len(certificates) + 1)]
            entries = [pkcs12.PKCS12Certificate(one, name) for one, name in zip(certificates, names, strict=True)]
            return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(JAVA_PASSWORD.reveal().encode()))


def move_root_key(office: Office, target: Path) -> Moved:
    """Write the newest root's sealed key to a new file, read it back, and only then remove it here.

    Raises `LineageError` where it is not here, and `DiskError` where the file is there already or cannot be written.
    """
    kept = office.authority()
    newest = max(one.number for one in generations(kept.state().roll))
    key = kept.root_key_pem(newest)
    if key is None:
        raise LineageError(
            f"the key of root {newest} is not here: it is offline already", hint="everyhop ca show tells about all keys"
        )
    path, content = str(target.absolute()), key.reveal().encode()
    if place.read(path) is not None:
        raise DiskError("is there already", path=path, hint="name a new file")
    place.write(path, place.Snapshot(content, _KEY_MODE, *own_numbers()), f".{target.name}.everyhop-part")
    written = place.read(path)
    if written is None or written.content != content:
        raise DiskError("does not hold what was written to it: nothing was removed here", path=path)
    kept.take_root_key_away(newest)
    with office.ledger() as ledger:
        ledger.append(office.authority_event(f"the key of root {newest} was moved to {path}"))
    return Moved(newest, path)


def read_root_key(path: Path) -> Secret:
    """A root's sealed key from where it was taken to. Raises `SettingsError`."""
    found = place.read(str(path.absolute()))
    if found is None:
        raise SettingsError("there is no such file", path=str(path), key="--root-key", hint="is the stick in?")
    return Secret(found.content.decode("utf-8", "replace"))
