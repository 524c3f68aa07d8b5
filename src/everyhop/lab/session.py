"""A lab: a private directory, a throw-away authority, a keeper, and the servers that were started in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final

from everyhop.lab import state
from everyhop.lab.account import Account, unprivileged
from everyhop.lab.keeping import Keeper
from everyhop.lab.server import Server
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.issuer import Issuer
from everyhop.pki.authority import Authority

_LIFETIME: Final = timedelta(days=90)  # longer than anybody leaves a lab running
# sun_path has 108 bytes (unix(7)); below the lab's directory stands at most "/postgresql-99/.s.PGSQL.65535.lock".
_LONGEST_PARENT: Final = 108 - len("/everyhop-lab-12345678") - len("/postgresql-99/.s.PGSQL.65535.lock") - 1


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of a certificate and its key, readable by the servers' account alone."""

    certificate: Path
    key: Path


class Lab:
    """Open one with `Lab.open`; it ends when its `with` block is left, when its process does, or with `close`.

    `purpose` tells labs apart in `everyhop lab list`. `authority` signs for the servers, `anchors` is its file.
    """

    def __init__(self, keeper: Keeper, account: Account, name: str, authority: Authority) -> None:
        self.keeper = keeper
        self.account = account
        self.name = name
        self.authority = authority
        self.directory = keeper.directory
        self.servers: list[Server] = []
        self.anchors = self.directory / "ca.pem"
        self.write(self.anchors, authority.anchors_pem)

    @classmethod
    def open(cls, purpose: str) -> Lab:
        """A new lab without servers yet. Raises `LabError` or `ToolError` where there cannot be one."""
        state.running()  # tidies up after labs that were killed
        account = unprivileged()
        reserved = state.reserve()
        try:
            keeper = Keeper(_parent_directory(), reserved, purpose, account)
        except BaseException:
            reserved.unlink(missing_ok=True)
            raise
        try:
            authority = Authority.create(f"everyhop {reserved.stem}", lambda: datetime.now(UTC), _LIFETIME)
            return cls(keeper, account, reserved.stem, authority)
        except BaseException:
            keeper.close()
            raise

    def room(self, product: str) -> Path:
        """A new directory of mode 0700 for a server: `mariadb`, then `mariadb-2`, and so on."""
        number = 1
        while True:
            path = self.directory / (product if number == 1 else f"{product}-{number}")
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
                continue
            self._give(path)
            return path

    def folder(self, path: Path) -> Path:
        """A new directory of mode 0700 at this place."""
        path.mkdir(mode=0o700)
        self._give(path)
        return path

    def write(self, path: Path, text: str) -> Path:
        """A new file of mode 0600 that the servers' account owns; never through a symlink, never over another file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            if os.geteuid() == 0:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
            file.write(text)
        return path

    def pair(self, directory: Path, names: tuple[str, ...], issued: Issued | None = None) -> Pair:
        """A certificate for these names from the lab's authority (or the one given), as two files in `directory`."""
        issuer: Issuer = self.authority
        made = issued or issuer.issue(CertificateRequest(names))
        return Pair(
            self.write(directory / "server.pem", made.chain_pem),
            self.write(directory / "server.key", made.key_pem.reveal()),
        )

    def add(self, server: Server) -> Server:
        """Start a server of this lab and tell of it in `lab list`."""
        server.start()
        self.servers.append(server)
        self.keeper.note({"servers": [_told(one) for one in self.servers], "anchors": str(self.anchors)})
        return server

    def environment(self) -> Mapping[str, str]:
        """What servers get as their environment; nothing of the caller's."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {
            "PATH": path,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory),
        }

    def wait(self) -> Server | None:
        """Wait until a server ends by itself; which, or None where somebody else ended the lab."""
        running: dict[int, Server] = {}
        for server in self.servers:
            pid = server.pid
            if pid is None:
                return server
            running[pid] = server
        ended = self.keeper.watch(running)
        return None if ended is None else running[ended]

    def release(self) -> None:
        """Let the lab go on without this process, until `everyhop lab down`; nothing more can be asked of it."""
        self.keeper.release()

    def close(self) -> None:
        """End all servers and remove the directory; returns when that is done."""
        self.keeper.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)


def _told(server: Server) -> dict[str, str]:
    """For the state file, which is readable by nobody else: the one place where a lab's password is written."""
    return {
        "product": server.product,
        "version": server.version,
        "endpoint": str(server.endpoint),
        "url": server.url.reveal(),
    }


def _parent_directory() -> Path:
    """The system's temporary directory; `/tmp` where that one is too deep for sockets, or closed to the servers."""
    usual = Path(tempfile.gettempdir())
    open_to_all = all(place.stat().st_mode & 0o001 for place in (usual, *usual.parents))
    if len(os.fsencode(usual)) <= _LONGEST_PARENT and (open_to_all or os.geteuid() != 0):
        return usual
    return Path("/tmp")  # noqa: S108  # mkdtemp makes a private directory in it
