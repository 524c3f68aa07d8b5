"""The ledger of one machine: a SQLite file of mode 0600 in the state directory.

With a rollback journal and not a write-ahead log: at rest it is one file, which can be copied as it is, and a commit
is durable when it returns (`synchronous = EXTRA` has the directory written out, too). Writers wait for each other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from everyhop.disk.private import PrivateDirectory
from everyhop.errors import LineageError
from everyhop.lineage.ledger import chain
from everyhop.lineage.ledger.chain import Broken, Intact, Row, Witness
from everyhop.lineage.ledger.event import Event, to_text

NAME: Final = "ledger.sqlite"
PATIENCE: Final = 30.0
"""Seconds that a writer waits for others."""

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL)"
)
# No protection against somebody who means it, who can drop them; but nobody changes an entry by mistake.
_ONLY_ADDED: Final = tuple(
    f"CREATE TRIGGER IF NOT EXISTS no_{verb.lower()} BEFORE {verb} ON entries "
    "BEGIN SELECT RAISE(ABORT, 'entries are only ever added'); END"
    for verb in ("UPDATE", "DELETE")
)


class FileLedger:
    """Made by `open`; let go of when the `with` ends. Methods raise `LineageError`."""

    __slots__ = ("_connection", "path")

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, home: str) -> Self:
        """The ledger in the state directory `home`, made where it is not there. Raises `DiskError`, too."""
        with PrivateDirectory.make(home) as directory:
            path = directory.file_in(NAME)
        with _told(path):
            connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = EXTRA")
                if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'no_delete'").fetchone():
                    with _transaction(connection):
                        for statement in (_TABLE, *_ONLY_ADDED):
                            connection.execute(statement)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def append(self, event: Event) -> Row:
        """One entry more, durable when this returns."""
        text = to_text(event)
        with _told(self.path), _transaction(self._connection):
            last = self._connection.execute("SELECT * FROM entries ORDER BY number DESC LIMIT 1").fetchone()
            row = chain.follow(Row(*last) if last else None, text)
            self._connection.execute("INSERT INTO entries VALUES (?, ?, ?)", (row.number, row.text, row.digest))
        return row

    def rows(self) -> Iterator[Row]:
        """Every entry as it is kept, by number."""
        with _told(self.path):
            for row in self._connection.execute("SELECT number, text, digest FROM entries ORDER BY number"):
                yield Row(*row)

    def verify(self, witness: Witness | None = None) -> Intact | Broken:
        """Whether all entries are as they were written, as far as that can be known."""
        return chain.verify(self.rows(), witness)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE: nobody else reads the last entry between our reading and our writing.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LineageError(f"the ledger cannot be used: {error}", path=path, hint=_hint(error)) from error


def _hint(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorname", ""):
        case "SQLITE_BUSY":
            return "another everyhop is writing: try again"
        case "SQLITE_FULL":
            return "the file system is full: nothing was changed there"
        case name if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            return "run it as the account that owns the state directory"
        case "SQLITE_CORRUPT" | "SQLITE_NOTADB":
            return "keep it for whoever looks into it, and put back a copy"
        case _:
            return "sqlite3 FILE 'PRAGMA integrity_check' tells what SQLite makes of it"
