"""Adopt: a lineage that certbot keeps, deployed by everyhop whenever certbot renews it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from everyhop.deploy.apply import apply
from everyhop.deploy.change import Change, MakeDirectory, WriteFile
from everyhop.deploy.files import Files
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import remedy
from everyhop.deploy.profiles import load
from everyhop.errors import SettingsError
from everyhop.jobs.claim import Strangers, refuse_taken
from everyhop.jobs.deployment import Deployed, Telling, deploy
from everyhop.jobs.office import Office
from everyhop.lineage.adopted import adopt as take_over
from everyhop.lineage.deployment import Deployment
from everyhop.lineage.ledger.event import Kind
from everyhop.lineage.name import parse_name
from everyhop.lineage.terms import IssuerName
from everyhop.lineage.version import Version
from everyhop.model.profile import Profile

_LIVE = "live"


@dataclass(frozen=True, slots=True)
class Adopted:
    """The lineage, its first version, certbot's hook, and what became of each deployment."""

    name: str
    version: Version
    hook: str
    deployed: tuple[Deployed, ...]


@dataclass(frozen=True, slots=True)
class HookTarget:
    """A program in certbot's `renewal-hooks/deploy`, which certbot runs after each renewal (certbot's manual).

    It does nothing for other lineages: certbot says in RENEWED_LINEAGE which one was renewed.
    """

    listener: str
    path: str
    source: str
    command: tuple[str, ...]

    def paths(self) -> tuple[str, ...]:
        """The one file."""
        return (self.path,)

    def changes(self, files: Files, _profile: Profile | None = None) -> tuple[Change, ...]:
        """Its folders, and the file; certbot looks for it by itself."""
        folder = PurePosixPath(self.path).parent
        folders = (MakeDirectory(self.listener, str(one), 0o755) for one in (folder.parent, folder))
        return (*folders, WriteFile(self.listener, self.path, self.text(), 0o755, None, files[self.path]))

    def text(self) -> str:
        """The program."""
        return f"""\
#!/bin/sh
# Written by everyhop cert adopt. Certbot runs it after each renewal: everyhop deploys what was renewed.
[ "$RENEWED_LINEAGE" = {shlex.quote(self.source)} ] || exit 0
exec {shlex.join(self.command)}
"""


def adopt(
    office: Office,
    directory: Path,
    name: str | None,
    deployments: tuple[Deployment, ...],
    program: Sequence[str],
    strangers: Strangers = Strangers.KEPT,
) -> Adopted:
    """Take over certbot's `live/NAME`, deploy it, and have certbot call `program` when it renews.

    Raises `SettingsError` for another directory, `LineageError` for one that is not as certbot keeps it, or where a
    file that is not ours has a deployment's place.
    """
    source = directory.absolute()
    if source.parent.name != _LIVE:
        raise SettingsError(
            "is not a directory of certbot's", path=str(directory), hint="/etc/letsencrypt/live/NAME is wanted"
        )
    if not source.is_dir():
        raise SettingsError("there is no such directory", path=str(directory), hint="certbot certificates tells where")
    called = parse_name(name or source.name)
    hook = HookTarget(
        "certbot",
        str(source.parent.parent / "renewal-hooks" / "deploy" / f"everyhop-{_plain(called)}"),
        str(source),
        (*program, "renew", called, "--state", office.home),
    )
    refuse_taken(office, called, IssuerName.ADOPTED, deployments, strangers)
    with office.ledger() as ledger:
        lineage = take_over(office.store, called, str(source), deployments)
        try:
            version = lineage.live()
            assert version is not None  # noqa: S101 - it was just added
            apply(remedy((hook,), look_at((hook,)), load("internal")), Path(office.journal) / "certbot", {})
        except BaseException:
            office.store.remove(called)
            raise
        ledger.append(office.event(Kind.ADOPTED, version.leaf, called, str(source)))
    done = tuple(deploy(office, called, version, deployments, None, Telling.FIRST_TIME))
    return Adopted(called, version, hook.path, done)


def _plain(name: str) -> str:
    """run-parts and certbot take names of letters, digits, `-` and `_`; and no two lineages may share a hook."""
    plain = "".join(character if character.isalnum() else "-" for character in name)
    only_dots = plain == name.replace(".", "-") and "-" not in name
    return plain if only_dots else f"{plain}-{sha256(name.encode()).hexdigest()[:8]}"
