"""The databases of NSS, which Firefox and Chromium look into: one for each profile, or for each account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.trust.anchor import Anchor
from everyhop.trust.program import run

_TRUSTED: Final = "C,,"
"""Believed for servers' certificates, and for nothing else (certutil(1), trustargs)."""

# Chromium's, then Firefox's profiles as Debian, Ubuntu's snap and Flatpak keep them.
_PLACES: Final = (
    ".pki/nssdb",
    "snap/chromium/*/.pki/nssdb",
    ".mozilla/firefox*/*",
    "snap/firefox/common/.mozilla/firefox/*",
    ".var/app/org.mozilla.firefox/.mozilla/firefox/*",
)


@dataclass(frozen=True, slots=True)
class NssStore:
    """The database in a directory, in its present form (`cert9.db`)."""

    directory: Path

    @property
    def title(self) -> str:
        """With its directory."""
        return f"NSS ({self.directory})"

    def holds(self, anchor: Anchor) -> bool:
        """Whether a certificate of the anchor's name is there."""
        return any(line.split()[:1] == [anchor.name] for line in run(self._certutil("-L")).splitlines())

    def install(self, anchor: Anchor) -> None:
        """Add it as an authority for servers."""
        if not self.holds(anchor):
            run(self._certutil("-A", "-a", "-n", anchor.name, "-t", _TRUSTED), anchor.pem)

    def remove(self, anchor: Anchor) -> None:
        """Delete it."""
        if self.holds(anchor):
            run(self._certutil("-D", "-n", anchor.name))

    def _certutil(self, *arguments: str) -> tuple[str, ...]:
        return "certutil", arguments[0], "-d", f"sql:{self.directory}", *arguments[1:]


def found(home: Path) -> tuple[NssStore, ...]:
    """Every database below an account's home directory."""
    directories = (directory for pattern in _PLACES for directory in sorted(home.glob(pattern)))
    return tuple(NssStore(directory) for directory in directories if (directory / "cert9.db").is_file())
