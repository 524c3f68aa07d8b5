"""The commands that the files of a deployment run: Dockerfiles, Procfiles, units, compose files, starting scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.scan.syntax import commands, compose
from everyhop.scan.syntax.commands import Command
from everyhop.scan.workspace import Kind, Source, Workspace

_SCRIPTS: Final = re.compile(r"(?:docker-?)?(?:entry-?point|start|boot)[^/]*", re.IGNORECASE)
_UNQUOTED: Final = str.maketrans("", "", "'\"")  # a shell takes quotes away wherever in a word they stand
_SHOWN: Final = 160  # characters of a command


@dataclass(frozen=True, slots=True)
class Start:
    """A command that a file of the deployment runs; `certain` is False in a script, where it may not be reached."""

    command: Command
    source: Source
    certain: bool

    @property
    def place(self) -> SourceSpan:
        """Where it stands."""
        span = self.command.span
        shown = masked(" ".join(self.command.words)[:_SHOWN])
        return SourceSpan(self.source.path, span.line, span.column, span.end_line, span.end_column, shown, "command")


def starts(
    workspace: Workspace, services: Sequence[tuple[compose.Service, Source]], deployed: Callable[[str], bool]
) -> Iterator[Start]:
    """The commands of every file whose path is `deployed`."""
    for source in workspace.sources:
        if deployed(source.path):
            yield from _of_source(source)
    for service, source in services:
        if service.arguments and deployed(source.path):
            words = tuple(
                "".join(piece for piece in item.pieces if isinstance(piece, str)) for item in service.arguments
            )
            command = Command(tuple(word.translate(_UNQUOTED) for word in words), service.arguments[0].span)
            yield Start(command, source, certain=True)


def _of_source(source: Source) -> Iterator[Start]:
    name = PurePosixPath(source.path).name
    match source.kind:
        case Kind.DOCKERFILE:
            yield from (Start(command, source, certain=True) for command in commands.in_dockerfile(source.text))
        case Kind.UNIT:
            yield from (Start(command, source, certain=True) for command in commands.in_unit(source.text))
        case Kind.TEXT if name == "Procfile":
            yield from (Start(command, source, certain=True) for command in commands.in_procfile(source.text))
        case Kind.TEXT if _SCRIPTS.fullmatch(name):
            yield from (Start(command, source, certain=False) for command in commands.in_script(source.text))
        case _:
            pass
