"""What a listener can do instead of answering. Raised and caught inside `probe`; outside it is a `Gap`."""

from __future__ import annotations

from everyhop.errors import ProbeError


class Trouble(ProbeError):  # noqa: N818 - it and its kinds are answers more than errors
    """No answer that can be used: `message` says what happened, `hint` what would help."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.advice = hint


class Unreachable(Trouble):
    """There was no connection: nobody listens, no such name, no route."""


class Silent(Trouble):
    """The time was up before the answer was complete."""


class CutOff(Trouble):
    """The listener closed the connection where an answer was due."""


class Violation(Trouble):
    """What came is not what the protocol allows at this place."""


class TooMuch(Trouble):
    """The listener sent more than any honest one does, or the budget of this look is spent."""


class ServerError(Trouble):
    """The listener answered with an error message of its protocol. `code` is its number or SQLSTATE.

    Before TLS these are words that anybody on the path can have written (CVE-2024-10977).
    """

    def __init__(self, message: str, hint: str, code: str) -> None:
        super().__init__(message, hint)
        self.code = code


class HelloRefused(Trouble):
    """The listener answered a ClientHello, or the first bytes after it, with a TLS alert; `alert` is OpenSSL's name."""

    def __init__(self, message: str, hint: str, alert: str) -> None:
        super().__init__(message, hint)
        self.alert = alert
