"""Why a request to an ACME server brought nothing: each is an `IssueError` that can be shown as it is."""

from __future__ import annotations

from datetime import timedelta

from everyhop.acme.problem import Problem
from everyhop.errors import IssueError


class RefusedError(IssueError):
    """The server answered with an error.

    `wait` is what its Retry-After asks for, `location` its header of that name.
    """

    def __init__(self, status: int, problem: Problem, wait: timedelta | None = None, location: str = "") -> None:
        super().__init__(f"the ACME server refused (HTTP {status}): {problem}", hint=problem.hint)
        self.status = status
        self.problem = problem
        self.wait = wait
        self.location = location


class UnreachedError(IssueError):
    """The server could not be reached, or hung up: another try may do."""


class UnbelievedError(IssueError):
    """The server's own certificate is not to be believed: no other try will do."""


class LateError(IssueError):
    """The time for all of it is over."""
