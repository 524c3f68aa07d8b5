"""What a sample of an application consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from everyhop.dialects.settings import DialerSettings
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.model.wire import Wire
from everyhop.runtime.live import Live


@dataclass(frozen=True, slots=True)
class AppModule:
    """An application by the name that gunicorn and flask know it by: `wsgi:app`, `tipline:create_app()`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class UrlVariable:
    """An environment variable that holds an SQLAlchemy URL."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


AppSource = AppModule | UrlVariable


@dataclass(frozen=True, slots=True)
class ServerView:
    """What the server said of the same connection; `settings` only where the connection's peer was verified."""

    server_version: str | None
    tls: bool | None
    tls_version: str | None
    suite: str | None
    settings: Mapping[str, str | None] | None

    def __str__(self) -> str:
        if self.tls is None:
            return "nothing about TLS"
        return " ".join(word for word in (self.tls_version, self.suite) if word) or ("TLS" if self.tls else "no TLS")


@dataclass(frozen=True, slots=True)
class EngineSample:
    """One engine of the application. `url` is masked; `wire` is None for a product that everyhop knows nothing about.

    `settings` are what reached the driver: None where that was not to be seen (the app connects by itself, or it never
    came to that). `live` is None where there was no connection to ask; then `reason` and `hint` say why.
    """

    name: str
    product: str
    wire: Wire | None
    driver: str
    url: str
    build: str | None
    settings: DialerSettings | None
    live: Live | None
    server: ServerView | None
    reason: str = ""
    hint: str = ""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where its settings lead, else where its connection ended."""
        if self.settings is not None and self.settings.endpoint is not None:
            return self.settings.endpoint
        if self.live is None:
            return None
        if self.live.socket is not None:
            return UnixEndpoint(self.live.socket)
        return TcpEndpoint(self.live.host, self.live.port) if self.live.host and self.live.port else None


@dataclass(frozen=True, slots=True)
class Sample:
    """An application as it was found running: `python` and `sqlalchemy` are versions, `interpreter` a path."""

    source: AppSource
    interpreter: str
    python: str
    sqlalchemy: str
    at: datetime
    engines: tuple[EngineSample, ...]
