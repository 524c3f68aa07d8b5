"""A line of the page: what one spelling did in every case, with what its dialect reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from everyhop.model.sighting import Dialer
from tests.agreement.cases import Case

FOLDER: Final = "EVERYHOP_AGREEMENT_ROWS"
"""The environment variable that names the folder where rows are collected, while the page is written anew."""


@dataclass(frozen=True, slots=True)
class Row:
    """`words` are what was seen, by the heading of the case."""

    driver: str
    product: str
    spelling: str
    purpose: str
    posture: str
    words: Mapping[str, str]
    notes: tuple[str, ...]

    def keep(self, folder: Path) -> None:
        """Put it where the page is made of it."""
        (folder / f"{uuid4().hex}.json").write_text(json.dumps(asdict(self)))


def recording() -> Path | None:
    """Where rows are collected, while the page is written anew."""
    folder = os.environ.get(FOLDER)
    return Path(folder) if folder else None


def kept(folder: Path) -> Iterator[Row]:
    """What all workers kept."""
    for file in folder.glob("*.json"):
        told = json.loads(file.read_text())
        yield Row(**{**told, "notes": tuple(told["notes"])})


REFUSED: Final = "refused"
"""In place of a posture, where the driver does not accept the spelling."""


def posture_words(dialer: Dialer) -> str:
    """`verify-full`, or `plaintext … verify-full` where the dialect does not know more."""
    if any(note.startswith("refused-option:") for note in dialer.notes):
        return REFUSED
    low, high = dialer.bounds.low.assurance.word, dialer.bounds.high.assurance.word
    return low if low == high else f"{low} … {high}"


def note_words(dialer: Dialer) -> tuple[str, ...]:
    """The notes that are traps; that a file is assumed to be there is none."""
    return tuple(sorted({note for note in dialer.notes if not note.startswith("file-assumed:")}))


def headings() -> tuple[str, ...]:
    """Of the columns, in order."""
    return tuple(case.heading for case in Case)
