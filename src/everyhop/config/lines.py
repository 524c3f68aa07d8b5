"""On which line of a TOML document a key stands: tomllib parses and does not tell.

Pure. Takes only text that `tomllib` has accepted, so it knows just enough of the grammar (toml.io, v1.0.0) to step over
values. A key path is a tuple of names and, inside arrays, of positions: `("policy", "waive", 0, "until")`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) on which each key, table and array element begins. Linear in the text."""
    return _Walk(text.replace("\r\n", "\n")).document()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the nearest table around it; None in an empty document."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


class _Walk:
    """One pass over a document. `at` is the place that has been reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.lines: dict[KeyPath, int] = {}
        self.elements: dict[KeyPath, int] = {}

    def document(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self.skip(_SPACE_AND_LINES) < len(self.text):
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)
        return self.lines

    def skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def note(self, path: KeyPath) -> None:
        """Remember the line of a path and of the tables that it opens on the way."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], self.line)

    def header(self) -> KeyPath:
        opening = "[[" if self.text.startswith("[[", self.at) else "["
        self.at += len(opening)
        names = self.key()
        path: KeyPath = ()
        for name in names[:-1]:
            path = self.inside((*path, name))
        path = (*path, names[-1])
        if opening == "[[":
            self.elements[path] = self.elements.get(path, -1) + 1
        path = self.inside(path)
        self.note(path)
        self.skip(_SPACE)
        self.at += len(opening)
        return path

    def inside(self, path: KeyPath) -> KeyPath:
        return (*path, self.elements[path]) if path in self.elements else path

    def key(self) -> tuple[str, ...]:
        names = []
        while True:
            self.skip(_SPACE)
            start = self.at
            if self.text[start] in "\"'":
                self.skip(_STRING)
                names.append(next(iter(tomllib.loads(f"{self.text[start : self.at]} = 0"))))
            else:
                self.skip(_BARE_KEY)
                names.append(self.text[start : self.at])
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(names)
            self.at += 1

    def pair(self, table: KeyPath) -> None:
        path = (*table, *self.key())
        self.note(path)
        self.at += 1  # the equals sign
        self.value(path)

    def value(self, path: KeyPath) -> None:
        self.skip(_SPACE)
        match self.text[self.at]:
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'":
                self.skip(_STRING)
            case _:
                self.skip(_BARE_VALUE)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        position = 0
        while self.text[self.skip(_SPACE_AND_LINES)] != "]":
            self.note((*path, position))
            self.value((*path, position))
            position += 1
            if self.text[self.skip(_SPACE_AND_LINES)] == ",":
                self.at += 1
        self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.text[self.skip(_SPACE_AND_LINES)] != "}":
            self.pair(path)
            if self.text[self.skip(_SPACE_AND_LINES)] == ",":
                self.at += 1
        self.at += 1
