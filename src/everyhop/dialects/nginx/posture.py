"""A posture out of nginx's settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from everyhop.dialects.nginx.site import listens, sends_to_https, servers, takes_tls
from everyhop.dialects.nginx.syntax import Directive, parse
from everyhop.errors import SourceError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Listener, Version

_PRODUCT = "nginx"
# ssl_protocols' default lost TLSv1 and TLSv1.1 with 1.27.3 (documentation of ngx_http_ssl_module).
_FIRST_WITH_MODERN_DEFAULT = (1, 27, 3)
_CLIENT_AUTH = {
    "on": ClientAuth.REQUIRED,
    "optional": ClientAuth.OPTIONAL,
    "optional_no_ca": ClientAuth.OPTIONAL,
    "off": ClientAuth.ABSENT,
}


def read(text: str, name: str, version: Version | None = None) -> Listener:
    """What the site of this name takes from whoever connects.

    A port that only redirects to HTTPS takes nothing in plaintext; `opportunistic` is a site that is served on both.
    Raises `SourceError` for a text that is no configuration, or has no such site.
    """
    blocks = servers(parse(text), name)
    if not blocks:
        raise SourceError(f"no server block has the name {name[:60]!r}", hint="server_name decides what a site is")
    return listener(blocks, version)


def listener(blocks: Sequence[Directive], version: Version | None) -> Listener:
    """What a site takes whose `server` blocks these are. Raises `SourceError` for words that nginx would refuse."""
    with_tls = [block for block in blocks if any(takes_tls(listen) for listen in listens(block))]
    if not with_tls:
        bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
        return Listener(_PRODUCT, version, bounds, why="no listen of this site has ssl: it is served in plaintext")
    plain = any(_serves_plaintext(block) for block in blocks)
    assurance = Assurance.OPPORTUNISTIC if plain else Assurance.ENCRYPTED
    postures = [Posture(assurance, _floor(block, version), _client_auth(block)) for block in with_tls]
    bounds = Bounds.exactly(postures[0])
    for posture in postures[1:]:
        bounds = bounds.widen(Bounds.exactly(posture))
    why = "the site is served in plaintext as well" if plain else "the site is served over TLS only"
    return Listener(_PRODUCT, version, bounds, why=why)


def _serves_plaintext(block: Directive) -> bool:
    silent = block.own("listen") and not listens(block)
    plain = any(not takes_tls(listen) for listen in listens(block)) or not block.own("listen")
    return plain and not silent and not sends_to_https(block)


def _floor(block: Directive, version: Version | None) -> Floor:
    written = [word for directive in block.effective("ssl_protocols") for word in directive.arguments]
    if written:
        try:
            return min(Floor.parse(word) if word.startswith("TLS") else Floor.NONE for word in written)
        except ValueError as error:
            raise SourceError(str(error), key="ssl_protocols") from error
    numbers = tuple(int(number) for number in re.findall(r"\d{1,9}", version.value)) if version else ()
    recent = version is None or numbers >= _FIRST_WITH_MODERN_DEFAULT
    return Floor.TLS_1_2 if recent else Floor.TLS_1_0


def _client_auth(block: Directive) -> ClientAuth:
    for directive in block.effective("ssl_verify_client"):
        return _CLIENT_AUTH.get(directive.arguments[0] if directive.arguments else "", ClientAuth.ABSENT)
    return ClientAuth.ABSENT
