"""The line of a file that a finding points at, as a person may see it: nothing that could be a secret is in it.

Of a Python line everything is shown but string literals, since a password is one: a literal stays where it is a URL
(masked), the name of a variable, a key, or the value of an option that is no secret. Of any other file only the place
and what names it are shown, because what stands beside it may be anybody's password.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from everyhop.model.evidence import Evidence, Quote, SourceSpan
from everyhop.model.finding import Finding
from everyhop.model.report import Report
from everyhop.model.secret import MASK, masked
from everyhop.scan.syntax.span import Lines

_LONGEST: Final = 2_000  # characters; a longer line was written by a program, for a program
_LITERAL: Final = re.compile(
    r"""(?P<head>[bBrRuUfF]{0,2}(?P<quote>'''|\"{3}|'|"))(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P<tail>(?P=quote)|\Z)"""
)
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_ASKED_FOR: Final = re.compile(r"(?:environ(?:\.get)?|getenv|env(?:\.\w+)?)\s*[\[(]\s*\Z")
# Keywords and keys whose values are no secrets: where to, over which wire, with what TLS. A file's name is none either.
_OPEN: Final = re.compile(
    r"(?:\b(?:host|hostaddr|port|unix_socket|drivername|dialect|driver|scheme|ssl\w*|tls\w*|gssencmode|channel_binding)"
    r"\s*=|['\"](?:host|hostaddr|port|unix_socket|ENGINE|HOST|PORT|ssl\w*|tls\w*|channel_binding)['\"]\s*:)\s*\Z"
)
# Outside of Python: the key or directive right before a place, what may stand before that, and a setting within.
_NAMED: Final = re.compile(r"(?:[\w.$-]+[\"']?\s*[:=]\s*)?[\"']?\Z")
_LEADING: Final = re.compile(r"\s*(?:[\w.-]+\s+|-\s+|export\s+|[\"'])?\Z")
_SETTING: Final = re.compile(
    r"(?P<name>\b(?!(?:host|hostaddr|port|unix_socket|bind|ssl\w*|tls\w*|channel_binding|require_secure_transport|(?<=max-)age|(?<=allow-)ips)=)\w+=)(?!\S*://)[^\s&]+",
    re.IGNORECASE,
)
_KEY: Final = re.compile(r"\s*(?::(?!=)|\])")


def quoted(report: Report, text_of: Callable[[str], str | None]) -> Report:
    """The report with the source line at every place of a finding. `text_of` gives a file's text, or None."""
    lines: dict[str, Lines | None] = {}

    def at(path: str) -> Lines | None:
        if path not in lines:
            text = text_of(path)
            lines[path] = Lines(text) if text is not None else None
        return lines[path]

    def with_quotes(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(replace(one, evidence=tuple(_with_quote(item, at) for item in one.evidence)) for one in findings)

    return replace(report, findings=with_quotes(report.findings), waived=with_quotes(report.waived))


def _with_quote(evidence: Evidence, at: Callable[[str], Lines | None]) -> Evidence:
    if not isinstance(evidence, SourceSpan) or evidence.quote is not None:
        return evidence
    lines = at(evidence.path)
    return replace(evidence, quote=quote(lines.line(evidence.line), evidence)) if lines else evidence


def quote(line: str, span: SourceSpan, seen: tuple[int, int] | None = None) -> Quote | None:
    """The first line of a place, with the place in it; None where there is nothing to be seen.

    `seen` are two offsets in a Python line: what stands between them is shown even of a literal that is hidden.
    """
    line = line.rstrip("\r\n")
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    if not 0 <= start < min(end, len(line)) or len(line) > _LONGEST:
        return None
    end = min(end, len(line))
    pieces = (line[:start], line[start:end], line[end:])
    if span.path.endswith((".py", ".pyw")):
        before, inside, after = _without_literals(line, start, end, seen)
        if not inside:
            return None  # it stands in a comment, and those are not shown
    else:
        before, inside, after = _without_neighbours(pieces[0]), pieces[1], ""
        if "://" not in inside:
            inside = _without_values(inside)
    return _placed(before, inside, after)


def _placed(before: str, inside: str, after: str) -> Quote | None:
    """The line masked as a whole, which sees most; the place is found again by what stands on either side of it."""
    whole = masked(before + inside + after).rstrip()
    if not whole.strip():
        return None
    head, tail = masked(before), after.rstrip()
    start = len(head) if whole.startswith(head) else len(whole) - len(whole.lstrip())
    end = len(whole) - len(tail) if whole.endswith(tail) else len(whole)
    return Quote(whole, start, end) if start < end else Quote(whole, len(whole) - len(whole.lstrip()), len(whole))


def _without_literals(line: str, start: int, end: int, seen: tuple[int, int] | None = None) -> tuple[str, str, str]:
    """A Python line in its three parts, without the string literals that may be secrets and without its comment."""
    parts = ["", "", ""]

    def put(text: str, at: int) -> None:
        parts[0 if at < start else 1 if at < end else 2] += text

    done = 0
    while done < len(line):
        literal = _LITERAL.match(line, done)
        if literal is not None and literal.start() < start < literal.end():
            # A string that began lines ago ends on this one, so what was taken for code before the place is none.
            parts, done = ["…", "", ""], start
        elif literal is not None:
            shown = literal["body"] if _may_be_seen(line, literal) else MASK
            if shown == MASK and seen and literal.start("body") <= seen[0] < seen[1] <= literal.end("body"):
                shown += line[seen[0] : seen[1]]
            put(literal["head"] + shown + literal["tail"], done)
            done = literal.end()
        elif line[done] == "#":
            break
        else:
            put(line[done], done)
            done += 1
    return parts[0], parts[1], parts[2]


def _may_be_seen(line: str, literal: re.Match[str]) -> bool:
    body, before = literal["body"], line[: literal.start()]
    if not body or "://" in body:  # a URL is masked afterwards
        return True
    named = _NAME.fullmatch(body) is not None and (
        _ASKED_FOR.search(before) is not None or _KEY.match(line, literal.end()) is not None
    )
    key = re.fullmatch(r"\w+", body) is not None and _KEY.match(line, literal.end()) is not None
    return named or key or _OPEN.search(before) is not None


def _without_neighbours(before: str) -> str:
    """What names a place on its line, and an ellipsis for whatever else stands before it."""
    named = _NAMED.search(before)
    rest = before[: named.start()] if named else before
    return before if _LEADING.fullmatch(rest) else f"…{named[0] if named else ''}"


def _without_values(inside: str) -> str:
    """A place with several words in it (a command, a connection string), without the values that may be secrets."""
    return _SETTING.sub(rf"\g<name>{MASK}", inside)
