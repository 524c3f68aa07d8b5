"""The nonce of a request: one value, made when it is first wanted."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import MutableMapping
from os import register_at_fork, urandom
from typing import Any, Final

PLACE: Final = "everyhop.nonce"
_BYTES: Final = 16
"""128 bits, as CSP Level 3 recommends (section 2.3.1)."""
_AT_ONCE: Final = 64
"""Nonces that are made at a time: a call of the kernel for each request would cost more than all the rest of it."""

_READY: Final[list[str]] = []
# A worker that was forked after its parent had served would hand out the same ones as its siblings.
register_at_fork(after_in_child=_READY.clear)


def nonce_of(environ: MutableMapping[str, Any]) -> str:
    """The request's nonce, the same each time it is asked for."""
    known: str | None = environ.get(PLACE)
    if known is None:
        environ[PLACE] = known = _next()
    return known


def _next() -> str:
    try:
        return _READY.pop()  # of several threads, each gets another one
    except IndexError:
        raw = urandom(_BYTES * _AT_ONCE)
        cut = [raw[place : place + _BYTES] for place in range(0, len(raw), _BYTES)]
        fresh = [b2a_base64(piece, newline=False).decode() for piece in cut]
        own = fresh.pop()
        _READY.extend(fresh)
        return own
