"""Which protocol versions a listener accepts: one hello for each that the full handshake left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from everyhop.model.posture import Floor
from everyhop.probe.handshake import ONLY, Hello
from everyhop.probe.transport import Connection
from everyhop.probe.trouble import HelloRefused, Trouble
from everyhop.probe.visit import Visit

_NEWEST_FIRST: Final = ("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1")

_ABOUT_VERSIONS: Final = "PROTOCOL_VERSION"  # alert 70, RFC 8446 section 6.2


class VersionLook(Enum):
    """When to look for old versions: each costs a connection that ends before a login."""

    WHERE_FREE = "where it costs a line in a log at most"
    ALWAYS = "also where such connections are counted (MySQL, MariaDB)"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The versions that were accepted, newest first, and those that nobody could tell of."""

    accepted: tuple[str, ...]
    untold: tuple[str, ...]

    def floors(self) -> tuple[Floor, Floor]:
        """Between which two the listener's floor lies: they are one where every answer was clear.

        Below TLS 1.0 nobody looked (OpenSSL's usual build has no SSLv3), where that is accepted, the lower end is open.
        """
        oldest = Floor.parse(self.accepted[-1])
        unclear = [Floor.parse(version) for version in self.untold]
        lowest = min([oldest, *unclear])
        return (Floor.NONE if lowest is Floor.TLS_1_0 else lowest), oldest


Opener = Callable[[Visit], AbstractContextManager[Connection]]
"""Opens a connection and brings it to the point where TLS begins."""


def climb_down(visit: Visit, seen: str, opener: Opener) -> Ladder:
    """Try every version below the one that was negotiated when all were offered; what lies above it, is not there."""
    answers = dict(_answers(visit, seen, opener))
    accepted = (seen, *(version for version, answer in answers.items() if answer is True))
    untold = tuple(version for version, answer in answers.items() if answer is None)
    return Ladder(accepted, untold)


def _answers(visit: Visit, seen: str, opener: Opener) -> Iterator[tuple[str, bool | None]]:
    for version in _NEWEST_FIRST[_NEWEST_FIRST.index(seen) + 1 :] if seen in _NEWEST_FIRST else ():
        yield version, _accepts(visit, ONLY[version], opener)


def _accepts(visit: Visit, hello: Hello, opener: Opener) -> bool | None:
    """Only an alert says no. A closed connection or a time-out says nothing, and is never told as "not supported".

    And of the alerts only the one about versions: OpenSSL says "internal error" where a version is switched on and its
    security level keeps it from working today.
    """
    try:
        with opener(visit) as connection:
            visit.leave(connection, visit.shake(connection, hello))
    except HelloRefused as refused:
        return False if _ABOUT_VERSIONS in refused.alert else None
    except Trouble:
        return None
    return True
