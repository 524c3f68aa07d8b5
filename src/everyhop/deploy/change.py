"""What a plan is made of. A change can be printed, made and unmade, and says nothing that holds on one machine only."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff

from everyhop.deploy.disclosure import Disclosure, shown
from everyhop.deploy.files import Found
from everyhop.model.owner import Owner
from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """A directory that has to be there. One that is there stays as it is."""

    listener: str
    path: str
    mode: int
    owner: Owner | None = None

    def __post_init__(self) -> None:
        _refuse_relative(self.path)

    def text(self) -> str:
        """One line."""
        return f"make directory {self.path}  {_rights(self.mode, self.owner)}  (if it is not there)"


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A file that has to hold exactly this. `before` is what was there when it was planned (None: no file).

    Whatever was not wholly written by everyhop is a `Secret`. An `owner` of None is the present one, or for a new
    file whoever applies the plan.
    """

    listener: str
    path: str
    content: str | Secret
    mode: int
    owner: Owner | None
    before: Found | None
    disclosure: Disclosure = Disclosure.MASKED

    def __post_init__(self) -> None:
        _refuse_relative(self.path)

    def revealed(self) -> str:
        """The text to be written: for the file, never for a person."""
        return self.content.reveal() if isinstance(self.content, Secret) else self.content

    def text(self) -> str:
        """A line, and the unified diff with passwords masked; a key's text is never shown."""
        new = "" if self.before else "  (new)"
        head = f"write {self.path}  {_rights(self.mode, self.owner)}{new}"
        if self.before is not None and self.before.mode != self.mode:
            head += f"  (was {self.before.mode:04o})"
        if self.disclosure is Disclosure.NOTHING:
            return f"{head}\n    (a private key: its text is never shown)"
        return "\n".join([head, *(f"    {line}" for line in self._diff())])

    def _diff(self) -> list[str]:
        old = shown(self.before.content.reveal(), self.disclosure).splitlines() if self.before else []
        new = shown(self.revealed(), self.disclosure).splitlines()
        origin = self.path if self.before else "/dev/null"
        lines = unified_diff(old, new, origin, self.path, n=2, lineterm="")
        return [_printable(line) for line in lines]


@dataclass(frozen=True, slots=True)
class Reload:
    """The listener reads its configuration again; open sessions go on."""

    listener: str

    def text(self) -> str:
        """One line."""
        return f"reload {self.listener}  (open sessions go on)"


@dataclass(frozen=True, slots=True)
class Restart:
    """The listener has to be stopped and started: every open session ends, and nobody gets in meanwhile."""

    listener: str
    reason: str

    def text(self) -> str:
        """One line that says why, and what it costs."""
        return f"restart {self.listener}  (open sessions end: {self.reason})"


Change = MakeDirectory | WriteFile | Reload | Restart


def _rights(mode: int, owner: Owner | None) -> str:
    return f"{mode:04o}" + (f" {owner}" if owner else "")


def _printable(line: str) -> str:
    """Files are written by others: no terminal escapes, and no lone surrogates that an output could not encode."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def _refuse_relative(path: str) -> None:
    if not path.startswith("/") or "/../" in f"{path}/" or path.endswith("/") or "\0" in path:
        raise ValueError(f"{path!r} is not the absolute path of a file")
