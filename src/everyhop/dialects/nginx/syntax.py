"""nginx's configuration language: words, `;`, `{` and `}`, with the exact place of each directive.

Follows `ngx_conf_read_token`: `#` begins a comment only where a word would begin, quotes hold blanks, a backslash
takes the next character, `${` belongs to its word. Blocks of Lua and njs are another language and are refused, not
guessed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.sites import Place
from everyhop.errors import SourceError

DEEPEST: Final = 40
"""Nested blocks. http, server and locations make four; the rest is room for `if` and hostile input."""

_MANY: Final = 30  # directives from which an index is quicker than a look at each
_BLANK = " \t\r\n"


@dataclass(slots=True, eq=False)
class Directive:
    """One directive: its words, where it begins and ends (exclusive, with its `;` or `}`), and what is in its block.

    `inside` is the place of the block's first character, None for a simple directive, whose `body` stays empty. `file`
    is the name of the text that it stands in.
    """

    words: tuple[str, ...]
    start: int
    end: int
    line: int
    inside: int | None = None
    body: list[Directive] = field(default_factory=list)
    parent: Directive | None = field(default=None, repr=False)
    file: str = ""
    # An `http` block of thousands of servers is asked by each: the body it was made of, its length, the index.
    _by_name: tuple[list[Directive], int, dict[str, list[Directive]]] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the first."""
        return self.words[1:]

    def own(self, name: str) -> tuple[Directive, ...]:
        """The directives of this name right in this block."""
        if len(self.body) < _MANY:
            return tuple(child for child in self.body if child.name == name)
        if self._by_name is None or self._by_name[0] is not self.body or self._by_name[1] != len(self.body):
            found: dict[str, list[Directive]] = {}
            for child in self.body:
                found.setdefault(child.name, []).append(child)
            self._by_name = (self.body, len(self.body), found)
        return tuple(self._by_name[2].get(name, ()))

    def effective(self, name: str) -> tuple[Directive, ...]:
        """Those of this block, or else of the nearest block around it that has any: nginx inherits all or nothing."""
        level: Directive | None = self
        while level is not None:
            if found := level.own(name):
                return found
            level = level.parent
        return ()

    def walk(self) -> Iterator[Directive]:
        """Everything in this block, however deep, in order."""
        for child in self.body:
            yield child
            yield from child.walk()


def place_of(directive: Directive) -> Place:
    """Where a directive stands; of a block only what is before it."""
    end = directive.inside if directive.inside is not None else directive.end
    return Place(directive.file, directive.start, end, directive.name)


def parse(text: str, file: str = "") -> Directive:
    """The whole text as one block without a name. Raises `SourceError` with the file and the line."""
    try:
        return _parsed(text, file)
    except SourceError as error:
        error.path = error.path or file or None
        raise


def _parsed(text: str, file: str) -> Directive:
    root = Directive(("",), 0, len(text), 1, 0, file=file)
    starts = [0, *(place.end() for place in re.finditer("\n", text))]
    block, words, start = root, list[str](), 0
    position, depth = 0, 0
    while (position := _skipped(text, position)) < len(text):
        character = text[position]
        if character in ";{}":
            if (character == "}") == bool(words):
                raise _error(text, position, f"unexpected {character!r}")
            if character == "}":
                if block.parent is None:
                    raise _error(text, position, "unexpected '}'")
                block.end, block, depth = position + 1, block.parent, depth - 1
            else:
                child = Directive(
                    tuple(words), start, position + 1, bisect_right(starts, start), parent=block, file=file
                )
                block.body.append(child)
                if character == "{":
                    _refuse_foreign(text, child)
                    child.inside = position + 1
                    block, depth = child, depth + 1
                    if depth > DEEPEST:
                        raise _error(text, position, f"blocks are nested more than {DEEPEST} deep")
            words, position = [], position + 1
            continue
        start = position if not words else start
        word, position = _word(text, position)
        words.append(word)
    if words or block.parent is not None:
        raise _error(text, len(text), "unexpected end of file: a ';' or '}' is missing")
    return root


def _refuse_foreign(text: str, directive: Directive) -> None:
    if directive.name.endswith(("_by_lua_block", "_by_njs_block")):
        raise _error(text, directive.start, f"{directive.name} holds another language, which everyhop cannot read")


def _skipped(text: str, position: int) -> int:
    while position < len(text):
        if text[position] == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif text[position] in _BLANK:
            position += 1
        else:
            break
    return position


def _word(text: str, position: int) -> tuple[str, int]:
    if text[position] in "'\"":
        return _quoted(text, position)
    word: list[str] = []
    while position < len(text) and text[position] not in _BLANK + ";{":
        if text[position] == "\\":
            word.append(_escaped(text, position))
            position += 2
        elif text.startswith("${", position):
            word.append("${")
            position += 2
        else:
            word.append(text[position])
            position += 1
    return "".join(word), position


def _quoted(text: str, position: int) -> tuple[str, int]:
    quote, opened, word = text[position], position, list[str]()
    position += 1
    while position < len(text) and text[position] != quote:
        if text[position] == "\\":
            word.append(_escaped(text, position))
            position += 1
        else:
            word.append(text[position])
        position += 1
    position += 1
    if position > len(text):
        raise _error(text, opened, "a quote is never closed")
    if position < len(text) and text[position] not in _BLANK + ";{)":
        raise _error(text, position, "unexpected text right behind a quote")
    return "".join(word), position


def _escaped(text: str, position: int) -> str:
    following = text[position + 1 : position + 2]
    return {"t": "\t", "r": "\r", "n": "\n"}.get(following, following if following in "'\"\\" else f"\\{following}")


def _error(text: str, position: int, message: str) -> SourceError:
    line = text.count("\n", 0, position) + 1
    return SourceError(message, line=line, hint="`nginx -t` tells more about a configuration that it refuses")
