"""What has to change on a MariaDB listener. Switching TLS on takes a restart: `FLUSH SSL` renews what is on already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from everyhop.deploy.certificate import Clients, Keeping
from everyhop.deploy.change import Change, Restart, WriteFile
from everyhop.deploy.files import Files
from everyhop.dialects import mariadb
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.posture import ClientAuth, Posture
from everyhop.model.profile import Profile


@dataclass(frozen=True, slots=True)
class MariadbTarget:
    """A MariaDB listener: a folder of option files that it includes, whom it runs as, and what is wanted of it.

    The drop-in's name sorts behind Debian's `50-server.cnf`, because the last setting wins. `directory` is where the
    folder with certificate and key goes.
    """

    listener: str
    directory: str
    include_directory: str
    owner: Owner
    certificate: Issued
    posture: Posture
    clients: Clients | None = None

    def paths(self) -> tuple[str, ...]:
        """Everything that is written."""
        return self._drop_in, *self._keeping.paths()

    def changes(self, files: Files, profile: Profile) -> tuple[Change, ...]:
        """Certificate first, then what uses it, then the restart."""
        return tuple(self._changes(files, profile))

    @property
    def _drop_in(self) -> str:
        return str(PurePosixPath(self.include_directory, "zz-everyhop.cnf"))

    @property
    def _keeping(self) -> Keeping:
        return Keeping(self.listener, self.directory, self.owner)

    def _changes(self, files: Files, profile: Profile) -> Iterator[Change]:
        keeping = self._keeping
        asks = self.posture.client_auth is not ClientAuth.ABSENT
        tls = mariadb.TlsFiles(keeping.certificate, keeping.key, *keeping.client_files(self.clients if asks else None))
        text = mariadb.write(self.posture, tls, suites=profile.suites)
        yield from keeping.changes(self.certificate, self.clients if asks else None, files)
        yield WriteFile(self.listener, self._drop_in, text, 0o644, None, files[self._drop_in])
        yield Restart(self.listener, "MariaDB takes up ssl_cert, ssl_key and tls_version only at its start")
