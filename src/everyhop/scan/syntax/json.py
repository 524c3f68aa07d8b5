"""JSON's database URLs with their keys and places, whatever comments or commas somebody allowed himself beside them.

No nesting is followed, so that none is too deep.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines
from everyhop.scan.syntax.variable import Reach, Variable

_SCHEME: Final = re.compile(
    r'"(?P<url>(?:db\+|sqla\+)?(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+\w+)?:\\?/\\?/(?:[^"\\\n]|\\.)*)"',
    re.IGNORECASE,
)
_KEY: Final = re.compile(r'"(?P<key>[^"\n]{1,120})"\s{0,40}:\s{0,200}\[?\s{0,200}\Z')
_COMMENT: Final = re.compile(r"(?:^|[\s,\]}])//")


def parse(text: str) -> tuple[Variable, ...]:
    """Every string value that is a database URL, under the key before it."""
    return tuple(_variables(text))


def _variables(text: str) -> Iterator[Variable]:
    lines = Lines(text)
    for match in _SCHEME.finditer(text):
        line = text[max(text.rfind("\n", 0, match.start()) + 1, match.start() - 400) : match.start()]
        if _COMMENT.search(line):
            continue
        key = _KEY.search(text, max(0, match.start() - 600), match.start())
        pieces = split(_decoded(f'"{match["url"]}"'), Grammar.TEMPLATE)
        yield Variable(key["key"] if key else "value", pieces, lines.span(*match.span("url")), Reach.READER)


def _decoded(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]
