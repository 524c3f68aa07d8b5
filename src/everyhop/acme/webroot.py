"""HTTP-01 answered by a web server that is there already: a file in its root for each challenge, gone afterwards.

The root may belong to an account that is trusted less than we are, so nothing below it is reached through a link.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from everyhop.acme.challenge import Answer, Kind
from everyhop.errors import IssueError
from everyhop.probe.deadline import Deadline

_BELOW: Final = (".well-known", "acme-challenge")  # RFC 8555 section 8.3
_FOLDER_MODE: Final = 0o755  # the web server is another account, and what it shows is public
_FILE_MODE: Final = 0o644
_OPENED: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATED: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Webroot:
    """`directory` is what the web server serves as `/` on port 80."""

    directory: str

    @property
    def kind(self) -> Kind:
        """HTTP-01."""
        return Kind.HTTP_01

    @contextmanager
    def answering(self, answers: Sequence[Answer], deadline: Deadline) -> Iterator[None]:  # noqa: ARG002 - it is there at once
        """The files are there meanwhile, with the folders they need. Raises `IssueError`."""
        with ExitStack() as stack:
            try:
                place = self._enter(stack)
                for answer in answers:
                    stack.enter_context(_file(place, answer))
            except OSError as error:
                raise IssueError(
                    f"the challenge cannot be put into the web root: {(error.strerror or str(error)).lower()}",
                    path=str(error.filename or self.directory),
                    hint="the folder has to be there, to be writable, and to hold no link on the way",
                ) from error
            yield

    def _enter(self, stack: ExitStack) -> int:
        # The root itself is what a person named: it may be a link.
        directory = os.open(self.directory, _OPENED & ~os.O_NOFOLLOW)
        stack.callback(os.close, directory)
        for name in _BELOW:
            directory = stack.enter_context(_folder(directory, name))
        return directory


@contextmanager
def _folder(parent: int, name: str) -> Iterator[int]:
    """A folder, held open; one that had to be made goes again, if nothing else has come into it."""
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
        made = True
    except FileExistsError:
        made = False
    try:
        descriptor = os.open(name, _OPENED, dir_fd=parent)
        try:
            if made:
                os.fchmod(descriptor, _FOLDER_MODE)  # whatever the umask is
            yield descriptor
        finally:
            os.close(descriptor)
    finally:
        if made:
            with suppress(OSError):
                os.rmdir(name, dir_fd=parent)


@contextmanager
def _file(directory: int, answer: Answer) -> Iterator[None]:
    descriptor = os.open(answer.token, _CREATED, _FILE_MODE, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(answer.authorization)
            os.fchmod(descriptor, _FILE_MODE)
        yield
    finally:
        with suppress(FileNotFoundError):
            os.unlink(answer.token, dir_fd=directory)
