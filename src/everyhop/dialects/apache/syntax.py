"""httpd's configuration language: one directive a line, sections in angle brackets, names without regard to case.

A backslash at the end of a line takes the next one along; `#` begins a comment only where a line begins (documentation,
"Configuration Files"). Quotes hold blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.sites import Place
from everyhop.errors import SourceError

DEEPEST: Final = 40
"""Nested sections; a virtual host with a location makes two."""

_CONDITIONS: Final = frozenset({"<ifmodule", "<ifdefine", "<ifversion"})
_LINE: Final = re.compile(r"[^\S\n]*(?P<rest>(?:[^\\\n]|\\(?:\r?\n)?)*)(?:\n|\Z)")
_WORD: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\s\"'][^\s]*", re.DOTALL)


@dataclass(slots=True, eq=False)
class Directive:
    """A directive or section: its name in lower case, its words, where it stands, and what is in it."""

    name: str
    arguments: tuple[str, ...]
    place: Place
    body: list[Directive] = field(default_factory=list)
    parent: Directive | None = field(default=None, repr=False)

    def own(self, name: str) -> tuple[Directive, ...]:
        """The directives of this name in this section, also under a condition about what is loaded or defined."""
        found: list[Directive] = []
        for child in self.body:
            if child.name == name:
                found.append(child)
            elif child.name in _CONDITIONS and not "".join(child.arguments[:1]).startswith("!"):
                found += child.own(name)
        return tuple(found)

    def effective(self, name: str) -> Directive | None:
        """The last one of this name here, or else in the nearest section around."""
        level: Directive | None = self
        while level is not None:
            if found := level.own(name):
                return found[-1]
            level = level.parent
        return None

    def walk(self) -> Iterator[Directive]:
        """Everything in this section, however deep, in order."""
        for child in self.body:
            yield child
            yield from child.walk()


def parse(text: str, file: str = "") -> Directive:
    """The whole text as one section without a name. Raises `SourceError` with the line."""
    root = Directive("", (), Place(file, 0, len(text), ""))
    block, depth, position = root, 0, 0
    while position < len(text):
        line = _LINE.match(text, position)
        if line is None or line.end() == position:
            break
        rest, start = line["rest"].rstrip(), line.start("rest")
        position = line.end()
        if not rest or rest.startswith("#"):
            continue
        if rest.startswith("</"):
            name = rest[2:].rstrip("> \t").lower()
            if block.parent is None or block.name != f"<{name}":
                raise _error(text, start, file, f"</{name[:40]}> closes nothing that is open")
            block, depth = block.parent, depth - 1
            continue
        inner = rest.removesuffix(">") if rest.startswith("<") else rest
        words = [_unquoted(word) for word in _WORD.findall(inner.replace("\\\n", "  "))]
        child = Directive(
            words[0].lower(), tuple(words[1:]), Place(file, start, start + len(rest), words[0]), parent=block
        )
        block.body.append(child)
        if rest.startswith("<"):
            block, depth = child, depth + 1
            if depth > DEEPEST:
                raise _error(text, start, file, f"sections are nested more than {DEEPEST} deep")
    if block.parent is not None:
        raise _error(text, len(text), file, f"{block.name}> is never closed")
    return root


def _unquoted(word: str) -> str:
    if word[:1] in ("'", '"'):
        return re.sub(r"\\(.)", r"\1", word[1:].removesuffix(word[0]))
    return word


def _error(text: str, position: int, file: str, message: str) -> SourceError:
    line = text.count("\n", 0, position) + 1
    return SourceError(message, path=file or None, line=line, hint="`apachectl configtest` tells more")
