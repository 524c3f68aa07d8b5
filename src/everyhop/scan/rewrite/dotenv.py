"""A dotenv file with one variable set anew: order, comments, `export`, quotes and line ends stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from everyhop.errors import SourceError
from everyhop.scan.syntax.dotenv import Placed, placed

# Characters that a shell reading the file would take for itself outside quotes (POSIX, Shell Command Language, 2.2).
_SHELL = re.compile(r"[\s|&;<>()$`\\\"'*?\[\]#~{}!]")


def set_value(text: str, key: str, value: str) -> str:
    """The text in which python-dotenv reads `value` for `key`; appended where it is not there yet.

    Where a key is set more than once the last one counts, and is changed. Raises `SourceError` for a key or a value
    that a dotenv file cannot hold (`${…}` would be replaced by a variable).
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", key):
        raise SourceError("this is no name of a variable", key=key[:40], hint="letters, digits and _ make a name")
    before = list(placed(text))
    old = next((variable for variable in reversed(before) if variable.name == key), None)
    wanted = [(variable.name, value if variable is old else variable.value) for variable in before]
    wanted += [] if old else [(key, value)]
    for written in _spellings(value, old) if "${" not in value else ():
        new = _with(text, key, written, old)
        if [(variable.name, variable.value) for variable in placed(new)] == wanted:
            return new
    raise SourceError(
        "a dotenv file cannot hold this value", key=key, hint="${…} and a backslash before a quote are read differently"
    )


def _spellings(value: str, old: Placed | None) -> Iterator[str]:
    """Ways to write a value, the file's own first; characters new to it that a shell would take get quotes."""
    quotes = ["'", '"']
    if old is None or old.quote:
        quotes.sort(key=lambda quote: quote != (old.quote if old else "'"))
    elif set(_SHELL.findall(value)) <= set(_SHELL.findall(old.value)):
        quotes.insert(0, "")
    for quote in [*quotes, ""]:
        escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}") if quote else value
        yield f"{quote}{escaped}{quote}"
    yield f"'{value}'"


def _with(text: str, key: str, written: str, old: Placed | None) -> str:
    if old is not None:
        return text[: old.start] + written + text[old.end :]
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text and not text.endswith(("\n", "\r")) else ""
    return f"{text}{gap}{key}={written}{end}"
