"""The command lines that start programs: in Dockerfiles, Procfiles, systemd's units and the scripts of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from everyhop.scan.syntax.span import Lines, Span

_DOCKERFILE: Final = re.compile(
    r"^[^\S\n]*(?P<key>FROM|CMD|ENTRYPOINT)[^\S\n]+(?P<rest>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE | re.IGNORECASE
)
_PROCFILE: Final = re.compile(r"^(?P<key>[A-Za-z][\w-]*):[^\S\n]*(?P<rest>[^\n]*)", re.MULTILINE)
_UNIT: Final = re.compile(r"^[^\S\n]*(?P<key>ExecStart)[^\S\n]*=[-@:+!]*(?P<rest>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE)
_SERVERS: Final = (
    r"(?:flask|quart|python[\d.]*|gunicorn3?|uvicorn|hypercorn|waitress|waitress-serve|granian|uwsgi|daphne|pserve"
    r"|twistd|cheroot|sanic|fastapi|mod_wsgi-express|runserver)"
)
# A line in which a program of Python's world is named, as a word of its own; what else stands there is looked at later.
_SCRIPT: Final = re.compile(
    r"^(?P<key>)[^\S\n]*(?:(?:export[^\S\n]+)?\w+=(?=[\"'][^\"'\n=]+ ))?"
    rf"(?P<rest>(?=[^\n]*(?<![\w.-]){_SERVERS}(?![\w.=-]))[^\s#:;](?:[^\\\n]|\\\n|\\.)*)",
    re.MULTILINE,
)
# A setting whose value is a command, in lines of any kind of file: `command = …`, `"start": "…"`, `entrypoint: …`.
_SETTING: Final = re.compile(
    r"^(?P<key>)[^\S\n]*(?:-[^\S\n]+)?[\"']?[\w.-]*(?:command|cmd|entry_?point|start|run|serve|server|web|app|exec|args)"
    r"[\w.-]*[\"']?[^\S\n]*[:=][^\S\n]*"
    rf"(?P<rest>(?=[^\n]*(?<![\w.-]){_SERVERS}(?![\w.=-]))[^\s#|>][^\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
# One of these is in every line with a match. Plain words, because a catalogue of translations is a large file, and
# looking for them is ten times as fast as a regular expression.
_NAMED: Final = tuple(re.sub(r"\[.*|\d?\?$", "", word) for word in _SERVERS[3:-1].split("|"))
# The same where the value is a list with an item to a line, or lines of its own.
_LISTED: Final = re.compile(
    r"^(?P<key>)(?P<indent>[^\S\n]*)(?:-[^\S\n]+)?(?:command|args|cmd|entrypoint|run|script)[^\S\n]*:[^\S\n]*(?:[|>][+-]?)?"
    r"[^\S\n]*\n(?P<rest>(?:(?P=indent)[^\S\n]*(?:-|[^\S\n])[^\n]+(?:\n|\Z))+)",
    re.MULTILINE,
)
_ITEM: Final = re.compile(r"^[^\S\n]*-[^\S\n]+", re.MULTILINE)
_WORD: Final = re.compile(r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',\[\]\\])+")


@dataclass(frozen=True, slots=True)
class Command:
    """The words of a command, without quotes, and its place."""

    words: tuple[str, ...]
    span: Span


def in_dockerfile(text: str) -> tuple[tuple[Command, ...], tuple[Command, ...]]:
    """What a container of the last stage runs: its last `ENTRYPOINT` with its last `CMD`; then what others do."""
    stages: list[dict[str, re.Match[str]]] = [{}]
    for instruction in _DOCKERFILE.finditer(text):
        key = instruction["key"].upper()
        if key == "FROM":
            stages.append({})
        else:
            stages[-1][key] = instruction
    lines = Lines(text)
    *before, last = [tuple(_command(instruction, lines) for instruction in stage.values()) for stage in stages]
    return last, tuple(command for stage in before for command in stage)


def in_procfile(text: str) -> tuple[Command, ...]:
    """The command of each kind of process."""
    return tuple(_commands(_PROCFILE, text))


def in_unit(text: str) -> tuple[Command, ...]:
    """What the unit starts."""
    return tuple(_commands(_UNIT, text))


def in_script(text: str) -> tuple[Command, ...]:
    """The lines that start a program of Python's world; whether they are reached is not looked at."""
    return tuple(_commands(_SCRIPT, text))


def in_settings(text: str) -> tuple[Command, ...]:
    """The values of settings that are named as commands are, in supervisor's, YAML, TOML and JSON files."""
    lines = Lines(text)
    named = (_SETTING.match(text, start) for start in _naming(text))
    return tuple(_command(match, lines) for match in named if match)


def in_manifest(text: str) -> tuple[Command, ...]:
    """The commands of a YAML file that are lists with an item to a line, or blocks of lines."""
    lines = Lines(text)
    found: list[Command] = []
    for match in _LISTED.finditer(text):
        if _ITEM.match(match["rest"]):
            found.append(_command(match, lines))
        else:
            inner = _SCRIPT.finditer(text, match.start("rest"), match.end("rest"))
            found += [_command(line, lines) for line in inner]
    return tuple(replace(one, words=tuple(word for word in one.words if word != "-")) for one in found)


def _naming(text: str) -> list[int]:
    """Where the lines begin that name one of the servers: a pattern for whole settings need not be tried on others."""
    data = text.encode(errors="surrogatepass").lower()  # quicker than the text, where that has further letters
    words = [word for word in _NAMED if word.encode() in data]
    if not words:
        return []
    lower, found = text.lower(), set[int]()
    if len(lower) != len(text):  # a letter that is two in lower case: rare, and then every line is looked at
        return [0, *(match.end() for match in re.finditer("\n", text))]
    for word in words:
        place = lower.find(word)
        while place >= 0:
            found.add(lower.rfind("\n", 0, place) + 1)
            after = lower.find("\n", place)
            place = lower.find(word, after) if after >= 0 else -1
    return sorted(found)


def _commands(pattern: re.Pattern[str], text: str) -> Iterator[Command]:
    lines = Lines(text)
    for match in pattern.finditer(text):
        yield _command(match, lines)


def _command(match: re.Match[str], lines: Lines) -> Command:
    start = match.start("rest")
    words = tuple(word.replace('"', "").replace("'", "") for word in _WORD.findall(match["rest"]))
    return Command(words, lines.span(start, start + len(match["rest"].rstrip())))
