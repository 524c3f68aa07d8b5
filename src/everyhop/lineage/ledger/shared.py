"""A ledger that several machines share, in a database over verified TLS (`runtime.secure`), by its SQLAlchemy URL.

The account needs SELECT and INSERT on `everyhop_ledger`, and CREATE for the first time only: without UPDATE and
DELETE, no client can change what is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from everyhop.errors import LineageError
from everyhop.lineage.ledger import chain
from everyhop.lineage.ledger.chain import Broken, Intact, Row, Witness
from everyhop.lineage.ledger.event import Event, to_text
from everyhop.model.secret import masked
from everyhop.runtime.secure import secure_engine

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table
    from sqlalchemy.exc import DBAPIError

TABLE: Final = "everyhop_ledger"
_LONGEST: Final = 500  # characters of a driver's complaint
_VICTIM_STATES: Final = frozenset({"40001", "40P01"})  # SQL's serialization failure, PostgreSQL's deadlock
_VICTIM_NUMBERS: Final = frozenset({1205, 1213})  # MySQL's and MariaDB's lock wait timeout and deadlock
_ATTEMPTS: Final = 100  # each time, somebody else has added an entry first: more than that many at once do not write


class SharedLedger:
    """Made by `open`; let go of when the `with` ends. Methods raise `LineageError`."""

    __slots__ = ("_engine", "_table", "path")

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        self._table = table
        self.path = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        anchors: str | os.PathLike[str],
        driver: str | None = None,
        client_pair: tuple[str, str] | None = None,
    ) -> Self:
        """The ledger in this database; the arguments are those of `everyhop.secure_engine`.

        Raises `ToolError` where SQLAlchemy or the driver is missing, `SettingsError` for what cannot be verified.
        """
        engine = secure_engine(url, anchors=anchors, driver=driver, client_pair=client_pair)
        from sqlalchemy import Column, Integer, MetaData, String, Table, Text, inspect  # noqa: PLC0415 - an extra

        table = Table(
            TABLE,
            MetaData(),
            # Its own numbers, not the database's: these leave no gap where a transaction fails.
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("text", Text, nullable=False),
            Column("digest", String(len(chain.START)), nullable=False),
        )
        ledger = cls(engine, table)
        try:
            with ledger._told():
                if not inspect(engine).has_table(TABLE):
                    ledger._create()
        except BaseException:
            engine.dispose()
            raise
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def append(self, event: Event) -> Row:
        """One entry more. Who was quicker has taken the number, which no two entries have: then the next one."""
        from sqlalchemy import insert, select  # noqa: PLC0415 - as above
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

        text, columns = to_text(event), self._table.c
        latest = select(columns.number, columns.text, columns.digest).order_by(columns.number.desc()).limit(1)
        with self._told():
            for attempt in range(_ATTEMPTS):
                try:
                    with self._engine.begin() as connection:
                        last = connection.execute(latest).first()
                        row = chain.follow(Row(*last) if last else None, text)
                        values = {"number": row.number, "text": row.text, "digest": row.digest}
                        connection.execute(insert(self._table), values)
                except DBAPIError as error:
                    if not _outrun(error) or attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return row
        raise AssertionError("the last attempt returns or raises")

    def rows(self) -> Iterator[Row]:
        """Every entry as it is kept, by number."""
        from sqlalchemy import select  # noqa: PLC0415 - as above

        columns = self._table.c
        every = select(columns.number, columns.text, columns.digest).order_by(columns.number)
        with self._told(), self._engine.connect() as connection:
            for row in connection.execute(every):
                yield Row(*row)

    def verify(self, witness: Witness | None = None) -> Intact | Broken:
        """Whether all entries are as they were written, as far as that can be known."""
        return chain.verify(self.rows(), witness)

    def _create(self) -> None:
        from sqlalchemy import inspect  # noqa: PLC0415 - as above
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

        try:
            self._table.create(self._engine)
        except DBAPIError:
            if not inspect(self._engine).has_table(TABLE):  # else somebody made it meanwhile
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

        try:
            yield
        except (SQLAlchemyError, OSError) as error:  # OSError: TLS that is not believed, with some drivers
            said = masked(str(getattr(error, "orig", None) or error))[:_LONGEST]
            hint = "nothing was written; everyhop explain tells what the URL does"
            raise LineageError(f"the shared ledger cannot be used: {said}", path=self.path, hint=hint) from error


def _outrun(error: DBAPIError) -> bool:
    """Whether a transaction failed because of another one: the number was taken, or the database chose a victim."""
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415 - as above

    origin = error.orig
    state = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    number = origin.args[0] if origin is not None and origin.args else None
    return isinstance(error, IntegrityError) or state in _VICTIM_STATES or number in _VICTIM_NUMBERS
