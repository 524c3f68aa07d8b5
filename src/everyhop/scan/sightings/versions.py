"""Which version of a driver a project asks for, seen from one of its files: the nearest lock or requirements decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from everyhop.model.sighting import Version
from everyhop.scan.sightings.drivers import PACKAGES
from everyhop.scan.syntax.pins import Pin


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a file of some folder asks for."""

    folder: str
    pin: Pin


@dataclass(frozen=True, slots=True)
class Versions:
    """All pins of a project."""

    pinned: tuple[Pinned, ...] = ()
    _answers: dict[tuple[str, str], Version | None] = field(default_factory=dict)

    def of(self, driver: str, path: str) -> Version | None:
        """The version of a driver for a file; None where nothing, or more than one thing, is said."""
        for package in PACKAGES.get(driver, ()):
            found = self.of_package(package, path)
            if found is not None:
                return found
        return None

    def of_package(self, package: str, path: str) -> Version | None:
        """The version, or the range, of a package: an exact one before a range, a near one before a far one."""
        key = (package, path)
        if key not in self._answers:
            self._answers[key] = self._asked(package, path)
        return self._answers[key]

    def drivers(self, path: str) -> frozenset[str]:
        """The drivers that the nearest files to name any ask for: what a URL that no file tells can mean."""
        for folder in (*map(str, PurePosixPath(path).parents), None):
            here = {item.pin.name for item in self.pinned if folder is None or item.folder == folder}
            named = frozenset(driver for driver, packages in PACKAGES.items() if here.intersection(packages))
            if named:
                return named
        return frozenset()

    def _asked(self, package: str, path: str) -> Version | None:
        asked = [item for item in self.pinned if item.pin.name == package and item.pin.requirement]
        for folder in (*map(str, PurePosixPath(path).parents), None):
            here = [item.pin for item in asked if folder is None or item.folder == folder]
            for pins in ([pin for pin in here if pin.exact], here):
                versions = {pin.requirement for pin in pins}
                if versions:
                    return Version(versions.pop()) if len(versions) == 1 else None
        return None


def pinned(folder: str, pins: Iterable[Pin]) -> tuple[Pinned, ...]:
    """The pins of one file, by its folder; `requirements/` speaks for the folder above it."""
    pure = PurePosixPath(folder)
    home = str(pure.parent) if pure.name in ("requirements", "constraints") else folder
    return tuple(Pinned(home, pin) for pin in pins)
