"""Why a reading is believed: the place in a file, what was said on the wire, what a live connection showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from everyhop.model.certificate import Leaf


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of a file as a person may see it, secrets masked, and which of its characters the place is: from, to."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """A place in a file. Lines and columns count from 1; the end is exclusive. `path` is relative, with `/`.

    `snippet` is what was read there, with secrets masked; `symbol` is the name that is set there
    (`SQLALCHEMY_DATABASE_URI`). `quote` is the first line of the place as it stands in the file: for people, so that
    two spans are the same place with and without it.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    snippet: str = ""
    symbol: str | None = None
    quote: Quote | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a live listener said, told in a line each, at a time (always with an offset)."""

    at: datetime
    lines: tuple[str, ...]
    tls_version: str | None = None
    suite: str | None = None
    peer: Leaf | None = None


@dataclass(frozen=True, slots=True)
class RuntimeSample:
    """What the application's own connection object told, at a time, about the one connection it had opened.

    `server_view` is what the server said of the same connection: shown beside it, never proof (a relay that strips the
    client's leg and speaks TLS upstream makes every server say "encrypted").
    """

    at: datetime
    tls_version: str | None
    suite: str | None
    peer: Leaf | None
    server_view: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was found: mode bits and owner by name or number."""

    path: str
    mode: int
    owner: str


Evidence = SourceSpan | Transcript | RuntimeSample | FileState
