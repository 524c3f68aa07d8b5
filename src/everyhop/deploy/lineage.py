"""What has to change at a consumer of a lineage: its files hold what the lineage's version holds, then it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from everyhop.deploy.change import Change, MakeDirectory, Reload, WriteFile
from everyhop.deploy.disclosure import Disclosure
from everyhop.deploy.files import Files
from everyhop.lineage.deployment import Deployment
from everyhop.lineage.version import Version
from everyhop.model.profile import Profile
from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class LineageTarget:
    """A deployment of a lineage, and the version that it is to have. `listener` names it among all that is planned."""

    listener: str
    deployment: Deployment
    version: Version
    crl_pem: str | None = None

    def paths(self) -> tuple[str, ...]:
        """Everything that is written."""
        return tuple(self.deployment.files.values())

    def changes(self, files: Files, _profile: Profile) -> tuple[Change, ...]:
        """The folders, every file, then the reload. After a crash between two files the journal puts both back."""
        written = (
            WriteFile(
                self.listener,
                wanted.path,
                wanted.content,
                wanted.mode,
                wanted.owner,
                files[wanted.path],
                Disclosure.NOTHING if isinstance(wanted.content, Secret) else Disclosure.MASKED,
            )
            for wanted in self.deployment.wanted(self.version, self.crl_pem)
        )
        return (*self._folders(), *written, Reload(self.listener))

    def _folders(self) -> tuple[Change, ...]:
        """The folder of each file and the one that it lies in: `everyhop/NAME` in a product's own directory."""
        folders = [PurePosixPath(path).parent for path in self.deployment.files.values()]
        wanted = dict.fromkeys(str(one) for folder in folders for one in (folder.parent, folder))
        return tuple(MakeDirectory(self.listener, path, _FOLDER_MODE) for path in wanted if path != "/")


_FOLDER_MODE: Final = 0o755
"""What is secret in it has a mode of its own."""
