"""`postgresql.conf`: one `name = value` a line, quoted as in SQL, the last one wins (documentation, section 20.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from everyhop.errors import SettingsError

_LINE = re.compile(r"\s*(?P<name>[A-Za-z_][\w.$]*)(?:\s*=\s*|\s+)(?P<value>'(?:[^'\\]|''|\\.)*'|[^\s'#]+)\s*(?:#.*)?")
_INCLUDES = frozenset({"include", "include_dir", "include_if_exists"})
# The server reads a word as a boolean by any prefix that says which one is meant (parse_bool_with_len in bool.c).
_TRUE = ("on", "true", "yes", "1")
_FALSE = ("off", "false", "no", "0")


def settings(text: str) -> Mapping[str, str]:
    """The settings of one file by their names in lower case; `include…` lines and lines that are none are left out."""
    return {name: value for name, value, _, _ in _lines(text) if name not in _INCLUDES}


def places(text: str) -> Mapping[str, tuple[int, int]]:
    """Where the line of each setting that counts begins and ends."""
    return {name: (start, end) for name, _, start, end in _lines(text)}


def included(text: str) -> tuple[str, ...]:
    """What the file's `include_dir` lines name, in order, as written."""
    return tuple(value for name, value, _, _ in _lines(text) if name == "include_dir")


def includes_files(text: str) -> bool:
    """Whether the file names single others that are read as well, or folders elsewhere than beside it."""
    return any(
        name == "include" or (name == "include_dir" and value.startswith("/")) for name, value, _, _ in _lines(text)
    )


def is_on(value: str) -> bool:
    """A boolean setting; raises `SettingsError` for a word that the server would not take."""
    word = value.lower()
    if word and any(name.startswith(word) for name in _TRUE) and word != "o":
        return True
    if word and any(name.startswith(word) for name in _FALSE) and word != "o":
        return False
    raise SettingsError(f"{value[:20]!r} is neither on nor off", hint="write on or off")


def quoted(value: str) -> str:
    """A value as it has to stand in the file. Raises `SettingsError` for a line break, which no value can have."""
    if any(ord(character) < 32 for character in value):
        raise SettingsError("a value in postgresql.conf cannot hold control characters")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _lines(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Each setting's name in lower case and its value, and where its words begin and end."""
    offset = 0
    for line in text.split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            yield (
                match["name"].lower(),
                _unquoted(match["value"]),
                offset + match.start("name"),
                offset + match.end("value"),
            )
        offset += len(line) + 1


def _unquoted(value: str) -> str:
    if not value.startswith("'"):
        return value
    return re.sub(r"''|\\(.)", lambda match: match[1] or "'", value[1:-1])
