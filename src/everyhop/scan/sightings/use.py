"""A place where a program opens a connection, as far as its source tells: what is found before any dialect is asked."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.values import Value
from everyhop.scan.sightings.opener import Drivers


@dataclass(frozen=True, slots=True)
class Use:
    """`symbol` is the setting or function by its name, `at` its place; `setting` says that the symbol is a setting.

    `url` is None where a driver is called with keywords only; `keywords` are `connect_args`, or those of the call.
    `drivers` are those that may be called directly, the likeliest first; none where the URL is SQLAlchemy's to read.
    `guessed` says that only a name speaks for this being a URL that is used: one that cannot be read is then a
    placeholder, and no gap. `notes` are what a library's dialect remarks on the settings beside the driver's.
    """

    symbol: str
    at: SourceSpan
    url: Value | None
    keywords: Value | None = None
    drivers: Drivers = ()
    setting: bool = False
    guessed: bool = False
    notes: tuple[str, ...] = ()
