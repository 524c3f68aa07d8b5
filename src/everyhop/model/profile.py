"""A named, versioned table of what a listener is told to allow; the tables are data (`data/profiles/*.toml`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from everyhop.model.posture import Floor


@dataclass(frozen=True, slots=True)
class Profile:
    """Versions, suites, groups and lifetimes, with the version and provenance of the table.

    `suites` are OpenSSL's names for TLS 1.2 and below (TLS 1.3's are all fine and stay the server's default); `groups`
    are OpenSSL's names in order of preference; `hsts` is the max-age to send.
    """

    name: str
    version: str
    source: str
    floor: Floor
    suites: tuple[str, ...]
    groups: tuple[str, ...]
    leaf_lifetime: timedelta
    hsts: timedelta
