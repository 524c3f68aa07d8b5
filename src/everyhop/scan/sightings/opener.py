"""What a function that opens connections takes: which driver it goes through, and what its arguments mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Drivers = tuple[str, ...]
"""The drivers that a connection may go through, the likeliest first: which of them is installed decides."""


@dataclass(frozen=True, slots=True)
class Opener:
    """`dsn` is the parameter that takes a whole URL or connection string.

    `inner` is the one parameter whose dict goes on to the driver; where there is none, all go on but `own`, and where
    `own` is None nothing does. `selector` is a parameter that names the driver, by what `named` makes of its value;
    another value opens no connection that is known here. `variable` is the parameter that names the environment
    variable with the URL, and `requiring` one that demands TLS as `sslmode=require` does.
    """

    drivers: Drivers = ()
    positional: tuple[str, ...] = ()
    dsn: str | None = None
    inner: str | None = None
    own: frozenset[str] | None = frozenset()
    selector: str | None = None
    named: Mapping[str, Drivers] = field(default_factory=dict)
    variable: str | None = None
    requiring: str | None = None
