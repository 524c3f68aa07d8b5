"""One lineage on disk: its terms, its versions, and which of them is live.

lineage.json     the terms (`document`)
failures.json    renewals that failed since the last version, where any did (`failures`)
000001/          a version: key.pem, chain.pem, anchors.pem; appears whole, by a rename, and never changes
live -> 000001   switched by a rename, so that nobody ever reads the key of one version and the chain of another
lock
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final

from everyhop.disk.private import PrivateDirectory
from everyhop.errors import EveryhopError, LineageError
from everyhop.lineage import document, failures
from everyhop.lineage.renewal import NO_FAILURES, Failures
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.lineage.version import FILES, Version, files_of, refuse_unasked, refuse_unsound, version_of
from everyhop.model.certificate import Issued

TERMS_FILE: Final = "lineage.json"
FAILURES_FILE: Final = "failures.json"
LIVE: Final = "live"


class Lineage:
    """A certificate through time, below `path`. Made by `Store`; each thread has one of its own.

    Methods raise `LineageError` for what is not as it has to be, and `DiskError` for what the file system refuses;
    whatever happens, the live version is whole.
    """

    __slots__ = ("_held", "name", "path")

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path
        self._held: PrivateDirectory | None = None

    @contextmanager
    def locked(self, doing: str) -> Iterator[None]:
        """Nobody else changes this lineage meanwhile: held around issuing and adding, nothing is issued twice."""
        with self._changing(doing):
            yield

    def terms(self) -> Terms:
        """What is asked of whom, and who uses it."""
        with self._reading() as directory:
            return self._terms(directory)

    def change(self, terms: Terms) -> None:
        """Other terms from now on; the versions stay as they are."""
        with self._changing("change the terms") as directory:
            directory.replace(TERMS_FILE, document.to_json(terms))

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all versions, the oldest first."""
        with self._reading() as directory:
            return _numbers(directory)

    def live(self) -> Version | None:
        """The version in use; None before the first."""
        with self._reading() as directory:
            number = self._live(directory)
            return None if number is None else self._version(directory, number)

    def version(self, number: int) -> Version:
        """The version of this number."""
        with self._reading() as directory:
            return self._version(directory, number)

    def add(self, issued: Issued) -> Version:
        """A new version, live and durable when this returns; older ones than are kept go.

        Raises `LineageError` for an issuance that cannot be used or was not asked for. Nothing changes then.
        """
        with self._changing("add a version") as directory:
            terms = self._terms(directory)
            refuse_unsound(issued, self.path)
            if terms.issuer is not IssuerName.ADOPTED:
                refuse_unasked(issued, terms.request, self.path)
            numbers = _numbers(directory)
            # Beforehand: what cannot be done here leaves nothing half done, and a full disk has room again.
            self._prune(directory, numbers, terms.keep)
            number = max(numbers, default=0) + 1
            directory.fill(_folder(number), files_of(issued))
            try:
                directory.point(LIVE, _folder(number))
            except BaseException:
                with suppress(EveryhopError):
                    if self._live(directory) != number:
                        directory.remove_inside(_folder(number))
                raise
            directory.remove(FAILURES_FILE)
        return Version(number, issued.chain_pem, issued.anchors_pem, issued.key_pem, issued.chain)

    def switch(self, number: int) -> Version:
        """Make another version live, which may be an older one."""
        with self._changing("switch") as directory:
            version = self._version(directory, number)
            directory.point(LIVE, _folder(number))
        return version

    def failures(self) -> Failures:
        """The renewals that failed since the last version was added."""
        with self._reading() as directory:
            return self._failures(directory)

    def note_failure(self, at: datetime, reason: str) -> Failures:
        """One renewal more that failed, with the reason, which is told to people."""
        with self._changing("note a failure") as directory:
            noted = Failures(self._failures(directory).count + 1, at, reason)
            directory.replace(FAILURES_FILE, failures.to_json(noted))
        return noted

    def forget_failures(self) -> None:
        """What failed has worked since."""
        with self._changing("forget failures") as directory:
            directory.remove(FAILURES_FILE)

    def _failures(self, directory: PrivateDirectory) -> Failures:
        content = directory.read(FAILURES_FILE)
        return NO_FAILURES if content is None else failures.from_json(content, f"{self.path}/{FAILURES_FILE}")

    def _terms(self, directory: PrivateDirectory) -> Terms:
        path = f"{self.path}/{TERMS_FILE}"
        content = directory.read(TERMS_FILE)
        if content is None:
            raise LineageError("is missing", path=path, hint="everyhop cert issue makes a lineage")
        return document.from_json(content, path)

    def _live(self, directory: PrivateDirectory) -> int | None:
        target = directory.pointed(LIVE)
        if target is None:
            return None
        if not _is_version(target):
            raise LineageError(f"points to {target!r}, which is no version", path=f"{self.path}/{LIVE}", hint=_SWITCH)
        return int(target)

    def _version(self, directory: PrivateDirectory, number: int) -> Version:
        path = f"{self.path}/{_folder(number)}"
        folder = directory.inside(_folder(number))
        if folder is None:
            raise LineageError("there is no such version", path=path, hint=_SWITCH)
        with folder:
            return version_of(number, {name: folder.read(name) for name in FILES}, path)

    def _prune(self, directory: PrivateDirectory, numbers: tuple[int, ...], keep: int) -> None:
        live = self._live(directory)
        kept = {live, *[number for number in numbers if number != live][-(keep - 1) :]} if keep > 1 else {live}
        for number in numbers:
            if number not in kept:
                directory.remove_inside(_folder(number))

    @contextmanager
    def _reading(self) -> Iterator[PrivateDirectory]:
        if self._held is not None:
            yield self._held
            return
        directory = PrivateDirectory.open(self.path)
        if directory is None:
            raise LineageError("is not there any more", path=self.path, hint="everyhop cert list tells which there are")
        with directory:
            yield directory

    @contextmanager
    def _changing(self, doing: str) -> Iterator[PrivateDirectory]:
        if self._held is not None:
            yield self._held
            return
        with self._reading() as directory, directory.locked(f"{doing}: {self.name}"):
            self._held = directory
            try:
                yield directory
            finally:
                self._held = None


_SWITCH: Final = "the versions that are there stand beside it; everyhop cert issue makes a new one"


def _folder(number: int) -> str:
    return f"{number:06d}"


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) > 0 and _folder(int(name)) == name


def _numbers(directory: PrivateDirectory) -> tuple[int, ...]:
    return tuple(sorted(int(name) for name in directory.names() if _is_version(name)))
