"""Every exception that everyhop raises on purpose.

    EveryhopError
    ├── SettingsError     everyhop.toml, an option or an argument cannot be meant that way        exit 2
    ├── SourceError       a file or folder to be read is missing, unreadable or malformed         exit 2
    ├── ToolError         a program, package or permission that everyhop needs is missing         exit 4
    │   └── LabError      a private server did not start or did not stop
    ├── ProbeError        a listener cannot even be named (what it *does* is a Gap, never raised)  exit 2
    ├── SampleError       the application could not be loaded or asked                            exit 2
    ├── TrustError        a chain does not lead to an anchor for this name, now                   exit 4
    ├── IssueError        no certificate was made                                                 exit 4
    ├── LineageError      a lineage, an authority or the ledger on disk is not as it has to be    exit 4
    ├── DiskError         the file system refused, or something stands in the way                 exit 4
    ├── GuardError        an open database connection is less than was demanded, and was closed   exit 4
    ├── DeployError       a change was not made, or was put back                                  exit 4
    └── DrillError        a relay could not do its work                                           exit 4

Each carries what happened (`message`), where (`path`, `line`, `key`, as far as they apply) and what to do next
(`hint`). Observers do not raise for what they observe: they bring home a `model.sighting.Gap`.
"""

from __future__ import annotations


class EveryhopError(Exception):
    """What happened, where, and what to do; `str()` is the whole of it, fit to be shown to a person.

    Never put a secret into `message` or `hint`: both are printed.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        path: str | None = None,
        line: int | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path
        self.line = line
        self.key = key

    @property
    def where(self) -> str | None:
        """`file:line: key`, as much of it as is known; None where there is no place to point to."""
        place = ":".join(str(part) for part in (self.path, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key) if part) or None

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class SettingsError(EveryhopError):
    """A setting of everyhop's own, or an argument, cannot be meant that way."""

    exit_code = 2


class SourceError(EveryhopError):
    """A file or folder that was to be read is missing, unreadable or malformed."""

    exit_code = 2


class ProbeError(EveryhopError):
    """What was given to `probe` names no listener."""

    exit_code = 2


class SampleError(EveryhopError):
    """The application could not be loaded, or has no connection to ask."""

    exit_code = 2


class ToolError(EveryhopError):
    """A program, package or permission that everyhop needs is missing."""


class LabError(ToolError):
    """A private server did not start, or did not stop."""


class TrustError(EveryhopError):
    """A chain does not lead to a trust anchor for this name at this time (RFC 5280 section 6)."""


class IssueError(EveryhopError):
    """An issuer did not make the certificate that was asked for."""


class LineageError(EveryhopError):
    """A lineage, an authority or the ledger is not as it has to be: missing, locked, damaged, or of somebody else."""


class DiskError(EveryhopError):
    """The file system refused: permission, space, a link or a strange file in the way."""


class GuardError(EveryhopError):
    """A database connection was opened, is less than was demanded, and was closed before anybody got it."""


class DeployError(EveryhopError):
    """A planned change was not made, or was made and put back."""


class DrillError(EveryhopError):
    """A relay could not listen, dial or do what its scenario asks."""
