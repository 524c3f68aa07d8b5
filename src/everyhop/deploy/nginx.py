"""What has to change on an nginx site: HTTPS, a redirect with 308, HSTS, and the scheme told to the application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from everyhop.deploy.certificate import Clients, Keeping
from everyhop.deploy.change import Change, Reload, WriteFile
from everyhop.deploy.files import Files
from everyhop.deploy.plan import raised
from everyhop.dialects import nginx
from everyhop.errors import EveryhopError, SourceError
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.posture import ClientAuth, Posture
from everyhop.model.profile import Profile
from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class NginxTarget:
    """A site: the file that holds its `server` block, its name, where HTTPS is to be taken, and what is wanted of it.

    `port` is what browsers dial (the `listen` may be behind a port mapping). `owner` is the account that reads the
    key: the master process, root unless all of nginx runs unprivileged. `directory` is where the folder with
    certificate and key goes.
    """

    listener: str
    config: str
    directory: str
    name: str
    listen: str
    port: int
    owner: Owner
    certificate: Issued
    posture: Posture
    clients: Clients | None = None

    def paths(self) -> tuple[str, ...]:
        """The configuration and everything that is written."""
        return self.config, *self._keeping.paths()

    def changes(self, files: Files, profile: Profile) -> tuple[Change, ...]:
        """Certificate first, then the site, then the reload."""
        return tuple(self._changes(files, profile))

    @property
    def _keeping(self) -> Keeping:
        return Keeping(self.listener, self.directory, self.owner)

    def _changes(self, files: Files, profile: Profile) -> Iterator[Change]:
        found = files[self.config]
        if found is None:
            raise SourceError("is not there", path=self.config, hint="nginx -T tells which files it reads")
        text = self._written(found.content.reveal(), profile)
        asks = self.posture.client_auth is not ClientAuth.ABSENT
        yield from self._keeping.changes(self.certificate, self.clients if asks else None, files)
        yield WriteFile(self.listener, self.config, Secret(text), found.mode, None, found)
        yield Reload(self.listener)

    def _written(self, text: str, profile: Profile) -> str:
        keeping = self._keeping
        asks = self.posture.client_auth is not ClientAuth.ABSENT
        anchors, crl = keeping.client_files(self.clients if asks else None)
        site = nginx.Site(
            name=self.name,
            listen=self.listen,
            port=self.port,
            certificate=keeping.certificate,
            key=keeping.key,
            suites=profile.suites,
            hsts=profile.hsts,
            client_anchors=anchors,
            client_crl=crl,
        )
        try:
            return nginx.write(text, site, raised(self.posture, nginx.read(text, self.name).bounds))
        except EveryhopError as error:
            error.path = error.path or self.config
            raise
