"""Where a listener's certificate, key and anchors go, and with which modes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from everyhop.deploy.change import Change, MakeDirectory, WriteFile
from everyhop.deploy.disclosure import Disclosure
from everyhop.deploy.files import Files, Owner
from everyhop.model.certificate import Issued
from everyhop.model.secret import Secret

CERTIFICATE_MODE = 0o644
KEY_MODE = 0o600
DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Keeping:
    """A folder `everyhop/` in the listener's own directory, and the account that has to read the key."""

    listener: str
    directory: str
    owner: Owner

    @property
    def folder(self) -> str:
        """The folder that holds all three."""
        return f"{self.directory.rstrip('/')}/everyhop"

    @property
    def certificate(self) -> str:
        """The leaf and its intermediates, in the order in which they are served."""
        return f"{self.folder}/server.pem"

    @property
    def key(self) -> str:
        """The private key."""
        return f"{self.folder}/server.key"

    @property
    def client_anchors(self) -> str:
        """What client certificates are held against."""
        return f"{self.folder}/clients.pem"

    def paths(self) -> tuple[str, ...]:
        """The files that `changes` writes."""
        return self.certificate, self.key, self.client_anchors

    def changes(self, issued: Issued, client_anchors: str | None, files: Files) -> Iterator[Change]:
        """The folder, then certificate and key. PostgreSQL refuses a key that others can read (section 19.9.1)."""
        yield MakeDirectory(self.listener, self.folder, DIRECTORY_MODE, self.owner)
        yield self._file(self.certificate, issued.chain_pem, files)
        yield self._key(issued.key_pem, files)
        if client_anchors is not None:
            yield self._file(self.client_anchors, client_anchors, files)

    def _file(self, path: str, content: str, files: Files) -> WriteFile:
        return WriteFile(self.listener, path, content, CERTIFICATE_MODE, self.owner, files[path])

    def _key(self, key: Secret, files: Files) -> WriteFile:
        before = files[self.key]
        return WriteFile(self.listener, self.key, key, KEY_MODE, self.owner, before, Disclosure.NOTHING)
