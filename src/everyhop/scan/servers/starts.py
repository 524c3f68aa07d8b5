"""The commands that the files of a deployment run: Dockerfiles, Procfiles, units, compose files, starting scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.scan.syntax import commands, compose
from everyhop.scan.syntax.commands import Command
from everyhop.scan.workspace import Kind, Source, Workspace

_SCRIPTS: Final = re.compile(r"(?:docker-?)?(?:entry-?point|start|boot)[^/]*", re.IGNORECASE)
_NO_SCRIPTS: Final = (".tf", ".tfvars", ".hcl")
_UNQUOTED: Final = str.maketrans("", "", "'\"")  # a shell takes quotes away wherever in a word they stand
_SHOWN: Final = 160  # characters of a command


@dataclass(frozen=True, slots=True)
class Start:
    """A command that a file of the deployment runs; `certain` is False in a script, where it may not be reached.

    `deployed` is False where only people run it: a Makefile, a script of any name, an earlier stage of an image.
    """

    command: Command
    source: Source
    certain: bool
    deployed: bool = True

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
    told = {source.path for service, source in services if service.arguments}
    for source in workspace.sources:
        if deployed(source.path) and source.path not in told:
            yield from _of_source(source)
    for service, source in services:
        if service.arguments and deployed(source.path):
            words = tuple(
                "".join(piece for piece in item.pieces if isinstance(piece, str)) for item in service.arguments
            )
            first, last = service.arguments[0].span, service.arguments[-1].span
            whole = replace(first, end_line=last.end_line, end_column=last.end_column)
            command = Command(tuple(word.translate(_UNQUOTED) for word in words), whole)
            yield Start(command, source, certain=True)


def _of_source(source: Source) -> Iterator[Start]:
    name = PurePosixPath(source.path).name
    text = source.text
    match source.kind:
        case Kind.DOCKERFILE:
            last, before = commands.in_dockerfile(text)
            yield from (Start(command, source, certain=True) for command in last)
            yield from (Start(command, source, certain=True, deployed=False) for command in before)
        case Kind.UNIT:
            yield from (Start(command, source, certain=True) for command in commands.in_unit(text))
        case Kind.TEXT if PurePosixPath(name).stem == "Procfile":
            yield from (Start(command, source, certain=True) for command in commands.in_procfile(text))
        case Kind.TEXT if not name.endswith(_NO_SCRIPTS):
            told = _SCRIPTS.fullmatch(name) is not None
            yield from (Start(command, source, certain=False, deployed=told) for command in commands.in_script(text))
        case Kind.YAML:
            found = (*commands.in_settings(text), *commands.in_manifest(text))
            yield from (Start(command, source, certain=False) for command in found)
        case Kind.INI | Kind.TOML | Kind.JSON:
            yield from (Start(command, source, certain=False) for command in commands.in_settings(text))
        case _:
            pass
