"""The files that settings name, as they are on this machine: texts to be read further, certificates to be looked at.

Settings are often explained elsewhere than where they are used, so a file that is not there, or not for our eyes, is no
news. What is there and cannot be what the settings take it for is a gap.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from everyhop.errors import SourceError
from everyhop.model.sighting import Gap

LARGEST: Final = 1_000_000
"""Bytes. The system's bundle of authorities has about 220,000."""

_CERTIFICATE: Final = ("-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----", "-----BEGIN X509 CERT")
_KEY: Final = "PRIVATE KEY-----"
_DER: Final = b"\x30\x82"  # a SEQUENCE of more than 255 bytes, as every certificate and RSA key in DER is


class _UnfitError(Exception):
    """A file that is there and is not to be read: why, and what to do."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """Looks from `folder`, where relative names begin; `home` is what `~` stands for, None where nobody's counts."""

    folder: Path
    home: Path | None = None

    def text(self, name: str) -> str | None:
        """The text of a file; None where there is none, none that is small and regular, or none of text."""
        try:
            content = self._content(name)
        except _UnfitError:
            return None
        return None if content is None or b"\0" in content else content.decode("utf-8", "replace")

    def gaps(self, anchors: str | None, names: Sequence[str], now: datetime) -> tuple[Gap, ...]:
        """What is wrong with certificates and keys of these names; `anchors` is the one that is to be believed."""
        texts: dict[str, str] = {}
        found: list[Gap] = []
        for name in filter(None, dict.fromkeys(names)):
            try:
                text = self._pem(name)
                if text is not None:
                    _refuse_unusable(text, name, now, anchors)
                    texts[name] = text
            except _UnfitError as refusal:
                found.append(_gap(name, refusal.reason, refusal.hint))
        mine = {name: text for name, text in texts.items() if name != anchors}
        return (*found, *_mismatches(mine))

    def _pem(self, name: str) -> str | None:
        if name.startswith("~"):
            raise _UnfitError(
                "this is in a folder called ~: no driver takes that for a home folder", "write the whole path"
            )
        content = self._content(name)
        if content is None:
            return None
        text = content.decode("utf-8", "replace")
        if any(mark in text for mark in (*_CERTIFICATE, _KEY)):
            return text
        if content.startswith(_DER):
            raise _UnfitError("it is DER, and a driver reads PEM", "openssl x509 -inform der -in FILE -out FILE.pem")
        raise _UnfitError("it is no certificate", "name a file in PEM: -----BEGIN CERTIFICATE-----")

    def _content(self, name: str) -> bytes | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                if _is_hashed(path):  # what `openssl rehash` makes is a store of anchors (ssl_capath)
                    return None
                raise _UnfitError("it is a directory, and a file is needed", "name the file in it")
            if not stat.S_ISREG(status.st_mode):
                raise _UnfitError("it is no regular file", "name a file in PEM")
            if status.st_size > LARGEST:
                raise _UnfitError(
                    f"it is larger than {LARGEST} bytes", "name the file with the authority's certificate"
                )
            return _read(path)
        except (OSError, ValueError):  # not there, not for us, or no name that a file can have
            return None

    def _path(self, name: str) -> Path | None:
        if name.startswith("~/"):
            return None if self.home is None else self.home / name[2:]
        return self.folder / name


def _read(path: Path) -> bytes:
    """Not more than `LARGEST`, whatever has become of the file; never waiting for somebody to write into a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(LARGEST)


def _is_hashed(folder: Path) -> bool:
    """Whether a folder holds certificates under the hashes of their subjects, as OpenSSL looks for them."""
    return any(len(entry.name) > 9 and entry.name[8] == "." and entry.name[9:].isdigit() for entry in folder.iterdir())


def _refuse_unusable(text: str, name: str, now: datetime, anchors: str | None) -> None:
    if not any(mark in text for mark in _CERTIFICATE):
        if name == anchors:
            raise _UnfitError("it is a private key", "name the file with the authority's certificate")
        return
    from everyhop.x509.parse import chain_from_pem  # noqa: PLC0415 - slow to import, and seldom are the files here

    try:
        certificates = chain_from_pem(text, name).certificates
    except SourceError as error:
        raise _UnfitError("it looks like a certificate, but cannot be read as one", error.hint or "") from None
    judged = certificates if name == anchors else certificates[:1]  # the leaf comes first
    last = max(one.validity.not_after for one in judged)
    if last < now:
        raise _UnfitError(f"it expired on {last:%Y-%m-%d}", "renew it; with this one no connection succeeds")
    first = min(one.validity.not_before for one in judged)
    if first > now:
        raise _UnfitError(f"it is not valid before {first:%Y-%m-%d}", "is the clock right?")


def _mismatches(texts: dict[str, str]) -> Iterator[Gap]:
    """A key that is not its certificate's, where there is one of each."""
    certificates = [name for name, text in texts.items() if any(mark in text for mark in _CERTIFICATE)]
    keys = [name for name, text in texts.items() if _KEY in text]
    if len(certificates) != 1 or len(keys) != 1:
        return
    from everyhop.x509.pair import belongs  # noqa: PLC0415 - as above

    (certificate,), (key,) = certificates, keys
    try:
        if belongs(texts[key], texts[certificate], key) is False:
            yield _gap(key, f"this key is not that of {certificate}", "name the key that the certificate was made for")
    except SourceError as error:
        yield _gap(key, error.message, error.hint or "")


def _gap(name: str, reason: str, hint: str) -> Gap:
    return Gap(name, f"on this machine {reason}" if not reason.startswith("this") else reason, hint)
