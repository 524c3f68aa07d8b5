"""What certbot's library makes of an answer that is not as RFC 8555 has it, told as one error.

Importing it needs the extra `acme`: ask `library.require` first.
"""

from __future__ import annotations

from typing import Final

from acme import errors
from josepy import errors as josepy_errors

from everyhop.errors import IssueError

_GARBLED: Final = (
    josepy_errors.Error,
    errors.Error,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RecursionError,
)
"""What the library raises of an answer that is not as RFC 8555 has it: it takes their shape for granted."""


class Understood:
    """`with Understood("the order"):` turns what the library makes of a strange answer into an `IssueError`."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, errors.ConflictError):  # 200 for an account that is there: no strange answer
            return
        if isinstance(error, _GARBLED):
            raise IssueError(
                f"the ACME server's answer about {self._what} is not as RFC 8555 has it ({type(error).__name__})",
                hint="is it an ACME server? EVERYHOP_DEBUG=1 shows more",
            ) from error
