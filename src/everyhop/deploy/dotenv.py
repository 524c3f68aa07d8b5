"""Sets variables in the text of a dotenv file, and leaves every other byte alone. python-dotenv's grammar decides."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dotenv.parser import parse_stream

from everyhop.errors import SettingsError

# python-dotenv's own order: blanks, export, key, equal sign (dotenv/parser.py).
_HEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BARE = re.compile(r"[^\s'\"#\\`]*")


@dataclass(frozen=True, slots=True)
class _Binding:
    """One variable: its decoded value, where its line begins, and where its value begins and ends, quotes included."""

    name: str
    value: str
    line_start: int
    start: int
    end: int
    line_end: int
    quote: str


def values(text: str) -> Mapping[str, str]:
    """Name and value of every variable, without interpolation; the last one wins."""
    return {binding.name: binding.value for binding in _bindings(text)}


def set_value(text: str, name: str, value: str) -> str:
    """The text with this variable at this value, wherever it is set; appended where it is not.

    Quotes stay as they were if the value allows it. Raises `SettingsError` for what no dotenv file can hold.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name[:40]!r} is no name of a variable")
    if any(ord(character) < 32 for character in value):
        raise SettingsError("a value in a dotenv file cannot hold control characters", key=name)
    found = [binding for binding in _bindings(text) if binding.name == name]
    for binding in reversed(found):
        if binding.value != value:
            text = text[: binding.start] + _spelled(value, binding.quote, name) + text[binding.end :]
    if not found:
        text += "" if not text or text.endswith("\n") else "\n"
        text += f"{name}={_spelled(value, '', name)}\n"
    return text


def remove(text: str, name: str) -> str:
    """The text without the lines that set this variable."""
    for binding in reversed([binding for binding in _bindings(text) if binding.name == name]):
        text = text[: binding.line_start] + text[binding.line_end :]
    return text


def _spelled(value: str, quote: str, name: str) -> str:
    if not quote and _BARE.fullmatch(value):
        return value
    # In double quotes a dollar, a backtick and a backslash mean something to a shell that sources the file.
    quote = '"' if quote == '"' and not re.search(r'["$`\\]', value) else "'"
    if quote in value or value.endswith("\\") or (quote == "'" and "\\'" in value):
        raise SettingsError("a value with quotes cannot be written for every reader of dotenv files", key=name)
    return f"{quote}{value}{quote}"


def _bindings(text: str) -> Iterator[_Binding]:
    offset = 0
    for parsed in parse_stream(io.StringIO(text, newline="")):
        raw, line_start = parsed.original.string, offset
        offset += len(raw)
        head = _HEAD.match(raw)
        if parsed.error or parsed.key is None or parsed.value is None or head is None:
            continue
        begin = head.end()
        blank = len(raw) - len(raw.lstrip())
        quote = raw[begin] if raw[begin : begin + 1] in ("'", '"') else ""
        length = _closing(raw, begin, quote) - begin if quote else len(parsed.value)
        yield _Binding(
            parsed.key, parsed.value, line_start + blank, line_start + begin, line_start + begin + length, offset, quote
        )


def _closing(raw: str, begin: int, quote: str) -> int:
    position = begin + 1
    while position < len(raw) and raw[position] != quote:
        position += 2 if raw[position] == "\\" else 1
    return position + 1
