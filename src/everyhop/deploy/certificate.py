"""Where a listener's certificate, key, anchors and revocation lists go, and with which modes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from everyhop.deploy.change import Change, MakeDirectory, WriteFile
from everyhop.deploy.disclosure import Disclosure
from everyhop.deploy.files import Files
from everyhop.lineage.deployment import OWN_KEY_MODE, PUBLIC_MODE
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.secret import Secret

DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Clients:
    """What client certificates are held against, as PEM.

    `crl` has the lists of every authority above them, the root's too; None leaves revocation unasked.
    """

    anchors: str
    crl: str | None = None


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

    @property
    def client_crl(self) -> str:
        """Which client certificates were revoked."""
        return f"{self.folder}/clients.crl"

    def client_files(self, clients: Clients | None) -> tuple[str | None, str | None]:
        """Where the anchors and the lists go; None for what there is none of."""
        if clients is None:
            return None, None
        return self.client_anchors, self.client_crl if clients.crl is not None else None

    def paths(self) -> tuple[str, ...]:
        """The files that `changes` writes."""
        return self.certificate, self.key, self.client_anchors, self.client_crl

    def changes(self, issued: Issued, clients: Clients | None, files: Files) -> Iterator[Change]:
        """The folder, then certificate and key. PostgreSQL refuses a key that others can read (section 19.9.1)."""
        yield MakeDirectory(self.listener, self.folder, DIRECTORY_MODE, self.owner)
        yield self._file(self.certificate, issued.chain_pem, files)
        yield self._key(issued.key_pem, files)
        if clients is not None:
            yield self._file(self.client_anchors, clients.anchors, files)
        if clients is not None and clients.crl is not None:
            yield self._file(self.client_crl, clients.crl, files)

    def _file(self, path: str, content: str, files: Files) -> WriteFile:
        return WriteFile(self.listener, path, content, PUBLIC_MODE, self.owner, files[path])

    def _key(self, key: Secret, files: Files) -> WriteFile:
        before = files[self.key]
        return WriteFile(self.listener, self.key, key, OWN_KEY_MODE, self.owner, before, Disclosure.NOTHING)
