"""The options of a database URL, or of a key=value string, set anew in its text as somebody wrote it.

Only the options that differ are touched: user, password, host and every reference to a variable stay to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from everyhop.dialects.dsn import Dsn, Grammar
from everyhop.errors import SourceError
from everyhop.model.secret import Secret
from everyhop.scan.rewrite.text import Edit, changed

# Characters that mean themselves in a query, a libpq string, a shell's quotes, YAML, TOML, ini files, f-strings and
# `%` formats alike: whoever reads the text next reads the same.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@,~+-]+")
_PAIR: Final = re.compile(r"(?P<key>\w+)\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)", re.DOTALL)


def respelled(written: str, old: Dsn, new: Dsn) -> Edit | None:
    """The edit that makes `written`, the text of `old`, into the text of `new`; None where nothing is to be done.

    Raises `SourceError` where that cannot be done by changing options alone, or the options are not found in the text.
    """
    if _without_options(old) != _without_options(new):
        raise SourceError("more than the URL's options would change")
    changes = differing(old, new)
    for name, value in changes.items():
        if value is not None and not _PLAIN.fullmatch(value):
            raise SourceError(f"the value of {name} has characters that would have to be quoted here")
    if not changes:
        return None
    end = len(written.rstrip())
    text = written[:end]
    pairs = old.grammar is Grammar.LIBPQ_PAIRS
    edited = changed(text, _pairs(text, old, changes) if pairs else _query(text, old, changes))
    if edited is None:
        raise SourceError("the options do not stand in this text")
    return edited


def _without_options(dsn: Dsn) -> tuple[object, ...]:
    return dsn.scheme, dsn.username, dsn.password, dsn.hosts, dsn.path, dsn.driver


def differing(old: Dsn, new: Dsn) -> dict[str, str | None]:
    """The options that differ, with their new value (None: gone)."""
    changes: dict[str, str | None] = {}
    for name in dict.fromkeys(name for name, _ in (*old.options, *new.options)):
        before = [value for key, value in old.options if key == name]
        now = [value for key, value in new.options if key == name]
        if before == now:
            continue
        value = now[-1] if now else None
        if isinstance(value, Secret):
            raise SourceError(f"{name} is a secret")
        changes[name] = value
    return changes


def _query(text: str, old: Dsn, changes: Mapping[str, str | None]) -> str:
    names = [name for name, _ in old.options]
    start = _start(text, names)
    if start is None:
        raise SourceError("the URL's options stand elsewhere than its beginning, or are put together")
    given = text[start:].split("&") if text[start:] else []
    kept: list[str] = []
    placed: set[str] = set()
    for part in given:
        name = unquote_plus(part.partition("=")[0])
        if name not in changes or not part.partition("=")[2]:
            kept.append(part)
        elif changes[name] is not None and name not in placed:
            kept.append(f"{part.partition('=')[0]}={changes[name]}")
            placed.add(name)
    kept += [f"{name}={value}" for name, value in changes.items() if value is not None and name not in placed]
    before = text[:start].removesuffix("?")
    return f"{before}?{'&'.join(kept)}" if kept else before


def _start(text: str, names: list[str]) -> int | None:
    """Where the query begins: after the first `?` from which on the options are those that were read."""
    least = text.find("://") if names else text.rfind("@")
    for mark in re.finditer(r"\?", text):
        pairs = [part.partition("=") for part in text[mark.end() :].split("&")]
        found = [unquote_plus(name) for name, _, value in pairs if value]  # both grammars' readers drop blank ones,
        all_of_them = [unquote_plus(name) for name, equals, _ in pairs if equals]  # but libpq's
        if mark.start() > least and names in (found, all_of_them):
            return mark.end()
    return None if names else len(text)


def _pairs(text: str, old: Dsn, changes: Mapping[str, str | None]) -> str:
    found = list(_PAIR.finditer(text))
    if [match["key"] for match in found] != [name for name, _ in old.options]:
        raise SourceError("the options of this string are put together")
    placed: set[str] = set()
    result, done = "", 0
    for match in found:
        name = match["key"]
        if name not in changes:
            continue
        value = changes[name]
        if value is None or name in placed:
            result += text[done : match.start()].rstrip()
        else:
            result += text[done : match.start("value")] + value
            placed.add(name)
        done = match.end()
    result += text[done:]
    return result + "".join(f" {n}={v}" for n, v in changes.items() if v is not None and n not in placed)
