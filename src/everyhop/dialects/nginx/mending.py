"""Edits that end one defect of a configuration, worded as `write` words a whole site.

Places are offsets at which a directive begins. Everything that is not edited stays as it is, to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from everyhop.dialects.nginx.site import listens, names_of, takes_tls
from everyhop.dialects.nginx.syntax import Directive, parse
from everyhop.dialects.nginx.writing import Edit, below, quoted, redirecting, whole_line, with_hsts
from everyhop.dialects.sites import is_host
from everyhop.errors import SourceError

_TARGET: Final = re.compile(r"(?:https|grpcs|suwsgi)://(?P<host>\[[^\]]*\]|[^/:?]+)")
_LEVELS: Final = ("location", "server", "http")
"""Where `proxy_ssl_verify` and its like may stand (ngx_http_proxy_module); `proxy_pass` may stand deeper."""


def hsts(text: str, place: int, age: timedelta) -> Iterator[Edit]:
    """The header for the `server` block that begins at a place, and for what stands in it."""
    yield from with_hsts(text, _at(text, place, "server"), age)


def redirect(text: str, place: int) -> Iterator[Edit]:
    """A block of its own for the plain listens of the `server` block that has the `listen` at a place.

    Raises `SourceError` where that block takes no TLS itself, or the redirect could lead to several names.
    """
    block = _at(text, place, "listen").parent
    found = listens(block) if block is not None else ()
    secure = [listen for listen in found if takes_tls(listen)]
    if block is None or not secure:
        raise SourceError("what this block serves without TLS would be gone: write the redirect in its place")
    names = sorted(name for name in names_of(block) if is_host(name) and name != "_")
    if len(names) != 1:
        raise SourceError("a redirect has to lead to one name: write it by hand")
    port = secure[0].arguments[0].rpartition(":")[2]
    origin = f"https://{names[0]}" + ("" if port == "443" else f":{port}")
    plain = [listen for listen in found if not takes_tls(listen)]
    yield block.start, block.start, redirecting(text, block, plain, origin)
    for listen in plain:
        yield (*whole_line(text, listen), "")


def verification(text: str, place: int, anchors: str | None) -> Iterator[Edit]:
    """The upstream's certificate verified for the `proxy_pass` at a place; `anchors` are for settings that name none.

    Raises `SourceError` where there are neither, or the module has no such settings.
    """
    passing = _at(text, place)
    module = passing.name.removesuffix("_pass")
    level = passing.parent
    while level is not None and level.name not in _LEVELS:
        level = level.parent
    if level is None or module not in ("proxy", "grpc", "uwsgi"):
        raise SourceError(f"{passing.name} verifies nothing here")
    named = level.effective(f"{module}_ssl_trusted_certificate")
    if not named and anchors is None:
        raise SourceError("no trust anchors are named: give --anchors FILE")
    lines = []
    wanted = {f"{module}_ssl_verify": "on", f"{module}_ssl_server_name": "on"}
    if not named and anchors is not None:
        wanted[f"{module}_ssl_trusted_certificate"] = quoted(anchors)
    for name, value in wanted.items():
        own = level.own(name)
        if own:
            yield own[-1].start, own[-1].end, f"{name} {value};"
        elif [one.arguments for one in level.effective(name)][-1:] != [(value,)]:
            lines.append(f"{name} {value};")
    if lines:
        # Two that pass on from one level (one of them in an `if`) share the lines: nginx refuses a second one.
        anchor = next(one for one in level.body if any(each.name == passing.name for each in (one, *one.walk())))
        yield below(text, anchor, lines)


def needed_name(text: str, place: int) -> str | None:
    """What the upstream's certificate has to be for, as the `proxy_pass` at a place says; None where another does."""
    passing = _at(text, place)
    target = _TARGET.match(passing.arguments[0]) if passing.arguments else None
    level = passing.parent
    named = level is not None and level.effective(f"{passing.name.removesuffix('_pass')}_ssl_name")
    return None if target is None or named else target["host"]


def _at(text: str, place: int, name: str | None = None) -> Directive:
    found = next((one for one in parse(text).walk() if one.start == place and name in (None, one.name)), None)
    if found is None:
        raise SourceError("the place is not to be found in this file")
    return found
