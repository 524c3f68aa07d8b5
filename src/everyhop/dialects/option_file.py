"""MySQL's option files (`my.cnf`), read as those who read them do, who do not agree on the grammar.

Drivers in Python use `configparser` (PyMySQL, aiomysql and asyncmy as it is, Connector/Python after some work on the
lines), which takes `:` for `=`, folds what is indented into the line before, and ends over what it cannot read; C
libraries have a reader of their own, which knows quotes and escapes and stops in silence. Sources: CPython's
`configparser.py`, `optionfile.py` of PyMySQL 1.2.4, `optionfiles.py` of Connector/Python 9.7, `ma_default.c` of
MariaDB Connector/C 3.4; tests hold this reading against the first three. Files that are included are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Reader(Enum):
    """Who reads a file, as far as they differ."""

    PYMYSQL = "configparser, an option may stand without a value, quotes around values are dropped"
    AIOMYSQL = "configparser as it is"
    CONNECTOR_PYTHON = "configparser after its own work on the lines"
    CONNECTOR_C = "MariaDB Connector/C"


@dataclass(frozen=True, slots=True)
class OptionFile:
    """What one file says: groups, names and values in order; a name is in lower case with `_`, None is no value.

    `includes` tells that it names further files, which its reader follows. `error` is the class of the exception with
    which its reader ends; None where it ends in peace.
    """

    options: tuple[tuple[str, str, str | None], ...]
    includes: bool = False
    error: str | None = None

    def of(self, *groups: str) -> dict[str, str | None]:
        """The options of these groups, in the order of the file: the last one wins."""
        return {name: value for group, name, value in self.options if group in groups}


def parse(text: str, reader: Reader) -> OptionFile:
    """Read a file as `reader` does. Never raises; linear in the length of the text."""
    return _connector_c(text) if reader is Reader.CONNECTOR_C else _Configparser(reader).read(text)


_LITERAL: Final = re.compile(
    r"(?P<word>True|False|None)|(?P<number>0|[1-9][0-9]{0,8})"
    r"""|(?P<text>'[^'\\]*'|"[^"\\]*")|\[(?P<list>[^\[\]]*)\]"""
)
_WORDS: Final = {"True": True, "False": False, "None": None}


def literal(value: str) -> object:
    """A value as Connector/Python takes it: Python's literals are what they say, anything else is a text.

    Of collections only lists of texts are read, for `tls_versions`.
    """
    found = _LITERAL.match(value)
    rest = value[found.end() :].lstrip() if found else ""
    if found is None or (rest and not rest.startswith("#")):  # Python's comments
        return value
    if found["word"]:
        return _WORDS[found["word"]]
    if found["number"]:
        return int(found["number"])
    if found["text"]:
        return found["text"][1:-1]
    parts = [part.strip() for part in found["list"].split(",")]
    return [part[1:-1] for part in parts] if all(map(_is_quoted, parts)) else value


_HEADER: Final = re.compile(r"\[(.+)\]")
_DELIMITER: Final = re.compile("[=:]")
_COMMENTS: Final = ("#", ";")


class _Configparser:
    """`RawConfigParser._read`, and what each driver puts before and behind it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._options: dict[tuple[str, str], list[str]] = {}  # an option without a value has no lines
        self._error: str | None = None

    def read(self, text: str) -> OptionFile:
        """Line by line, as far as there is no error that ends it."""
        lines = text.split("\n")
        includes = False
        if self._reader is Reader.CONNECTOR_PYTHON:
            lines = [line.strip() for line in lines]
            includes = any(line.startswith("!include") for line in lines)
            lines = [line for line in lines if not line.startswith("!include")]
        self._read(lines)
        found = tuple((group, name, self._value(lines)) for (group, name), lines in self._options.items())
        return OptionFile(found, includes, self._error)

    def _read(self, lines: list[str]) -> None:
        groups: set[str] = set()
        group: str | None = None
        open_one: list[str] | None = None
        indent = 0
        for whole in lines:
            line = whole.strip()
            if not line or line.startswith(_COMMENTS):
                if not line and open_one:
                    open_one.append("")  # it stays in a value that goes on behind it
                continue
            depth = len(whole) - len(whole.lstrip())
            if open_one is not None and depth > indent:
                if not open_one:
                    self._error = "AttributeError"  # there is nothing to fold into
                    return
                open_one.append(line)
                continue
            indent = depth
            if header := _HEADER.match(line):
                group, open_one = header[1], None
                if group in groups and self._reader is not Reader.CONNECTOR_PYTHON:
                    self._error = "DuplicateSectionError"
                    return
                groups.add(group)
            elif group is None:
                self._error = "MissingSectionHeaderError"
                return
            elif self._reader is Reader.AIOMYSQL and not _DELIMITER.search(line):
                self._error = "ParsingError"  # raised when all is read; what follows may go on with the option before
            else:
                open_one = self._take(group, line)
                if self._error == "DuplicateOptionError":
                    return

    def _take(self, group: str, line: str) -> list[str] | None:
        """Add an option; what is folded into it goes where this returns."""
        written, values = line, list[str]()
        if delimiter := _DELIMITER.search(line):
            written, values = line[: delimiter.start()], [line[delimiter.end() :].strip()]
        name = written.strip().lower().replace("-", "_")
        if not name:
            self._error = "ParsingError"  # raised when all is read
        if (group, name) in self._options and self._reader is not Reader.CONNECTOR_PYTHON:
            self._error = "DuplicateOptionError"
        self._options[group, name] = values
        return values if name else None

    def _value(self, lines: list[str]) -> str | None:
        if not lines:
            return "" if self._reader is Reader.CONNECTOR_PYTHON else None
        value = "\n".join(lines).rstrip()
        return value[1:-1] if self._reader is Reader.PYMYSQL and _is_quoted(value) else value


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\""


_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", '"': '"', "'": "'", "\\": "\\"}


def _connector_c(text: str) -> OptionFile:
    return OptionFile(tuple(_c_options(text)), re.search(r"^[ \t]*!include", text, re.MULTILINE) is not None)


def _c_options(text: str) -> Iterator[tuple[str, str, str | None]]:
    """`_mariadb_read_options_from_file`: what stands before the first group ends it, as does an open bracket."""
    group: str | None = None
    for line in map(str.strip, text.split("\n")):
        if not line or line[0] in "#;!'\"":
            continue
        if line[0] == "[":
            group, bracket, _ = line[1:].partition("]")
            if not bracket:
                return
        elif group is None:
            return
        else:
            name, equals, value = line.partition("=")
            # A name without a value is looked up together with the end of its line, and is known to nobody.
            if equals:
                yield group, name.strip().replace("-", "_"), _unescaped(value.strip())


def _unescaped(value: str) -> str:
    if value[:1] in {"'", '"'}:
        value = value[1:-1] if value[-1] in "'\"" and len(value) > 1 else value[1:]
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), value)
