"""Why a connection is not good enough: the reason as a stable word, and in words for a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """The word in logs and counters."""

    BELOW = "below"
    """The settings promise less than is demanded."""
    CONFLICT = "conflict"
    """Two settings say different things, or half a client pair was named."""
    UNKNOWN = "unknown-dialect"
    """Nobody can say what the settings mean."""
    UNREAD = "unread"
    """The connection was made by somebody else, and tells too little by itself."""
    PLAINTEXT = "plaintext"
    """The open connection is not encrypted."""
    UNVERIFIED = "unverified"
    """The open connection's TLS looks at less than is demanded."""
    UNASKED = "unasked"
    """The open connection could not be asked."""
    ECHO = "echo"
    """The first answer was not the one that was asked for."""
    DEADLINE = "deadline"
    """Connecting took longer than it may."""


@dataclass(frozen=True, slots=True)
class Objection:
    """`message` says what is wrong, `hint` what to do. Neither has a password in it."""

    reason: Reason
    message: str
    hint: str = ""
