"""Source for another version of Python → text of the same length that this version's parser takes.

Constructs that this version does not know are written over, character for character, so that every place stays what it
was: `print x` becomes an assignment, `except A, e` loses its name, `def f[T](x)` its parameters of types. What is left
says the same of every call and every setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _blank(text: str) -> str:
    return " " * len(text)


def _over(match: re.Match[str], text: str) -> str:
    """`text`, filled up to what is written over."""
    return text.ljust(len(match[0]))


# Statements of Python 2, which begin a line: wherever there is one of them there are many.
_STATEMENTS: Final[tuple[_Rule, ...]] = (
    (re.compile(r"(?<=[ \t:;])print[ \t]*>>|^print[ \t]*>>", re.MULTILINE), lambda match: _over(match, "_   =")),
    (
        re.compile(r"^([ \t]*)print(?=[ \t]*[\"'`]|[ \t]+[^\s(=,.:;)\]])", re.MULTILINE),
        lambda match: f"{match[1]}_   =",
    ),
    (re.compile(r"^([ \t]*)print(?=[ \t]+\([^\n]*\)[ \t]*[^\s)#;])", re.MULTILINE), lambda match: f"{match[1]}_   ="),
    (re.compile(r"^([ \t]*)exec(?=[ \t]+[^\s(=,.:;)])", re.MULTILINE), lambda match: f"{match[1]}_  ="),
    (
        re.compile(
            r"^([ \t]*except[ \t]+[\w.]+|[ \t]*except[ \t]*\([^()\n]*\))([ \t]*,[ \t]*[\w.]+[ \t]*)(?=:)", re.MULTILINE
        ),
        lambda match: match[1] + _blank(match[2]),
    ),
    (re.compile(r"^([ \t]*raise[ \t]+[\w.]+[ \t]*),", re.MULTILINE), lambda match: f"{match[1]};"),
)
# What stands anywhere in a line, and is written over in the line that the parser stumbles upon, and in no other.
_WORDS: Final[tuple[_Rule, ...]] = (
    (re.compile(r"\basync\b(?![ \t]+(?:def|for|with)\b)"), "asynk"),
    (re.compile(r"(?<=[:;])([ \t]*)print(?=[ \t]*[^\s(=,.:;)\]])"), lambda match: f"{match[1]}_   ="),
    (re.compile(r"(?<![\w.])0+(?=[0-9]+\b)"), lambda match: _blank(match[0])),
    (re.compile(r"(?<=[0-9a-fA-F])[lL]\b"), " "),
    (re.compile(r"\b[uU](?=[rR][\"'])"), " "),
    (re.compile(r"<>"), "!="),
    (re.compile(r"`([^`\n]*)`"), lambda match: f"({match[1]})"),
    (re.compile(r"\blambda[ \t]*\(([^()\n]*)\)(?=[ \t]*:)"), lambda match: _over(match, f"lambda {match[1]}")),
    # Parameters of types (PEP 695), as far as they nest once, and quotes within those of an f-string (PEP 701).
    (
        re.compile(r"^([ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+[ \t]*)(\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])"),
        lambda match: match[1] + _blank(match[2]),
    ),
    (re.compile(r"^([ \t]*)type[ \t](?=\w+[ \t]*=)"), lambda match: f"{match[1]}type_"),
    # What a template fills in, where a name is to stand.
    (re.compile(r"\{\{[\w .|-]{1,80}\}\}"), lambda match: "_" * len(match[0])),
    (re.compile(r"\{[^{}\"'\n]*\"[^{}'\n]*\}"), lambda match: match[0].replace('"', "'")),
)


def statements(text: str) -> str:
    """The text with Python 2's statements written over, in all of its lines."""
    return _applied(_STATEMENTS, text)


def in_line(text: str, number: int) -> str:
    """The text with whatever is not this version's written over in one line, counted from one."""
    lines = text.split("\n")
    if not 1 <= number <= len(lines):
        return text
    lines[number - 1] = _applied(_WORDS, lines[number - 1])
    return "\n".join(lines)


def _applied(rules: tuple[_Rule, ...], text: str) -> str:
    for pattern, written in rules:
        text = pattern.sub(written, text)
    return text
