"""A value as the settings that a dialect reads: what is not known becomes a placeholder, never a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER, SECRET_OPTIONS
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, PeerCheck, PythonContext
from everyhop.model.posture import Floor
from everyhop.model.secret import Secret
from everyhop.scan.resolve.values import (
    MOST,
    Hole,
    Known,
    Made,
    Partly,
    Series,
    Table,
    Unknown,
    Value,
    options,
    text,
)

_CONTEXTS: Final = frozenset({"ssl.create_default_context", "ssl.SSLContext", "ssl._create_unverified_context"})
_UNVERIFIED: Final = frozenset({"ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE"})
# What `SSLContext(protocol)` starts with: only a client's context verifies (documentation of `ssl.SSLContext`).
_VERIFYING_PROTOCOL: Final = "PROTOCOL_TLS_CLIENT"
_FLOORS: Final = {"TLSv1": "TLSv1", "TLSv1_1": "TLSv1.1", "TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}


@dataclass(frozen=True, slots=True)
class Address:
    """The text of a URL or connection string: as it stands with every fallback put in, and with none of them."""

    written: str
    strict: str


def address(value: Value) -> Address | None:
    """A text as far as it is known; None for what is no text or nothing but a hole."""
    match value:
        case Known(value=str() as known):
            return Address(known, known)
        case Partly(pieces=pieces) if any(isinstance(piece, str) for piece in pieces):
            return Address(
                "".join(piece if isinstance(piece, str) else _filled(piece) for piece in pieces),
                "".join(piece if isinstance(piece, str) else PLACEHOLDER for piece in pieces),
            )
    return None


def tables(value: Value | None) -> Iterator[Mapping[str, object]]:
    """The alternatives of a dict of options, as a dialect reads them. Unknown ones say so by `ANY_OPTION`."""
    if value is None:
        yield {}
        return
    for option in options(value):
        match option:
            case Table():
                yield from _entries(option)
            case Known(value=None):
                yield {}
            case Unknown(fallback=fallback) if fallback is not None:
                yield from tables(fallback)
            case _:
                yield {ANY_OPTION: UNRESOLVED}


def _entries(table: Table) -> Iterator[Mapping[str, object]]:
    rest: dict[str, object] = {} if table.complete else {ANY_OPTION: UNRESOLVED}
    variants = product(*(_plain(key, value) for key, value in table.entries.items()))
    for variant in islice(variants, MOST):
        yield dict(zip(table.entries, variant, strict=True)) | rest


def _plain(key: str, value: Value) -> Iterator[object]:
    """The alternatives of one option; those of a dict in it (`ssl={"ca": …}`) too, unless there may be more in it."""
    for option in options(value):
        if isinstance(option, Table) and option.complete:
            yield from (dict(entries) for entries in _entries(option))
        else:
            yield plain(key, option)


def plain(key: str, value: Value) -> object:
    """One option's value as a driver would be given it."""
    match value:
        case Known(value=known):
            secret = isinstance(known, str) and key.lower() in SECRET_OPTIONS
            return (
                Secret(str(known)) if secret else known.decode(errors="replace") if isinstance(known, bytes) else known
            )
        case Partly():
            found = address(value)
            return UNRESOLVED if found is None else Secret(found.written) if key in SECRET_OPTIONS else found.written
        case Unknown(fallback=fallback) if fallback is not None:
            return plain(key, options(fallback)[0])
        case Unknown(name=name) if name.startswith("ssl."):
            return PeerCheck.NONE if name in _UNVERIFIED else PeerCheck.REQUIRED if "CERT_" in name else UNRESOLVED
        case Table(complete=True):
            return dict(next(_entries(value)))
        case Series(items=items):
            return tuple(plain(key, item) for item in items)
        case Made(callee=callee) if callee in _CONTEXTS:
            return _context(value)
    return UNRESOLVED


def _filled(hole: Hole) -> str:
    return hole.fallback if hole.fallback is not None else PLACEHOLDER


def _context(made: Made) -> object:
    """An `ssl.SSLContext` by what made it and what was set on it afterwards, in the order of writing."""
    context = PythonContext()
    protocol = made.arguments[0] if made.arguments else Unknown("")
    verifying = isinstance(protocol, Unknown) and protocol.name.endswith(_VERIFYING_PROTOCOL)
    if made.callee == "ssl.create_default_context":
        context = replace(context, anchors=_file(made, 1))
    elif not (made.callee == "ssl.SSLContext" and verifying):
        context = replace(context, peer=PeerCheck.NONE, check_hostname=False)
    for name, value in made.attributes.entries.items():
        changed = _set(context, name, value)
        if changed is None:
            return UNRESOLVED
        context = changed
    return context


def _set(context: PythonContext, name: str, value: Value) -> PythonContext | None:
    match name, value:
        case "check_hostname", Known(value=bool() as known):
            return replace(context, check_hostname=known)
        case "verify_mode", Unknown(name=mode) if "CERT_" in mode:
            return replace(context, peer=PeerCheck.NONE if mode in _UNVERIFIED else PeerCheck.REQUIRED)
        case "minimum_version", Unknown(name=version) if version.rpartition(".")[2] in _FLOORS:
            return replace(context, floor=Floor.parse(_FLOORS[version.rpartition(".")[2]]))
        case "load_verify_locations()", Made() as call:
            return replace(context, anchors=_file(call, 0) or context.anchors)
        case "load_cert_chain()", Made() as call:
            pair = [*(_path(value) for value in call.arguments[:2]), None, None]
            return replace(context, client_pair=(pair[0] or PLACEHOLDER, pair[1]))
        case (("check_hostname" | "verify_mode" | "minimum_version"), _):
            return None
        case _:
            return context


def _file(call: Made, position: int) -> str | None:
    """The anchors that are given as `cafile` or `capath`."""
    given = call.keywords.entries.get("cafile") or call.keywords.entries.get("capath")
    if given is None and len(call.arguments) > position:
        given = call.arguments[position]
    return _path(given) if given is not None else None


def _path(value: Value) -> str | None:
    if isinstance(value, Known):
        return text(value)
    found = address(value)
    return found.written if found else PLACEHOLDER
