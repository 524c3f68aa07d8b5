"""What has to change on a PostgreSQL listener. A reload is enough: it reads all `ssl*` settings, since version 10."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from everyhop.deploy.certificate import Clients, Keeping
from everyhop.deploy.change import Change, MakeDirectory, Reload, WriteFile
from everyhop.deploy.files import Files, Found
from everyhop.deploy.plan import raised
from everyhop.dialects import postgresql
from everyhop.dialects.postgresql import Verifiers, conf
from everyhop.errors import SourceError
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.posture import ClientAuth, Posture
from everyhop.model.profile import Profile
from everyhop.model.secret import Secret

_CONF_D = "conf.d"
_INCLUDE = "\n# everyhop: last, so that what stands there wins\ninclude_dir = '{}'\n"


@dataclass(frozen=True, slots=True)
class PostgresqlTarget:
    """A PostgreSQL listener: where `postgresql.conf` and `pg_hba.conf` are, whom it runs as, and what is wanted of it.

    `posture` is a listener's: `encrypted` at most. `clients` is needed for client authentication only. The
    drop-in's name sorts behind all others in `conf.d`, because the last setting wins.
    """

    listener: str
    config: str
    hba: str
    owner: Owner
    certificate: Issued
    posture: Posture
    verifiers: Verifiers = Verifiers.UNKNOWN
    clients: Clients | None = None

    def paths(self) -> tuple[str, ...]:
        """The configuration and everything that is written."""
        return self.config, self.hba, self._drop_in, *self._keeping.paths()

    def changes(self, files: Files, profile: Profile) -> tuple[Change, ...]:
        """Certificate first, then what uses it, then who may come in, then the reload."""
        return tuple(self._changes(files, profile))

    @property
    def _directory(self) -> str:
        return str(PurePosixPath(self.config).parent)

    @property
    def _drop_in(self) -> str:
        return f"{self._directory}/{_CONF_D}/zz-everyhop.conf"

    @property
    def _keeping(self) -> Keeping:
        return Keeping(self.listener, self._directory, self.owner)

    def _changes(self, files: Files, profile: Profile) -> Iterator[Change]:
        main, hba = _there(self.config, files), _there(self.hba, files)
        keeping = self._keeping
        asks = self.posture.client_auth is not ClientAuth.ABSENT
        tls = postgresql.TlsFiles(
            keeping.certificate, keeping.key, *keeping.client_files(self.clients if asks else None)
        )
        present = postgresql.read(conf.settings(main.content.reveal()), hba.content.reveal())
        wording = postgresql.write(
            raised(self.posture, present.bounds),
            tls,
            hba.content.reveal(),
            suites=profile.suites,
            verifiers=self.verifiers,
        )
        yield from keeping.changes(self.certificate, self.clients if asks else None, files)
        yield MakeDirectory(self.listener, f"{self._directory}/{_CONF_D}", 0o755, self.owner)
        yield WriteFile(self.listener, self._drop_in, wording.conf, 0o644, self.owner, files[self._drop_in])
        yield self._edited(self.config, self._including(main.content.reveal()), main)
        yield self._edited(self.hba, wording.hba, hba)
        yield Reload(self.listener)

    def _including(self, text: str) -> str:
        """`postgresql.conf` with its `conf.d` included (Debian's is, initdb's is not)."""
        named = {str(PurePosixPath(self._directory, name)) for name in conf.included(text)}
        if f"{self._directory}/{_CONF_D}" in named:
            return text
        return text + _INCLUDE.format(_CONF_D)

    def _edited(self, path: str, text: str, found: Found) -> WriteFile:
        return WriteFile(self.listener, path, Secret(text), found.mode, None, found)


def _there(path: str, files: Files) -> Found:
    found = files[path]
    if found is None:
        raise SourceError("is not there", path=path, hint="SHOW config_file and SHOW hba_file tell where they are")
    return found
