"""Where the parts of a version go, whose they are there and with which modes: the one table of them per product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from everyhop.errors import SettingsError
from everyhop.lineage.version import Version
from everyhop.model.owner import Owner
from everyhop.model.secret import Secret

PUBLIC_MODE: Final = 0o644
"""Of certificates and anchors: no secret, and read by accounts that nobody foresaw."""
OWN_KEY_MODE: Final = 0o600
"""Of a key that belongs to the account that uses it. PostgreSQL takes nothing wider then (section 19.9.1)."""
GROUP_KEY_MODE: Final = 0o640
"""Of a key of root's that a service reads by its group, and cannot change."""

_SUPERUSER: Final = frozenset({"root", "0"})


class Part(Enum):
    """What a consumer wants in a file."""

    CHAIN = "chain"
    """The leaf and its intermediates, in the order in which they are served."""
    LEAF = "leaf"
    INTERMEDIATES = "intermediates"
    KEY = "key"
    ANCHORS = "anchors"
    COMBINED = "combined"
    """Key and chain in one file."""
    CRL = "crl"
    """The internal authority's revocation lists."""


class Consumer(Enum):
    """A product that uses a certificate."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    COCKROACHDB = "cockroachdb"
    NGINX = "nginx"
    APACHE = "apache"
    APP = "app"
    """An application: a dialer with a client certificate, or gunicorn."""


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file as it has to be at a consumer's."""

    path: str
    content: str | Secret
    mode: int
    owner: Owner


@dataclass(frozen=True, slots=True)
class Deployment:
    """One consumer of a lineage: which part goes into which file, by absolute path, and whose the files are.

    `reload` is the command that has the consumer take them up, as arguments; empty where nobody is to be told.
    `endpoint` is where the consumer shows its certificate, as `probe` is given it; None where it shows none.
    """

    consumer: Consumer
    files: Mapping[Part, str]
    owner: Owner
    key_mode: int = OWN_KEY_MODE
    reload: tuple[str, ...] = ()
    endpoint: str | None = None

    def __post_init__(self) -> None:
        if not self.files:
            raise SettingsError("a deployment needs a file", hint="name one for chain and key at least")
        for path in self.files.values():
            if not _is_file_path(path):
                raise SettingsError(f"{path!r} is not the absolute path of a file", hint="begin it with /")
        if len(set(self.files.values())) < len(self.files):
            raise SettingsError("two parts go into one file", hint="`combined` is key and chain in one file")
        if self.key_mode & ~GROUP_KEY_MODE:
            hint = "0600, or 0640 with root as owner"
            raise SettingsError(f"a key of mode {self.key_mode:04o} could be read or changed by others", hint=hint)
        by_group = self.key_mode & 0o040 and self.owner.user not in _SUPERUSER
        if by_group and self.consumer is Consumer.POSTGRESQL:
            hint = f"root:{self.owner.group} with 0640, or {self.owner} with 0600"
            raise SettingsError("PostgreSQL refuses a key that its group can read, unless it is root's", hint=hint)

    def wanted(self, version: Version, crl_pem: str | None = None) -> tuple[WantedFile, ...]:
        """The files with this version's content, in the order of `Part`; without lists, the one for them stays out."""
        parts = (part for part in Part if part in self.files and not (part is Part.CRL and crl_pem is None))
        return tuple(self._file(part, self.files[part], version, crl_pem or "") for part in parts)

    def _file(self, part: Part, path: str, version: Version, crl_pem: str) -> WantedFile:
        match part:
            case Part.KEY:
                return WantedFile(path, version.key_pem, self.key_mode, self.owner)
            case Part.COMBINED:
                text = Secret(version.key_pem.reveal() + version.chain_pem)
                return WantedFile(path, text, self.key_mode, self.owner)
            case Part.CHAIN:
                return WantedFile(path, version.chain_pem, PUBLIC_MODE, self.owner)
            case Part.LEAF:
                return WantedFile(path, version.leaf_pem, PUBLIC_MODE, self.owner)
            case Part.INTERMEDIATES:
                return WantedFile(path, version.intermediates_pem, PUBLIC_MODE, self.owner)
            case Part.ANCHORS:
                return WantedFile(path, self._anchors(version), PUBLIC_MODE, self.owner)
            case Part.CRL:
                return WantedFile(path, crl_pem, PUBLIC_MODE, self.owner)

    def _anchors(self, version: Version) -> str:
        """For MySQL with the intermediates: nobody is believed for those alone, who is not for a root.

        Its `ALTER INSTANCE RELOAD TLS` holds the server's own leaf against `ssl_ca`, also where there is none, and does
        not look into `ssl_cert` for what is between (9.7: error 3888, "Invalid certificates"; at its start it warns).
        """
        between = version.intermediates_pem if self.consumer is Consumer.MYSQL else ""
        return version.anchors_pem + between


@dataclass(frozen=True, slots=True)
class _Usual:
    """Whose a product's key is, with which mode, and how it takes up a new one."""

    owner: Owner
    key_mode: int
    reload: tuple[str, ...]


# Owners as Debian's packages make the accounts. SIGHUP does nothing for TLS on MySQL and MariaDB (measured: 9.7, 10.11,
# 11.8), hence the statements; CockroachDB reads its certificates again on SIGHUP.
_USUAL: Final = {
    Consumer.POSTGRESQL: _Usual(Owner("root", "postgres"), GROUP_KEY_MODE, ("systemctl", "reload", "postgresql")),
    Consumer.MYSQL: _Usual(Owner("root", "mysql"), GROUP_KEY_MODE, ("mysql", "-e", "ALTER INSTANCE RELOAD TLS")),
    Consumer.MARIADB: _Usual(Owner("root", "mysql"), GROUP_KEY_MODE, ("mariadb", "-e", "FLUSH SSL")),
    Consumer.COCKROACHDB: _Usual(
        Owner("cockroach", "cockroach"), OWN_KEY_MODE, ("systemctl", "kill", "--signal=HUP", "cockroach")
    ),
    Consumer.NGINX: _Usual(Owner("root", "root"), OWN_KEY_MODE, ("systemctl", "reload", "nginx")),
    Consumer.APACHE: _Usual(Owner("root", "root"), OWN_KEY_MODE, ("systemctl", "reload", "apache2")),
    Consumer.APP: _Usual(Owner("root", "root"), OWN_KEY_MODE, ()),
}


def default_deployment(
    consumer: Consumer,
    files: Mapping[Part, str],
    *,
    owner: Owner | None = None,
    reload: tuple[str, ...] | None = None,
) -> Deployment:
    """A deployment as the product's packages have it. An `owner` that is given has the key for itself.

    Raises `SettingsError` for what `Deployment` does not take.
    """
    usual = _USUAL[consumer]
    told = usual.reload if reload is None else reload
    if owner is None:
        return Deployment(consumer, files, usual.owner, usual.key_mode, told)
    by_group = owner.user in _SUPERUSER and owner.group not in _SUPERUSER
    return Deployment(consumer, files, owner, GROUP_KEY_MODE if by_group else OWN_KEY_MODE, told)


def _is_file_path(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.root == "/" and str(pure) == path and ".." not in pure.parts and path != "/" and path.isprintable()
