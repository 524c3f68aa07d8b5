"""HAProxy's configuration language: sections that begin with their keyword, one setting a line (manual, section 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.sites import Place

_SECTIONS: Final = frozenset({"global", "defaults", "frontend", "backend", "listen"})
_OTHER_SECTIONS: Final = frozenset(
    {"peers", "mailers", "resolvers", "userlist", "cache", "program", "ring", "http-errors", "crt-store", "traces"}
)
# Weak and strong quotes hold blanks, a backslash takes the next character (section 2.2).
_WORD: Final = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\#])+")


@dataclass(frozen=True, slots=True)
class Setting:
    """A line: its words without quotes, and its place."""

    words: tuple[str, ...]
    place: Place

    def after(self, word: str) -> str | None:
        """The word behind a keyword of the line; None where it has no such keyword."""
        found = self.words.index(word) + 1 if word in self.words else 0
        return self.words[found] if 0 < found < len(self.words) else None


@dataclass(slots=True)
class Section:
    """A section: its kind, its name, its settings."""

    kind: str
    name: str
    place: Place
    settings: list[Setting] = field(default_factory=list)

    def own(self, *words: str) -> tuple[Setting, ...]:
        """The settings that begin with these words."""
        return tuple(setting for setting in self.settings if setting.words[: len(words)] == words)


def parse(text: str, file: str = "") -> tuple[Section, ...]:
    """The sections of a text, in order."""
    found: list[Section] = []
    current: Section | None = None
    offset = 0
    for line in text.split("\n"):
        words = tuple(_unquoted(match[0]) for match in _WORD.finditer(line.partition(" #")[0])) if line.strip() else ()
        start = offset + len(line) - len(line.lstrip())
        place = Place(file, start, offset + len(line.partition(" #")[0].rstrip()), words[0] if words else "")
        offset += len(line) + 1
        if not words or line.lstrip().startswith("#"):
            continue
        if words[0] in _SECTIONS:
            current = Section(words[0], words[1] if len(words) > 1 else "", place)
            found.append(current)
        elif words[0] in _OTHER_SECTIONS and not line[:1].isspace():
            current = None
        elif current is not None:
            current.settings.append(Setting(words, place))
    return tuple(found)


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)|[\"']", lambda match: match[1] or "", word)
