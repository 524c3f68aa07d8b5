"""How a request really came: the scheme and the client, after the trusted proxies were heard and nobody else."""

from __future__ import annotations

from typing import Any, Final

from everyhop.runtime.browser.forwarding import HEADERS, Origin, Peer, Proxies, origin
from everyhop.runtime.browser.trouble import Teller, Trouble

Environ = dict[str, Any]

SILENT: Final = "everyhop.silent_proxy"
"""Where the address of a trusted proxy stands that said nothing of the scheme, on a plain request."""

SETTLED: Final = "everyhop.scheme"
"""Where the scheme stands once it is settled: an application that another one mounts has no peer of its own to ask."""

HTTPS: Final = "https"
_SCHEMES: Final = frozenset({"http", HTTPS})
_FIXED: Final = "werkzeug.proxy_fix.orig"
"""Where ProxyFix keeps what it found (werkzeug/middleware/proxy_fix.py)."""

_KEPT: Final = 4096
"""Answers that are remembered; so many strangers later, all are forgotten at once."""
_LONGEST: Final = 256
"""Characters of a header that is worth remembering."""


class Arrivals:
    """Settles each request's scheme, and writes it and the client's address into the WSGI environment."""

    __slots__ = ("_origins", "_peers", "_proxies", "_teller")

    def __init__(self, proxies: Proxies, teller: Teller) -> None:
        self._proxies: Final = proxies
        self._teller: Final = teller
        self._peers: dict[str | None, Peer] = {}
        self._origins: dict[tuple[str | None, str | None], Origin] = {}

    def scheme(self, environ: Environ) -> str:
        """`https` or something else. What strangers forwarded is no longer in the environment afterwards."""
        settled: str | None = environ.get(SETTLED)
        if settled is None:
            environ[SETTLED] = settled = self._settle(environ)
        return settled

    def _settle(self, environ: Environ) -> str:
        get = environ.get
        if _FIXED in environ:
            self._undo(environ)
        peer = get("REMOTE_ADDR")
        scheme: str = get("wsgi.url_scheme", "http")
        kind = self._peers.get(peer) or self._judged(peer)
        if kind is not Peer.PROXY:
            return self._from_stranger(environ, peer, scheme)
        proto, chain = get("HTTP_X_FORWARDED_PROTO"), get("HTTP_X_FORWARDED_FOR")
        told = self._origins.get((chain, proto)) or self._read(chain, proto)
        if told.client is not None:
            environ["REMOTE_ADDR"] = told.client
        if told.scheme is None:
            if scheme != HTTPS:
                environ[SILENT] = peer
            return scheme
        if told.scheme != scheme:
            if told.scheme not in _SCHEMES:
                self._teller.tell(Trouble.HEADER_UNREADABLE, peer, proto or "")
                environ["wsgi.url_scheme"] = "http"
                return "http"
            if scheme == HTTPS:
                self._teller.tell(Trouble.SCHEME_CONTRADICTED, peer)
            environ["wsgi.url_scheme"] = told.scheme
        return told.scheme

    def _judged(self, peer: str | None) -> Peer:
        kind = self._proxies.judge(peer)
        if len(self._peers) >= _KEPT:
            self._peers.clear()
        self._peers[peer] = kind
        return kind

    def _read(self, chain: str | None, proto: str | None) -> Origin:
        told = origin(self._proxies, chain, proto)
        if len(chain or "") + len(proto or "") <= _LONGEST:
            if len(self._origins) >= _KEPT:
                self._origins.clear()
            self._origins[chain, proto] = told
        return told

    def _from_stranger(self, environ: Environ, peer: str | None, scheme: str) -> str:
        said = [name for name in HEADERS if name in environ]
        if not said:
            return scheme
        proto = environ.get("HTTP_X_FORWARDED_PROTO")
        for name in said:
            del environ[name]
        if proto is not None and scheme == HTTPS and _is_plain(environ.get("gunicorn.socket")):
            self._teller.tell(Trouble.SERVER_BELIEVES, peer)
            environ["wsgi.url_scheme"] = scheme = "http"
        else:
            named = said[0].removeprefix("HTTP_").replace("_", "-").title()
            self._teller.tell(Trouble.HEADER_UNTRUSTED, peer, named)
        return scheme

    def _undo(self, environ: Environ) -> None:
        """Put back what ProxyFix found: the peer's own address decides whose word counts."""
        found = environ[_FIXED]
        address = found.get("REMOTE_ADDR")
        trusted = (self._peers.get(address) or self._judged(address)) is Peer.PROXY
        if not trusted:
            self._teller.tell(Trouble.PROXY_FIX, address)
        # What a trusted proxy says of host and prefix is ProxyFix's to use; scheme and address are read here.
        names = ("REMOTE_ADDR", "wsgi.url_scheme") if trusted else tuple(found)
        for name in names:
            if found.get(name) is None:
                environ.pop(name, None)
            else:
                environ[name] = found[name]


def _is_plain(socket: Any) -> bool:
    """Whether the server shows its socket, and TLS is not on it."""
    return socket is not None and not hasattr(socket, "cipher")
