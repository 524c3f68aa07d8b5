"""What an eavesdropper reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from everyhop.model.secret import Secret


class Kind(Enum):
    """What sort of thing crossed in the clear."""

    REQUEST = "request"
    FORM = "form"
    COOKIE = "cookie"
    USER = "user"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    PASSWORD_HASH = "password hash"  # noqa: S105 - the name of a kind
    SQL = "sql"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Exposed:
    """One thing that crossed in the clear: its kind, its name (a form field, a cookie, the login method) and the value.

    The value is a `Secret`: whoever shows it decides to.
    """

    kind: Kind
    name: str
    value: Secret
