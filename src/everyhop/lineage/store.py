"""Every lineage of a state directory, by name.

<home>/lineages/<folder of the name>/    private, as all of it
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from everyhop.disk.private import PrivateDirectory
from everyhop.errors import LineageError
from everyhop.lineage import document
from everyhop.lineage.lineage import TERMS_FILE, Lineage
from everyhop.lineage.name import folder_of, name_of, parse_name
from everyhop.lineage.terms import Terms
from everyhop.model.nearest import did_you_mean

FOLDER: Final = "lineages"


class Store:
    """The lineages below the state directory `home`, an absolute path. Nothing is made before the first lineage is."""

    __slots__ = ("home",)

    def __init__(self, home: str) -> None:
        self.home = home

    def names(self) -> tuple[str, ...]:
        """The names of all lineages, in alphabetical order. Raises `DiskError`."""
        with self._opened() as folder:
            names = (name_of(name) for name in folder.names()) if folder else ()
            return tuple(sorted(name for name in names if name is not None))

    def create(self, name: str, terms: Terms) -> Lineage:
        """A new lineage without a version. Raises `SettingsError` for its name, `LineageError` where it is there."""
        name = parse_name(name)
        with PrivateDirectory.make(self.home) as home, home.make_inside(FOLDER) as folder, folder.locked(f"new {name}"):
            if folder_of(name) in folder.names():
                raise LineageError(f"there is a lineage {name} already", hint="everyhop renew makes its next version")
            folder.fill(folder_of(name), {TERMS_FILE: document.to_json(terms)})
        return self._lineage(name)

    def open(self, name: str) -> Lineage:
        """The lineage of this name. Raises `SettingsError` for what cannot be one, `LineageError` where it is not."""
        name = parse_name(name)
        with self._opened() as folder:
            if folder is None or folder_of(name) not in folder.names():
                near = did_you_mean(name, self.names())
                raise LineageError(f"there is no lineage {name}{near}", hint="everyhop cert list tells which there are")
        return self._lineage(name)

    def remove(self, name: str) -> None:
        """Take a lineage away, with every key in it. Raises `LineageError` where it is not there."""
        lineage = self.open(name)
        with self._opened() as folder:
            if folder is not None:
                with folder.locked(f"remove {name}"), lineage.locked("remove"):
                    folder.remove_inside(folder_of(lineage.name))

    def _lineage(self, name: str) -> Lineage:
        return Lineage(name, f"{self.home.rstrip('/')}/{FOLDER}/{folder_of(name)}")

    @contextmanager
    def _opened(self) -> Iterator[PrivateDirectory | None]:
        """The folder of all lineages; None where there is none yet."""
        home = PrivateDirectory.open(self.home)
        if home is None:
            yield None
            return
        with home:
            folder = home.inside(FOLDER)
            if folder is None:
                yield None
                return
            with folder:
                yield folder
