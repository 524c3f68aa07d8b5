"""What a person writes to name a listener: `postgresql://db.internal:5432`, `https://tips.example.org`, `host:port`."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.model.endpoint import Endpoint, UnixEndpoint, parse_host_port
from everyhop.model.wire import Wire

_SCHEMES = {
    "postgresql": (Wire.POSTGRES, "postgresql", 5432),
    "postgres": (Wire.POSTGRES, "postgresql", 5432),
    "cockroachdb": (Wire.POSTGRES, "cockroachdb", 26257),
    "mysql": (Wire.MYSQL, "mysql", 3306),
    "mariadb": (Wire.MYSQL, "mariadb", 3306),
    "https": (Wire.HTTP, None, 443),
    "http": (Wire.HTTP, None, 80),
}


@dataclass(frozen=True, slots=True)
class Location:
    """An endpoint with what its scheme tells: wire and product are None where only the listener itself can say.

    `scheme` is as written (`https` and `http` differ: where to start); None for a bare `host:port` or socket path.
    """

    endpoint: Endpoint
    wire: Wire | None
    product: str | None
    scheme: str | None

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read a location. Raises `ValueError` with the reason, in words for a person and without any password."""
        if text.startswith("unix:"):
            path = text.removeprefix("unix:").removeprefix("//")
            if not path.startswith("/"):
                raise ValueError("a unix socket needs an absolute path (unix:/run/app.sock)")
            return cls(UnixEndpoint(path), None, None, None)
        scheme, separator, rest = text.partition("://")
        if not separator:
            return cls(parse_host_port(text), None, None, None)
        scheme = scheme.lower()
        if scheme not in _SCHEMES:
            raise ValueError(f"unknown scheme {scheme!r}: one of {', '.join(_SCHEMES)} is expected")
        authority = rest.partition("/")[0]
        if "@" in authority:
            raise ValueError("a location has no user name or password; leave them out (scheme://host:port)")
        wire, product, port = _SCHEMES[scheme]
        return cls(parse_host_port(authority, port), wire, product, scheme)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.endpoint}" if self.scheme else str(self.endpoint)
