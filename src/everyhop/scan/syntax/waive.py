"""Comments that waive: `# everyhop: waive[plaintext-dial] reason="…" until=2027-06-30`, and the lines that each binds.

At the end of a line it binds that line; alone on a line, what comes next: in Python the whole statement, inside
brackets and in every other file the next line.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from everyhop.scan.syntax.span import Span

MARK: Final = "everyhop:"
"""What a text has to contain for any of this to be in it."""

_WAIVE: Final = re.compile(r"everyhop:\s*waive\b\s*(?:\[(?P<rules>[^\]\n]*)\])?(?P<rest>[^\n]*)")
# How the files that are no Python begin a comment: dotenv, YAML and nginx; HCL; ini; SQL.
_COMMENT: Final = re.compile(r"(?:^|[\s;])(?:#|//|;|--)+\s*(?=everyhop:\s*waive\b)")
_ONLY_COMMENT: Final = re.compile(r"\s*(?:(?:#|//|;|--).*)?")
_REASON: Final = re.compile(r"""\breason\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_UNTIL: Final = re.compile(r"""\buntil\s*=\s*["']?([^\s"',]+)""")
_LAYOUT: Final = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


@dataclass(frozen=True, slots=True)
class Waive:
    """What one comment says: rules (possibly none), reason, last day; what is wrong with it; the lines it binds."""

    rules: tuple[str, ...]
    reason: str
    until: date | None
    flaw: str
    text: str
    span: Span
    first: int
    last: int


def in_python(text: str) -> Iterator[Waive]:
    """The comments of a Python module. Where it is broken off, those before the break."""
    if MARK not in text:
        return
    waiting: list[Waive] = []
    depth = 0
    begun = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            line = token.start[0]
            if token.type == tokenize.COMMENT:
                found = _read(token.string, line, token.start[1])
                alone = not token.line[: token.start[1]].strip()
                if found and alone:
                    waiting.append(found)
                elif found:
                    yield found
                continue
            if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                yield from (replace(one, first=begun or one.first, last=line) for one in waiting)
                waiting, begun = [], 0
            elif token.type not in _LAYOUT:
                begun = begun or line
                inside = [one for one in waiting if depth and one.first < line]
                yield from (replace(one, first=line, last=line) for one in inside)
                waiting = [one for one in waiting if one not in inside]
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
    except (tokenize.TokenError, SyntaxError):
        yield from waiting


def in_lines(text: str) -> Iterator[Waive]:
    """The comments of a file in which a comment ends with its line."""
    if MARK not in text:
        return
    texts = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate(texts, 1):
        comment = _COMMENT.search(line)
        found = _read(line[comment.end() :], number, comment.end()) if comment else None
        if comment is None or found is None:
            continue
        if line[: comment.end()].strip(" \t#/;-"):
            yield found
            continue
        following = enumerate(texts[number:], number + 1)
        bound = next((at for at, other in following if not _ONLY_COMMENT.fullmatch(other)), number)
        yield replace(found, first=bound, last=bound)


def _read(comment: str, line: int, column: int) -> Waive | None:
    """A comment that begins at a column (from 0); None for one that waives nothing."""
    match = _WAIVE.search(comment)
    if match is None:
        return None
    rules = tuple(filter(None, (name.strip() for name in (match["rules"] or "").split(","))))
    quoted = _REASON.search(match["rest"])
    reason = (quoted[1] or quoted[2] or "").strip() if quoted else ""
    written = _UNTIL.search(_REASON.sub("", match["rest"]))
    until = _day(written[1]) if written else None
    flaw = ""
    if not rules:
        flaw = "it names no rule"
    elif not reason:
        flaw = "it gives no reason"
    elif until is None:
        flaw = f"until={written[1]} is no date such as 2027-06-30" if written else "it has no last day"
    begin, end = column + match.start() + 1, column + match.end() + 1
    return Waive(rules, reason, until, flaw, match[0].strip(), Span(line, begin, line, end), line, line)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None
