"""SQLAlchemy's URL objects, as the text of the same URL: so that there is one way from here on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Final
from urllib.parse import quote, quote_plus

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

_HARMLESS: Final = frozenset({"drivername", "username", "password", "database"})
_PARTS: Final = ("drivername", "username", "password", "host", "port", "database", "query")


def created(arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value:
    """`URL.create(drivername, username=…, …)`."""
    given = {**dict(zip(_PARTS, arguments, strict=False)), **keywords.entries}
    variants = product(*(options(value) for value in given.values()))
    return choice(
        _written(dict(zip(given, variant, strict=True)), at, complete=keywords.complete)
        for variant in islice(variants, MOST)
    )


def updated(url: Value, query: Table, at: SourceSpan) -> Value:
    """`url.update_query_dict(query)`."""
    pieces = url.pieces if isinstance(url, Partly) else (text(url) or "",)
    asked = any(isinstance(piece, str) and "?" in piece for piece in pieces)
    return joined([url, *_query(query, "&" if asked else "?")], at)


def with_parts(url: Value, changes: Mapping[str, Value]) -> Value | None:
    """`url.set(drivername=…, database=…)`; None where a part changes that decides where the URL leads, or how."""
    if not changes.keys() <= _HARMLESS:
        return None
    driver = changes.get("drivername")
    if driver is None:
        return url
    return choice(_driven(option, driver, place(url)) for option in options(url))


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
        pieces.append(Known(f"[{bare}]") if bare and ":" in bare else host)
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
