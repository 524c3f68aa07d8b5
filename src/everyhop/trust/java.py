"""Java's stores: `cacerts` of the installation, or a keystore of an application's own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.model.secret import Secret
from everyhop.trust.anchor import Anchor
from everyhop.trust.program import run

_VARIABLE: Final = "EVERYHOP_STOREPASS"
USUAL_PASSWORD: Final = Secret("changeit")
"""What every Java installation's `cacerts` has (keytool's documentation): it guards against accidents, not people."""


@dataclass(frozen=True, slots=True)
class JavaStore:
    """`keystore` None is the installation's `cacerts`."""

    keystore: Path | None = None
    password: Secret = USUAL_PASSWORD

    @property
    def title(self) -> str:
        """With its file."""
        return f"Java ({self.keystore or 'cacerts'})"

    def holds(self, anchor: Anchor) -> bool:
        """Whether there is an entry of the anchor's name."""
        if self.keystore is not None and not self.keystore.exists():
            return False
        listed = run(self._keytool("-list"), environment=self._environment())
        return any(line.startswith(f"{anchor.name},") for line in listed.splitlines())

    def install(self, anchor: Anchor) -> None:
        """Import it; a keystore that is not there is made."""
        if not self.holds(anchor):
            run(self._keytool("-importcert", "-noprompt", "-alias", anchor.name), anchor.pem, self._environment())

    def remove(self, anchor: Anchor) -> None:
        """Delete the entry."""
        if self.holds(anchor):
            run(self._keytool("-delete", "-alias", anchor.name), environment=self._environment())

    def _keytool(self, action: str, *more: str) -> tuple[str, ...]:
        where = ("-keystore", str(self.keystore)) if self.keystore else ("-cacerts",)
        # By its name in the environment: arguments are visible to every account.
        return "keytool", action, *where, "-storepass:env", _VARIABLE, *more

    def _environment(self) -> dict[str, str]:
        return {_VARIABLE: self.password.reveal()}


def found() -> tuple[JavaStore, ...]:
    """The installation's own, where there is one."""
    return (JavaStore(),) if shutil.which("keytool") else ()
