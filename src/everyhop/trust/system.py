"""The system's own store, which OpenSSL, curl, Python and Go look into: a directory and the program that reads it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Final

from everyhop.disk import place
from everyhop.disk.account import own_numbers
from everyhop.trust.anchor import Anchor
from everyhop.trust.program import PATH, run

_MODE: Final = 0o644


@dataclass(frozen=True, slots=True)
class SystemStore:
    """`directory` is where an administrator's own anchors lie, `command` makes the store anew from it."""

    directory: str
    command: tuple[str, ...]

    @property
    def title(self) -> str:
        """With its directory."""
        return f"system ({self.directory})"

    def holds(self, anchor: Anchor) -> bool:
        """Whether the anchor's file is there."""
        found = place.read(self._file(anchor))
        return found is not None and found.content == anchor.pem.encode()

    def install(self, anchor: Anchor) -> None:
        """Write the file, then make the store anew; without the second there is no first."""
        if self.holds(anchor):
            return
        path = self._file(anchor)
        uid, gid = own_numbers()
        content = place.Snapshot(anchor.pem.encode(), _MODE, uid, gid)
        place.write(path, content, f".{anchor.name}.part")
        try:
            run(self.command)
        except BaseException:
            place.remove(path)
            raise

    def remove(self, anchor: Anchor) -> None:
        """Take the file away, then make the store anew."""
        if self.holds(anchor):
            place.remove(self._file(anchor))
            run(self.command)

    def _file(self, anchor: Anchor) -> str:
        return f"{self.directory}/{anchor.name}.crt"


# update-ca-certificates(8) of Debian, Ubuntu and Alpine; update-ca-trust(8) of Fedora and RHEL; trust(1) of Arch.
_KNOWN: Final = (
    SystemStore("/usr/local/share/ca-certificates", ("update-ca-certificates",)),
    SystemStore("/etc/pki/ca-trust/source/anchors", ("update-ca-trust", "extract")),
    SystemStore("/etc/ca-certificates/trust-source/anchors", ("trust", "extract-compat")),
)


def found() -> tuple[SystemStore, ...]:
    """The system's store, if it is one of the known kinds."""
    here = (
        store for store in _KNOWN if shutil.which(store.command[0], path=PATH) and place.is_directory(store.directory)
    )
    return tuple(here)[:1]
