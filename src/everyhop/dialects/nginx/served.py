"""What a whole configuration serves: its sites, each with its posture, its redirect and its HSTS.

A site is a `server` block that takes TLS with the blocks of its name that do not; or one that is served in plaintext
only. What stands in files that are not there makes the reading wider, never better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from everyhop.dialects.nginx.includes import Configuration
from everyhop.dialects.nginx.posture import listener
from everyhop.dialects.nginx.site import (
    listens,
    names_of,
    redirects_to_https,
    sends_to_https,
    takes_tls,
)
from everyhop.dialects.nginx.syntax import Directive, place_of
from everyhop.dialects.sites import Served, is_address, is_host
from everyhop.model import hsts
from everyhop.model.posture import Bounds, Floor
from everyhop.model.sighting import Site

_PRODUCT: Final = "nginx"
_HEADER: Final = "strict-transport-security"
# What makes an answer come from somewhere else, which may send headers of its own.
PASSES: Final = ("proxy_pass", "grpc_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass")


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The `server` blocks by their names, and the one that answers on port 80 for names that no block has."""

    named: Mapping[str, Sequence[Directive]]
    default: Directive | None

    def same(self, block: Directive) -> list[Directive]:
        """The blocks that share a name with this one, itself among them."""
        found = {id(other): other for name in sorted(names_of(block)) for other in self.named[name]}
        return list(found.values())


def served(configuration: Configuration) -> Iterator[Served]:
    """The sites of a configuration, in order. Raises `SourceError` for settings that nginx would refuse."""
    blocks = [block for block in configuration.root.walk() if _is_web_server(block)]
    named: dict[str, list[Directive]] = {}
    for block in blocks:
        for name in names_of(block):
            named.setdefault(name, []).append(block)
    known = _Blocks(named, _default(blocks))
    secure = [block for block in blocks if any(takes_tls(listen) for listen in listens(block))]
    with_tls = {name for block in secure for name in names_of(block)} - {"_"}
    for block in secure:
        if not _refuses(block):
            yield _secure(block, known, configuration)
    taken = set(map(id, secure))
    for block in blocks:
        if id(block) in taken or sends_to_https(block) or names_of(block) & with_tls:
            continue
        plain = _plain_listens(block)
        if (plain or not block.own("listen")) and _serves(block):
            yield _plain_site(block, plain[0] if plain else None)


def _default(blocks: Sequence[Directive]) -> Directive | None:
    """What answers on port 80 for a name that no block has: the one that says so, else the first."""
    first = None
    for block in blocks:
        for listen in _plain_listens(block):
            if _port(listen, 80) == 80:
                if "default_server" in listen.arguments:
                    return block
                first = first or block
    return first


def _is_web_server(block: Directive) -> bool:
    if block.name != "server" or block.inside is None:
        return False
    around = block.parent
    while around is not None and around.name not in ("http", "stream", "mail", "upstream"):
        around = around.parent
    return around is None or around.name == "http"


def _secure(block: Directive, known: _Blocks, configuration: Configuration) -> Served:
    listening = next(listen for listen in listens(block) if takes_tls(listen))
    same = known.same(block)
    read = listener(same, None)
    floored = next(iter(block.effective("ssl_protocols")), None)
    if floored is None and not (configuration.whole and configuration.complete):
        read = replace(read, bounds=_any_floor(read.bounds))
    plain = _plain_blocks(same, known)
    redirects = None if not plain else all(sends_to_https(other) for other in plain)
    serving = next((other for other in plain if not sends_to_https(other)), None)
    header = _header(block)
    value = header.arguments[1] if header is not None and len(header.arguments) > 1 else None
    unseen = not configuration.complete or not configuration.whole or _passes_on(block) or "$" in (value or "")
    site = Site(
        _PRODUCT,
        https=True,
        redirects=redirects,
        hsts_max_age=hsts.max_age(value) if value is not None else None,
        hsts_applies=not is_address(_host(block, listening)) and not redirects_to_https(block),
        hsts_elsewhere=unseen and (value is None or "$" in value),
        hsts_without=tuple(_without(block, header)),
        hsts_over_http=any(
            _header(other) is not None for other in plain if not sends_to_https(other) and other is not block
        ),
    )
    ciphers = next(iter(block.effective("ssl_ciphers")), None)
    return Served(
        _host(block, listening),
        _port(listening, 443),
        read,
        site,
        place_of(listening),
        plain=place_of(_plain_listens(serving)[0]) if serving is not None and _plain_listens(serving) else None,
        headed=place_of(header) if header is not None else None,
        floored=place_of(floored) if floored is not None else None,
        ciphers=(" ".join(ciphers.arguments), place_of(ciphers)) if ciphers is not None else None,
        keys=tuple(
            (key.arguments[0], place_of(key)) for key in block.effective("ssl_certificate_key") if key.arguments
        ),
        beside=(place_of(block), *(place_of(other) for other in plain if sends_to_https(other) and other is not block)),
    )


def _plain_site(block: Directive, listening: Directive | None) -> Served:
    """A site without TLS. What stands in front of it, and may speak TLS, is not to be seen here.

    Without a `listen` it is served on port 80 (ngx_http_core_module, listen).
    """
    read = listener([block], None)
    header = _header(block)
    over_http = Site(
        _PRODUCT, https=False, redirects=None, hsts_max_age=None, hsts_applies=True, hsts_over_http=header is not None
    )
    site = over_http if header is not None else None
    here = place_of(listening or block)
    headed = place_of(header) if header is not None else None
    port = _port(listening, 80) if listening is not None else 80
    beside = (place_of(block),)
    return Served(_host(block, listening), port, read, site, here, plain=here, headed=headed, beside=beside)


def _any_floor(bounds: Bounds) -> Bounds:
    """Nothing here says the versions, and something that is not here may: they can be any."""
    return Bounds(replace(bounds.low, floor=Floor.NONE), replace(bounds.high, floor=Floor.TLS_1_3))


def _plain_blocks(same: Sequence[Directive], known: _Blocks) -> list[Directive]:
    """Where a browser ends that asks for this site without TLS: blocks of its name, else the default of port 80."""
    named = [other for other in same if _plain_listens(other)]
    return named or ([known.default] if known.default is not None else [])


def _plain_listens(block: Directive) -> list[Directive]:
    return [listen for listen in listens(block) if not takes_tls(listen)]


def _serves(block: Directive) -> bool:
    """Whether there is anything but refusals: a catch-all that closes the connection serves nothing."""
    content = {"root", "alias", "try_files", *PASSES}
    return any(child.name in content for child in block.walk())


def _refuses(block: Directive) -> bool:
    """Whether a block is there to turn away whoever asks for no name that is served."""
    if any(directive.arguments == ("on",) for directive in block.own("ssl_reject_handshake")):
        return True
    statuses = [answer.arguments[0] for answer in block.own("return") if answer.arguments]
    return bool(statuses) and statuses[0].startswith("4") and not _serves(block)


def _passes_on(block: Directive) -> bool:
    return any(child.name in PASSES for child in block.walk())


def _header(block: Directive) -> Directive | None:
    for directive in block.effective("add_header"):
        if directive.arguments and directive.arguments[0].lower() == _HEADER:
            return directive
    return None


def _without(block: Directive, header: Directive | None) -> Iterator[str]:
    """The answers of a site that go without its HSTS."""
    if header is None:
        return
    if "always" not in header.arguments:
        yield "answers with an error (there is no always)"
    for inner in block.walk():
        if inner.name == "location" and inner.own("add_header") and _header(inner) is None:
            yield f"location {' '.join(inner.arguments)} (its add_header drops it)"


def _host(block: Directive, listening: Directive | None) -> str | None:
    """The first name of a site that is written out; the address where it only listens on this machine."""
    address = listening.arguments[0].rpartition(":")[0].strip("[]") if listening is not None else ""
    if address.startswith("127.") or address in ("localhost", "::1"):
        return address
    named = (name.lower() for directive in block.own("server_name") for name in directive.arguments)
    # `localhost` is what nginx's own example calls a site that listens everywhere
    return next((name for name in named if name not in ("_", "localhost") and is_host(name)), None)


def _port(listen: Directive, usual: int) -> int:
    digits = listen.arguments[0].rpartition(":")[2] if listen.arguments else ""
    return int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65_536 else usual
