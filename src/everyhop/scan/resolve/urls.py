"""SQLAlchemy's URL objects, as the text of the same URL: so that there is one way from here on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.texts import quoted
from everyhop.scan.resolve.values import (
    MOST,
    Hole,
    Known,
    Partly,
    Table,
    Unknown,
    Value,
    choice,
    joined,
    options,
    place,
    text,
)

# pydantic's names of the parts; version 1 says `user`.
_BUILT: Final = {"scheme": "drivername", "user": "username", "path": "database"}
_HARMLESS: Final = frozenset({"drivername", "username", "password", "database"})
# SQLAlchemy's parts of a URL with a single host (engine/url.py, _parse_url).
_URL: Final = re.compile(
    r"(?P<drivername>[\w+]+)://(?:(?P<username>[^:/@]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<host>\[[^]/?]+\]|[^/:?@]*)(?::(?P<port>[0-9]*))?(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?"
)
_PARTS: Final = ("drivername", "username", "password", "host", "port", "database", "query")


def created(arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value:
    """`URL.create(drivername, username=…, …)`."""
    given = {**dict(zip(_PARTS, arguments, strict=False)), **keywords.entries}
    variants = product(*(options(value) for value in given.values()))
    return choice(
        _written(dict(zip(given, variant, strict=True)), at, complete=keywords.complete)
        for variant in islice(variants, MOST)
    )


def built(keywords: Table, at: SourceSpan) -> Value:
    """`PostgresDsn.build(scheme=…, host=…, path=…)` of pydantic 1 and 2."""
    given = {_BUILT.get(key, key): value for key, value in keywords.entries.items()}
    path, query = given.get("database"), given.pop("query", None)
    bare = text(path) if path is not None else None
    if bare is not None and path is not None:
        given["database"] = Known(bare.lstrip("/"), place(path))
    elif isinstance(path, Partly) and isinstance(path.pieces[0], str):
        given["database"] = Partly((path.pieces[0].lstrip("/"), *path.pieces[1:]), path.at)
    whole = created((), replace(keywords, entries=given), at)
    if query is None or (isinstance(query, Known) and not query.value):
        return whole
    whole = joined([whole, Known("?"), query], at)
    return replace(whole, at=at) if isinstance(whole, Known | Partly) else whole


def updated(url: Value, query: Table, at: SourceSpan) -> Value:
    """`url.update_query_dict(query)`."""
    pieces = url.pieces if isinstance(url, Partly) else (text(url) or "",)
    asked = any(isinstance(piece, str) and "?" in piece for piece in pieces)
    return joined([url, *_query(query, "&" if asked else "?")], at)


def with_parts(url: Value, changes: Mapping[str, Value], at: SourceSpan) -> Value | None:
    """`url.set(drivername=…, database=…)`; None where a part changes of a URL that is not all known."""
    if not changes.keys() <= _HARMLESS:
        return _anew(url, changes, at)
    driver = changes.get("drivername")
    if driver is None:
        return url
    return choice(_driven(option, driver, place(url)) for option in options(url))


def _anew(url: Value, changes: Mapping[str, Value], at: SourceSpan) -> Value | None:
    known = text(url)
    match = _URL.fullmatch(known) if known is not None else None
    if match is None or not changes.keys() <= set(_PARTS):
        return None
    given: dict[str, Value] = {}
    for name, part in match.groupdict().items():
        if part:
            given[name] = Known(unquote(part) if name in ("username", "password") else part)
    if "query" in given:
        pairs = parse_qsl(match["query"])
        given["query"] = Table({key: Known(value) for key, value in pairs})
    return created((), Table({**given, **changes}), at)


def _driven(url: Value, driver: Value, at: SourceSpan | None) -> Value:
    match url:
        case Known(value=str() as first):
            rest: tuple[str | Hole, ...] = ()
        case Partly(pieces=(str() as first, *more)):
            rest = tuple(more)
        case _:
            return url
    _, separator, after = first.partition("://")
    if not separator:
        return Unknown("drivername", at=at)
    return joined([driver, Partly((separator + after, *rest), place(url))], place(url))


def _written(parts: Mapping[str, Value], at: SourceSpan, *, complete: bool) -> Value:
    given = {name: value for name, value in parts.items() if not (isinstance(value, Known) and not value.value)}
    pieces: list[Value] = [given.get("drivername", Unknown("drivername")), Known("://")]
    if user := given.get("username"):
        password = given.get("password")
        pieces += [_safe(user), *([Known(":"), _safe(password)] if password else []), Known("@")]
    if host := given.get("host"):
        bare = text(host)
        pieces.append(Known(f"[{bare}]") if bare and ":" in bare and bare[0] != "[" else host)
    if port := given.get("port"):
        pieces += [Known(":"), port]
    pieces += [Known("/"), given.get("database", Known(""))]
    query = given.get("query")
    if isinstance(query, Table):
        pieces += _query(query, "?")
    elif query is not None or not complete:
        pieces += [Known("?"), Unknown("query")]
    whole = joined(pieces, at)
    return replace(whole, at=at) if isinstance(whole, Known | Partly) else whole


def _safe(value: Value) -> Value:
    return quoted(value, lambda known: quote(known, safe=""))


def _query(table: Table, first: str) -> list[Value]:
    parts: list[Value] = []
    for key, value in table.entries.items():
        parts += [Known(f"{'&' if parts else first}{quote_plus(key)}="), quoted(value, quote_plus)]
    if not table.complete:
        parts += [Known("&" if parts else first), Unknown("query")]
    return parts
