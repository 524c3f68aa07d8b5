"""A dotenv file with one variable set anew or removed: order, comments, `export`, quotes and line ends stay.

A value is meant as it stands in the file: `${NAME}` in it is a reference to another variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from everyhop.errors import SettingsError
from everyhop.scan.syntax.dotenv import Placed, first_placed, is_whole, placed

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{[A-Za-z_][^}]*\}")
# What a shell that sources the file would take for itself: outside quotes (POSIX, Shell Command Language, 2.2; in an
# assignment it expands no * ? [ ]), and inside each kind of quotes (2.2.2, 2.2.3).
_BARE = re.compile(r"[\s|&;<>()$`\\\"'#~]")
_INSIDE = {"'": re.compile(r"'"), '"': re.compile(r'["$`\\]')}


def values(text: str) -> Mapping[str, str]:
    """Name and value of every variable, without interpolation; the last one wins."""
    return {variable.name: variable.value for variable in placed(text)}


def set_value(text: str, name: str, value: str) -> str:
    """The text with this variable at this value, wherever it is set; appended where it is not.

    Raises `SettingsError` for a name or a value that not every reader of dotenv files would read alike.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("this is no name of a variable", key=name[:40], hint="letters, digits and _ make a name")
    if any(ord(character) < 32 for character in value):
        raise SettingsError("a dotenv file cannot hold control characters", key=name, hint="leave line ends out")
    found = [variable for variable in placed(text) if variable.name == name]
    for variable in reversed(found):
        if variable.value != value:
            text = _with(text, name, value, variable)
    return text if found else _with(text, name, value, None)


def remove(text: str, name: str) -> str:
    """The text without the lines that set this variable."""
    for variable in reversed([variable for variable in placed(text) if variable.name == name]):
        text = text[: variable.line_start] + text[variable.line_end :]
    return text


def _is_read(new: str, name: str, value: str, text: str, old: Placed | None) -> bool:
    """Whether python-dotenv reads the new value, and all else as in the text before."""
    if old is not None and is_whole(text):  # then only its own line can be read otherwise
        line = next(first_placed(new[old.line_start :]), None)
        end = old.line_end - old.line_start + len(new) - len(text)
        return line is not None and (line.name, line.value, line.line_start, line.line_end) == (name, value, 0, end)
    wanted = [(other.name, value if other == old else other.value) for other in placed(text)]
    wanted += [] if old else [(name, value)]
    return [(other.name, other.value) for other in placed(new)] == wanted


def _with(text: str, name: str, value: str, old: Placed | None) -> str:
    """The first spelling that python-dotenv reads back, with all else as before."""
    for written in _spellings(value, old):
        new = _replaced(text, written, old) if old else _appended(text, f"{name}={written}")
        if _is_read(new, name, value, text, old):
            return new
    hint = "percent-encode quotes, backslashes and dollars in a URL"
    raise SettingsError("this value cannot be written for every reader of dotenv files", key=name, hint=hint)


def _spellings(value: str, old: Placed | None) -> Iterator[str]:
    """Ways to write a value, the file's own first; characters new to it that a shell would take get quotes."""
    quote, had = (old.quote, old.value) if old else ("", "")
    if not quote and set(_BARE.findall(value)) <= set(_BARE.findall(had)):
        yield value
    plain = _REFERENCE.sub("", value)
    others = ("'", '"') if plain == value else ('"',)  # in single quotes a shell leaves a reference as it is
    for mark in dict.fromkeys((quote, *others) if quote else others):
        if not _INSIDE[mark].search(plain):
            yield f"{mark}{value}{mark}"


def _replaced(text: str, written: str, old: Placed) -> str:
    return text[: old.start] + written + text[old.end :]


def _appended(text: str, line: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text and not text.endswith(("\n", "\r")) else ""
    return f"{text}{gap}{line}{end}"
