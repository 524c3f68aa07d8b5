"""A URL set anew in a file that is no Python: dotenv, YAML, TOML, JSON, ini, units, Dockerfiles, scripts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.errors import SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.scan.rewrite import dotenv, query
from everyhop.scan.rewrite.text import Edit, applied, changed
from everyhop.scan.syntax.dotenv import placed
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Kind, Source

# Where YAML has a value without quotes and nobody but YAML reads its line: an entry, or `NAME=value` in a list.
_YAML_LINE: Final = re.compile(r"\s*(?:-\s+)?(?:[\"']?[\w.-]+[\"']?\s*:\s+|-\s+[\w-]+=)\Z")
_OPENED: Final = re.compile(r"(?P<quote>[\"'])(?:[\w-]+=)?\Z")
_SCHEME: Final = re.compile(r"\w[\w+]*://")
_DEFAULT: Final = re.compile(r"\$\{\w+:?-(?P<default>.*)\}", re.DOTALL)
_HOLE: Final = re.compile(r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$\([^()]*\)")
"""What is filled in by whoever reads a file; there may be blanks in it."""
_SHEBANG: Final = re.compile(r"#!.*\b(?:sh|bash|dash|ksh)\b")
_WORD: Final = re.compile(r"[=\s][\s;]?")
# Files that a shell may read: it takes & and ? for itself, unless they are quoted.
_SHELLS: Final = frozenset({Kind.TEXT, Kind.YAML, Kind.COMPOSE})


def edits(source: Source, at: SourceSpan, old: Dsn, new: Dsn) -> tuple[Edit, ...]:
    """The edit that puts the options of a new URL in place of the old ones.

    Raises `SourceError` where a value is put together from parts, or would be read otherwise than it is written.
    """
    lines = _lines(source.text)
    start, end = lines.offset(at.line, at.column), lines.offset(at.end_line, at.end_column)
    value = source.text[start:end]
    whole = _DEFAULT.fullmatch(value)
    written, margin = (whole["default"], whole.start("default")) if whole else (value, 0)
    url = _HOLE.sub("", written.strip())
    if old.grammar is not Grammar.LIBPQ_PAIRS and (not _SCHEME.match(url) or re.search(r"[\s{}]", url)):
        raise SourceError("the URL is put together from parts")
    edit = query.respelled(written, old, new)
    if edit is None:
        return ()
    edit = edit.moved(margin)
    if source.kind is Kind.DOTENV:
        return _in_dotenv(source.text, start, applied(value, [edit]))
    if source.kind not in _SHELLS or _is_quoted(source, start, end):
        return (edit.moved(start),)
    if _is_script(source) and _WORD.fullmatch(source.text[max(start - 1, 0) : start] + source.text[end : end + 1]):
        quoted = changed(value, f'"{applied(value, [edit])}"')
        return (quoted.moved(start),) if quoted else ()
    raise SourceError("a shell may read this: put the URL in quotes first")


@lru_cache(maxsize=1)  # the places of a file come one after the other
def _lines(text: str) -> Lines:
    return Lines(text)


def _is_script(source: Source) -> bool:
    """Whether a shell of POSIX's kind reads all of a file, so that double quotes are the ones to put in."""
    first = source.text.partition("\n")[0]
    return source.path.endswith((".sh", ".bash", ".envrc")) or _SHEBANG.match(first) is not None


def _in_dotenv(text: str, start: int, value: str) -> tuple[Edit, ...]:
    """By the name of the variable, because a value may need quotes that it did without."""
    here = [one for one in placed(text) if one.start <= start <= one.end]
    if len(here) != 1 or [one.name for one in placed(text)].count(here[0].name) != 1:
        raise SourceError("the variable is set more than once")
    if text[here[0].start + len(here[0].quote) : here[0].end - len(here[0].quote)] != here[0].value:
        raise SourceError("its value is written with escapes")
    edit = changed(text, dotenv.set_value(text, here[0].name, value))
    return (edit,) if edit else ()


def _is_quoted(source: Source, start: int, end: int) -> bool:
    """Whether quotes are around a value, alone or with its name, or it stands where only YAML reads it."""
    text = source.text
    line = text[text.rfind("\n", 0, start) + 1 : start]
    opened = _OPENED.search(line)
    if opened and text[end : end + 1] == opened["quote"]:
        return True
    ends = re.match(r"[^\S\n]*(?:#[^\n]*)?(?:\r?\n|\Z)", text[end:]) is not None
    return source.kind is not Kind.TEXT and ends and _YAML_LINE.fullmatch(line) is not None
