"""Which versions of a product's server this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from everyhop.errors import LabError, ToolError
from everyhop.lab.binary import Binary, usual_directories, version_in, words_of


@dataclass(frozen=True, slots=True)
class Installation:
    """One version of a product: `version` as its server tells it (`17.11`), and where its programs are."""

    product: str
    version: str
    directories: tuple[Path, ...]

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, for comparing."""
        return tuple(int(part) for part in self.version.split("."))

    def find(self, program: Binary) -> Path:
        """A program of this installation. Raises `ToolError` with the package that brings it."""
        return program.find(self.directories)


def installations_of(
    product: str,
    server: Binary,
    places: Iterable[Path] | None = None,
    is_product: Callable[[str], bool] = lambda _: True,
) -> Iterator[Installation]:
    """Each one whose `server` is in one of these directories (None: the usual ones), in their order.

    `is_product` is asked with the words of the server about its version, where several products share its name.
    What cannot be run is none.
    """
    seen = set()
    for place in usual_directories() if places is None else places:
        program = (place / server.name).resolve()  # what is on PATH may be a link to one of several versions
        if program in seen or not (program.is_file() and os.access(program, os.X_OK)):
            continue
        seen.add(program)
        try:
            words = words_of(program)
            version = version_in(words, program)
        except LabError:
            continue
        if is_product(words):
            # Distributions put some programs into bin, others into sbin beside it.
            own = program.parent
            yield Installation(product, version, tuple(dict.fromkeys((own, own.parent / "bin", own.parent / "sbin"))))


def first_of(found: Iterable[Installation], error: ToolError) -> Installation:
    """The first of them. Raises `error` where there is none."""
    for installation in found:
        return installation
    raise error
