"""The command lines that start programs: in Dockerfiles, Procfiles, systemd's units and the scripts of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from everyhop.scan.syntax.span import Lines, Span

_DOCKERFILE: Final = re.compile(
    r"^[^\S\n]*(?P<key>FROM|CMD|ENTRYPOINT)[^\S\n]+(?P<rest>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE | re.IGNORECASE
)
_PROCFILE: Final = re.compile(r"^(?P<key>[A-Za-z][\w-]*):[^\S\n]*(?P<rest>[^\n]*)", re.MULTILINE)
_UNIT: Final = re.compile(r"^[^\S\n]*(?P<key>ExecStart)[^\S\n]*=[-@:+!]*(?P<rest>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE)
_SCRIPT: Final = re.compile(
    r"^(?P<key>)[^\S\n]*(?:exec[^\S\n]+)?(?P<rest>[\w./-]*(?:flask|python|gunicorn|uvicorn|hypercorn|waitress|granian)"
    r"(?:[^\\\n#]|\\\n|\\.)*)",
    re.MULTILINE,
)
_WORD: Final = re.compile(r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',\[\]\\])+")


@dataclass(frozen=True, slots=True)
class Command:
    """The words of a command, without quotes, and its place."""

    words: tuple[str, ...]
    span: Span


def in_dockerfile(text: str) -> tuple[Command, ...]:
    """What a container of the last stage runs: its last `ENTRYPOINT` with its last `CMD`."""
    last: dict[str, re.Match[str]] = {}
    for instruction in _DOCKERFILE.finditer(text):
        key = instruction["key"].upper()
        last = {} if key == "FROM" else {**last, key: instruction}
    return tuple(_command(instruction, Lines(text)) for instruction in last.values())


def in_procfile(text: str) -> tuple[Command, ...]:
    """The command of each kind of process."""
    return tuple(_commands(_PROCFILE, text))


def in_unit(text: str) -> tuple[Command, ...]:
    """What the unit starts."""
    return tuple(_commands(_UNIT, text))


def in_script(text: str) -> tuple[Command, ...]:
    """The lines that start a program of Python's world; whether they are reached is not looked at."""
    return tuple(_commands(_SCRIPT, text))


def _commands(pattern: re.Pattern[str], text: str) -> Iterator[Command]:
    lines = Lines(text)
    for match in pattern.finditer(text):
        yield _command(match, lines)


def _command(match: re.Match[str], lines: Lines) -> Command:
    start = match.start("rest")
    words = tuple(word.replace('"', "").replace("'", "") for word in _WORD.findall(match["rest"]))
    return Command(words, lines.span(start, start + len(match["rest"].rstrip())))
