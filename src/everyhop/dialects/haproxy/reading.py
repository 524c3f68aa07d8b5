"""Frontends as sites, servers as upstreams, out of HAProxy's settings.

Sources: configuration manual 2.8, `bind`, `server`, `ssl-default-bind-options`, `ssl-server-verify`. TLS 1.2 is the
lowest version by default since 2.2. In TCP mode HAProxy hands on what it gets, and decides nothing unless it has `ssl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from everyhop.dialects.haproxy.syntax import Section, Setting, parse
from everyhop.dialects.sites import Served, Upstream, endpoint_of
from everyhop.errors import SourceError
from everyhop.model import hsts
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Listener, Site

_PRODUCT: Final = "haproxy"
_LOWEST: Final = Floor.TLS_1_2  # without a ssl-min-ver, whatever the older switches take away below it
_SWITCHES: Final = {"no-tlsv12": Floor.TLS_1_3}
_FORCED: Final = {
    "force-sslv3": Floor.NONE,
    "force-tlsv10": Floor.TLS_1_0,
    "force-tlsv11": Floor.TLS_1_1,
    "force-tlsv12": Floor.TLS_1_2,
    "force-tlsv13": Floor.TLS_1_3,
}
_HEADER: Final = "strict-transport-security"
_LOOPBACK: Final = ("127.", "localhost", "[::1]", "::1")


def served(text: str, file: str) -> Iterator[Served]:
    """The frontends that browsers reach over HTTP. Raises `SourceError` for words that HAProxy would refuse."""
    sections = parse(text, file)
    options = _first(sections, "global", "ssl-default-bind-options")
    ciphers = _first(sections, "global", "ssl-default-bind-ciphers")
    fronts = [
        s for s in sections if s.kind in ("frontend", "listen") and s.own("bind") and _mode(s, sections) == "http"
    ]
    redirecting = [section for section in fronts if _redirects(section)]
    everywhere = bool(redirecting)
    for section in fronts:
        binds = section.own("bind")
        secure = [bind for bind in binds if "ssl" in bind.words]
        plain = [bind for bind in binds if "ssl" not in bind.words]
        if secure:
            sent = tuple(other.own("bind")[0].place for other in redirecting if other is not section)
            yield replace(_secure(section, secure[0], plain, options, ciphers, elsewhere=everywhere), beside=sent)
        elif not _redirects(section):
            bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
            listener = Listener(_PRODUCT, None, bounds, why="no bind has ssl: the site is served in plaintext")
            host, port = _bound(plain[0], 80)
            yield Served(host, port, listener, None, plain[0].place, plain=plain[0].place)


def upstreams(text: str, file: str) -> Iterator[Upstream]:
    """The servers that are dialled: over HTTP, or over TLS that HAProxy itself speaks."""
    sections = parse(text, file)
    usual = _first(sections, "global", "ssl-server-verify")
    for section in sections:
        if section.kind not in ("backend", "listen"):
            continue
        for server in section.own("server"):
            tls = "ssl" in server.words
            if len(server.words) > 2 and (tls or _mode(section, sections) == "http"):
                default = section.own("default-server") or _of(sections, "defaults", "default-server")
                dialer = _dialer(server, default, usual) if tls else _plain()
                yield Upstream(dialer, endpoint_of(_address(server.words[2]), 443 if tls else 80), server.place)


def _secure(
    section: Section,
    bind: Setting,
    plain: Sequence[Setting],
    options: Setting | None,
    ciphers: Setting | None,
    *,
    elsewhere: bool,
) -> Served:
    redirects = (_redirects(section) if plain else True) if plain or elsewhere else None
    floor = _floor(bind, options)
    auth = {"required": ClientAuth.REQUIRED, "optional": ClientAuth.OPTIONAL}.get(bind.after("verify") or "")
    assurance = Assurance.OPPORTUNISTIC if redirects is False else Assurance.ENCRYPTED
    why = "the site is served in plaintext as well" if redirects is False else "the site is served over TLS only"
    bounds = Bounds.exactly(Posture(assurance, floor, auth or ClientAuth.ABSENT))
    header = next(
        (s for s in section.settings if s.words[:1] == ("http-response",) and _HEADER in map(str.lower, s.words)), None
    )
    value = header.words[[word.lower() for word in header.words].index(_HEADER) + 1 :][:1] if header is not None else ()
    site = Site(
        _PRODUCT,
        https=True,
        redirects=redirects,
        hsts_max_age=hsts.max_age(value[0]) if value else None,
        hsts_applies=True,
        hsts_elsewhere=header is None,
    )
    own = bind.after("ciphers")
    chosen = (
        (own, bind.place) if own else (ciphers.words[1], ciphers.place) if ciphers and len(ciphers.words) > 1 else None
    )
    host, port = _bound(bind, 443)
    crt = bind.after("crt")
    return Served(
        host,
        port,
        Listener(_PRODUCT, None, bounds, why=why),
        site,
        bind.place,
        plain=plain[0].place if plain and redirects is False else None,
        headed=header.place if header is not None else None,
        floored=options.place if options is not None and bind.after("ssl-min-ver") is None else None,
        ciphers=chosen,
        keys=((crt, bind.place),) if crt else (),
    )


def _dialer(server: Setting, default: Sequence[Setting], usual: Setting | None) -> Dialer:
    def told(word: str) -> str | None:
        return server.after(word) or next((line.after(word) for line in default if line.after(word)), None)

    verify = told("verify") or (usual.words[1] if usual is not None and len(usual.words) > 1 else "required")
    named = told("verifyhost") or told("sni")
    if verify == "none":
        why = "verify none: any certificate is accepted"
        return _at(Assurance.ENCRYPTED, why)
    if named:
        return _at(Assurance.IDENTITY_VERIFIED, "")
    return _at(Assurance.CHAIN_VERIFIED, "neither verifyhost nor sni: any name is accepted")


def _plain() -> Dialer:
    return _at(Assurance.PLAINTEXT, "haproxy passes requests on without TLS")


def _at(assurance: Assurance, why: str) -> Dialer:
    floor = Floor.TLS_1_2 if assurance > Assurance.PLAINTEXT else Floor.NONE
    return Dialer("upstream", _PRODUCT, None, Bounds.exactly(Posture(assurance, floor)), why=why)


def _floor(bind: Setting, options: Setting | None) -> Floor:
    for setting in (bind, *((options,) if options is not None else ())):
        written = setting.after("ssl-min-ver")
        if written is not None:
            if written == "SSLv3":
                return Floor.NONE
            try:
                return Floor.parse(written)
            except ValueError as error:
                raise SourceError(str(error), path=setting.place.file or None, key="ssl-min-ver") from error
        forced = [floor for word, floor in _FORCED.items() if word in setting.words]
        if forced:
            return min(forced)
    words = {*bind.words, *(options.words if options is not None else ())}
    return max((floor for word, floor in _SWITCHES.items() if word in words), default=_LOWEST)


def _redirects(section: Section) -> bool:
    for setting in section.settings:
        words = setting.words
        begins = words[:1] == ("redirect",) or words[:2] == ("http-request", "redirect")
        if begins and "scheme" in words and setting.after("scheme") == "https":
            return True
        if begins and any(word.startswith("https://") for word in words):
            return True
    return False


def _bound(bind: Setting, usual: int) -> tuple[str | None, int]:
    """Where a `bind` listens: its address only where it is this machine's own, and the port."""
    address = bind.words[1] if len(bind.words) > 1 else ""
    host, _, digits = address.partition(",")[0].rpartition(":")
    port = int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65_536 else usual
    return (host.strip("[]") if host.startswith(_LOOPBACK) else None), port


def _address(written: str) -> str:
    if written.startswith("/"):
        return f"unix:{written}"
    for prefix in ("ipv4@", "ipv6@", "unix@"):
        if written.startswith(prefix):
            return ("unix:" if prefix == "unix@" else "") + written.removeprefix(prefix)
    return written


def _mode(section: Section, sections: Sequence[Section]) -> str:
    """`tcp` is the manual's default; a section's own `mode` counts before that of `defaults`."""
    own = section.own("mode") or _of(sections, "defaults", "mode")
    return own[-1].words[1] if own and len(own[-1].words) > 1 else "tcp"


def _of(sections: Sequence[Section], kind: str, name: str) -> tuple[Setting, ...]:
    return tuple(setting for section in sections if section.kind == kind for setting in section.own(name))


def _first(sections: Sequence[Section], kind: str, name: str) -> Setting | None:
    return next(iter(_of(sections, kind, name)), None)
