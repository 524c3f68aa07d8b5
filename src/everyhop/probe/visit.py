"""One visit to one listener: where, until when, under which name, what it may cost, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from everyhop.model.endpoint import Endpoint
from everyhop.probe.budget import Budget
from everyhop.probe.deadline import Deadline
from everyhop.probe.handshake import Hello, Session, over, shake, take_leave
from everyhop.probe.transport import PLAINTEXT_CAP, TLS_CAP, Connection, T, connect
from everyhop.probe.trouble import Trouble
from everyhop.probe.upgrades.dialogue import Dialogue


@dataclass(slots=True)
class Visit:
    """`timeout` bounds each connection, `deadline` the whole visit. `said` collects a line for each answer."""

    endpoint: Endpoint
    server_name: str
    timeout: float
    deadline: Deadline
    budget: Budget = field(default_factory=Budget)
    said: list[str] = field(default_factory=list)

    @contextmanager
    def connect(self, endpoint: Endpoint | None = None) -> Iterator[Connection]:
        """A connection to the listener, or to another port of it."""
        self.budget.connecting()
        with connect(endpoint or self.endpoint, self.deadline.within(self.timeout)) as connection:
            yield connection

    def ask(self, connection: Connection, dialogue: Dialogue[T]) -> T:
        """Carry out a dialogue in plaintext."""
        return connection.run(dialogue, PLAINTEXT_CAP)

    def shake(self, connection: Connection, hello: Hello) -> Session:
        """Finish a TLS handshake."""
        self.budget.greeting()
        session = connection.run(shake(hello, self.server_name), TLS_CAP)
        self.budget.finished()
        return session

    def ask_inside(self, connection: Connection, session: Session, dialogue: Dialogue[T]) -> T:
        """Carry out a dialogue inside TLS."""
        return connection.run(over(session, dialogue), TLS_CAP)

    def leave(self, connection: Connection, session: Session) -> None:
        """End TLS in good order; whether the listener cares is its own affair."""
        try:
            connection.run(take_leave(session), TLS_CAP)
        except Trouble:
            return
