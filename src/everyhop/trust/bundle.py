"""A file of anchors in PEM, as `sslrootcert`, `ssl_ca` and `REQUESTS_CA_BUNDLE` name one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from everyhop.disk import place
from everyhop.disk.account import own_numbers
from everyhop.errors import SourceError
from everyhop.trust.anchor import Anchor
from everyhop.x509.parse import chain_from_pem

_MODE: Final = 0o644
_BLOCK: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BundleStore:
    """The file at an absolute path; everything in it that is not ours stays as it is."""

    path: str

    @property
    def title(self) -> str:
        """With its path."""
        return f"bundle ({self.path})"

    def holds(self, anchor: Anchor) -> bool:
        """Whether the certificate is in it, whoever put it there."""
        return any(True for _ in _blocks(self._text(), anchor))

    def install(self, anchor: Anchor) -> None:
        """Put it at the end; a file that is not there is made."""
        text = self._text()
        if not any(True for _ in _blocks(text, anchor)):
            self._write(f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{anchor.pem}", anchor)

    def remove(self, anchor: Anchor) -> None:
        """Take the certificate out, as often as it is in it."""
        text = self._text()
        without = text
        for start, end in reversed(list(_blocks(text, anchor))):
            without = without[:start] + without[end:]
        if without != text:
            self._write(without, anchor)

    def _text(self) -> str:
        found = place.read(self.path)
        return found.content.decode("utf-8", "surrogateescape") if found else ""

    def _write(self, text: str, anchor: Anchor) -> None:
        found = place.read(self.path)
        mode, uid, gid = (found.mode, found.uid, found.gid) if found else (_MODE, *own_numbers())
        content = text.encode("utf-8", "surrogateescape")
        place.write(self.path, place.Snapshot(content, mode, uid, gid), f".{anchor.name}.part")


def _blocks(text: str, anchor: Anchor) -> Iterator[tuple[int, int]]:
    for block in _BLOCK.finditer(text):
        try:
            leaf = chain_from_pem(block[0]).leaf
        except SourceError:
            continue  # somebody's damaged certificate is not ours to judge
        if leaf.sha256 == anchor.certificate.sha256:
            yield block.span()
