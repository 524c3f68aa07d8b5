"""Database URLs as they stand in any text: shell scripts, Terraform, Procfiles, Makefiles, texts inside other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Reach, Variable

# One character at a time or one hole at a time, so that it is linear; holes may hold blanks.
_URL: Final = re.compile(
    r"(?<![\w+])(?:(?:db|sqla|sqlalchemy)\+)?(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+[a-z0-9_]+)?://"
    r"(?:\$?\{\{[^{}\n]{0,200}\}\}|\$\{(?:[^{}\n]|\{[^{}\n]{0,80}\}){0,200}\}|\$\([^()\n]{0,200}\)|%\([\w.-]{1,80}\)s"
    r"|,(?=\w)|[^\s'\"`<>|;\\,(){}\[\]]|\[[0-9A-Fa-f:.]{2,45}\])+",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,80})['\"]?(?:\s*:?=\s*|:\s+|:?-|\s+)[\[(]?\s*['\"]?\Z")
_COMMENT: Final = re.compile(r"\s*(?:#|//|;|--\s|rem\s)|.*\s#\s", re.IGNORECASE)
# A shell that only tells: what it prints is for people, unless it goes into a file.
_TOLD: Final = re.compile(r"\s*@?(?:echo|printf|cat)\b[^>]*\Z|\s*@?(?:echo|printf)\b[^>]*>\s*&2")


def parse(text: str) -> tuple[Variable, ...]:
    """Every database URL that is neither in a comment nor only printed, under the name that stands before it."""
    return tuple(within(text, 0, len(text), Lines(text)))


def within(text: str, start: int, end: int, lines: Lines) -> Iterator[Variable]:
    """The same for a part of a text."""
    for match in _URL.finditer(text, start, end):
        first = max(text.rfind("\n", 0, match.start()) + 1, match.start() - 2_000)
        before = text[first : match.start()]
        last = text.find("\n", match.end(), match.end() + 2_000)
        line = text[first : last if last >= 0 else match.end()]
        if _COMMENT.match(before) or _TOLD.match(line):
            continue
        name = _NAME.search(before[-120:])
        url = match[0].rstrip(".,:")
        span = lines.span(match.start(), match.start() + len(url))
        yield Variable(name["name"] if name else "url", split(url, Grammar.TEMPLATE), span, Reach.READER)
