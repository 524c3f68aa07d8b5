"""Sites and upstreams out of httpd's settings.

Each file is read alone: what the main configuration says around it (Debian sets `SSLProtocol` in `mods-available`) is
not known, and makes a reading wider. Sources: documentation of mod_ssl, mod_headers and mod_proxy, 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from everyhop.dialects.apache.syntax import Directive, parse
from everyhop.dialects.sites import Place, Served, Upstream, endpoint_of, is_address, is_host
from everyhop.errors import SourceError
from everyhop.model import hsts
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Listener, Site

_PRODUCT: Final = "apache"
_VERSIONS: Final = {
    "sslv2": Floor.NONE,
    "sslv3": Floor.NONE,
    "tlsv1": Floor.TLS_1_0,
    "tlsv1.1": Floor.TLS_1_1,
    "tlsv1.2": Floor.TLS_1_2,
    "tlsv1.3": Floor.TLS_1_3,
}
_ALL: Final = ("tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3")  # what `all` means with an OpenSSL of this decade
_CLIENT_AUTH: Final = {
    "require": ClientAuth.REQUIRED,
    "optional": ClientAuth.OPTIONAL,
    "optional_no_ca": ClientAuth.OPTIONAL,
}
_TARGET: Final = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<authority>[^/?]*)", re.IGNORECASE)
_PORTS: Final = {"https": 443, "wss": 443, "h2": 443, "ajp": 8009}
_WITH_TLS: Final = frozenset({"https", "wss", "h2"})
_NOTHING: Final[Mapping[str, str]] = {}
_CONTENT: Final = frozenset(
    {"documentroot", "proxypass", "proxypassmatch", "wsgiscriptalias", "proxypassreverse", "<directory", "<location"}
)


def served(text: str, file: str, others: Mapping[str, str] = _NOTHING) -> Iterator[Served]:
    """The virtual hosts of one file. Raises `SourceError` for a text that is no configuration.

    `others` are the texts of files that are included beside it, by path: a site's plain port may stand in one.
    """
    root = parse(text, file)
    hosts = [block for block in root.walk() if block.name == "<virtualhost"]
    secure = [block for block in hosts if _word(block, "sslengine") == "on"]
    names = {name for block in secure for name in _names(block)}
    sharing = {path: other for path, other in others.items() if any(name in other.lower() for name in names)}
    elsewhere = [block for path, other in sharing.items() for block in _hosts_in(other, path)]
    for block in secure:
        yield _secure(block, [other for other in hosts if other not in secure], elsewhere)
    for block in hosts:
        content = any(child.name in _CONTENT for child in block.walk())
        if block in secure or names & _names(block) or _redirects(block) or not content or _port(block) == 443:
            continue
        bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
        listener = Listener(_PRODUCT, None, bounds, why="SSLEngine is not on: the site is served in plaintext")
        yield Served(_host(block), _port(block) or 80, listener, None, block.place, plain=block.place)


def _hosts_in(text: str, file: str) -> list[Directive]:
    """The virtual hosts without TLS of a file beside the one that is read; none where it is no configuration."""
    try:
        blocks = [block for block in parse(text, file).walk() if block.name == "<virtualhost"]
    except SourceError:
        return []  # told when that file is read
    return [block for block in blocks if _word(block, "sslengine") != "on"]


def upstreams(text: str, file: str) -> Iterator[Upstream]:
    """The ends that `ProxyPass` and the members of balancers name."""
    root = parse(text, file)
    for directive in root.walk():
        if directive.name in ("proxypass", "proxypassmatch", "balancermember"):
            target = next((word for word in directive.arguments if "://" in word), None)
            if target is not None and not target.startswith("balancer://"):
                yield _upstream(directive, target)


def _secure(block: Directive, plain: Sequence[Directive], elsewhere: Sequence[Directive]) -> Served:
    protocol = block.effective("sslprotocol")
    floors = (_floor(protocol.arguments),) * 2 if protocol is not None else (Floor.NONE, Floor.TLS_1_3)
    auth = _CLIENT_AUTH.get(_word(block, "sslverifyclient") or "none", ClientAuth.ABSENT)
    same = [other for other in (*plain, *elsewhere) if _names(other) & _names(block)]
    same = same or [other for other in plain if not _names(other) and _port(other) in (None, 80)][:1]
    serving = [other for other in same if not _redirects(other)]
    assurance = Assurance.OPPORTUNISTIC if serving else Assurance.ENCRYPTED
    bounds = Bounds(Posture(assurance, floors[0], auth), Posture(assurance, floors[1], auth))
    why = "the site is served in plaintext as well" if serving else "the site is served over TLS only"
    header = _header(block)
    value = header.arguments[-1] if header is not None else None
    always = header is not None and header.arguments[:1] == ("always",)
    site = Site(
        _PRODUCT,
        https=True,
        redirects=None if not same else not serving,
        hsts_max_age=hsts.max_age(_value(header)) if header is not None else None,
        hsts_applies=not is_address(_host(block)),
        hsts_elsewhere=value is None,
        hsts_without=() if always or header is None else ("answers with an error (there is no always)",),
        hsts_over_http=any(_header(other) is not None for other in serving),
    )
    ciphers = block.effective("sslciphersuite")
    key = block.effective("sslcertificatekeyfile")
    return Served(
        _host(block),
        _port(block) or 443,
        Listener(_PRODUCT, None, bounds, why=why),
        site,
        _at(block.effective("sslengine"), block),
        plain=serving[0].place if serving else None,
        headed=header.place if header is not None else None,
        floored=protocol.place if protocol is not None else None,
        ciphers=(ciphers.arguments[-1], ciphers.place) if ciphers is not None and ciphers.arguments else None,
        keys=((key.arguments[0], key.place),) if key is not None and key.arguments else (),
        beside=(block.place, *(other.place for other in same if _redirects(other))),
    )


def _upstream(directive: Directive, target: str) -> Upstream:
    here = directive.parent or directive
    if target.startswith("unix:"):
        return Upstream(_dialer(Assurance.PLAINTEXT, "it dials a socket"), endpoint_of(target, 80), directive.place)
    match = _TARGET.match(target)
    scheme = match["scheme"].lower() if match else "http"
    endpoint = endpoint_of(match["authority"], _PORTS.get(scheme, 80)) if match else None
    if scheme not in _WITH_TLS:
        return Upstream(
            _dialer(Assurance.PLAINTEXT, "apache passes requests on without TLS"), endpoint, directive.place
        )
    verify, name = _word(here, "sslproxyverify"), _word(here, "sslproxycheckpeername") or "on"
    if verify == "require":
        assurance = Assurance.IDENTITY_VERIFIED if name == "on" else Assurance.CHAIN_VERIFIED
        why = "" if name == "on" else "SSLProxyCheckPeerName is off: any name is accepted"
        return Upstream(_dialer(assurance, why), endpoint, directive.place)
    why = f"SSLProxyVerify is {verify or 'none by default'}: any certificate is accepted"
    return Upstream(_dialer(Assurance.ENCRYPTED, why), endpoint, directive.place)


def _dialer(assurance: Assurance, why: str) -> Dialer:
    floor = Floor.TLS_1_2 if assurance > Assurance.PLAINTEXT else Floor.NONE
    return Dialer("upstream", _PRODUCT, None, Bounds.exactly(Posture(assurance, floor)), why=why)


def _floor(words: Sequence[str]) -> Floor:
    """`all -SSLv3`, `-all +TLSv1.2`, `TLSv1.2 TLSv1.3`: words add, take away, or (without a sign) begin anew."""
    taken: set[str] = set()
    for word in words:
        name = word.lstrip("+-").lower()
        meant = set(_ALL) if name == "all" else {name}
        if name not in _VERSIONS and name != "all":
            raise SourceError(f"{word[:20]!r} is no version of TLS", key="SSLProtocol")
        taken = taken - meant if word.startswith("-") else taken | meant
    return min((_VERSIONS[name] for name in taken), default=Floor.TLS_1_3)


def versions(floor: Floor) -> str:
    """What `SSLProtocol` is set to for a floor: the versions by name, whatever `all` comes to mean."""
    return " ".join(["-all", *(f"+{one.word}" for one in Floor if one >= floor and one.word)])


def _header(block: Directive) -> Directive | None:
    """mod_headers adds those of the main server to those of a virtual host."""
    level: Directive | None = block
    while level is not None:
        for directive in level.own("header"):
            if any(word.lower() == "strict-transport-security" for word in directive.arguments[:3]):
                return directive
        level = level.parent
    return None


def _value(header: Directive) -> str:
    named = [word.lower() for word in header.arguments]
    place = named.index("strict-transport-security") + 1
    return header.arguments[place] if place < len(header.arguments) else ""


def _redirects(block: Directive) -> bool:
    """Whether everything is sent to HTTPS: `Redirect [status] / https://…`, or a rewrite of every path."""
    for directive in block.walk():
        target = next((word for word in directive.arguments if word.startswith("https://")), None)
        if target is None:
            continue
        if directive.name in ("redirect", "redirectpermanent", "redirectmatch") and set(directive.arguments) & {
            "/",
            "^/",
            "^",
            "^(.*)$",
            "^/(.*)$",
            "(.*)",
            "^(.*)",
        }:
            return True
        if directive.name == "rewriterule" and directive.arguments[0] in (
            "^",
            "^/",
            ".*",
            "(.*)",
            "^(.*)$",
            "^(.*)",
            "^/(.*)$",
            "^/?(.*)",
            "^/?(.*)$",
            "^.*$",
            "^.*",
        ):
            return True
    return False


def _names(block: Directive) -> set[str]:
    named = (*block.own("servername"), *block.own("serveralias"))
    return {word.lower().partition(":")[0] for directive in named for word in directive.arguments}


def _host(block: Directive) -> str | None:
    address = block.arguments[0].rpartition(":")[0].strip("[]") if block.arguments else ""
    if address.startswith("127.") or address in ("localhost", "::1"):
        return address
    name = next((word for directive in block.own("servername") for word in directive.arguments), None)
    bare = name.rpartition("://")[2].partition(":")[0].lower() if name else None
    return bare if bare and is_host(bare) else None


def _port(block: Directive) -> int | None:
    digits = block.arguments[0].rpartition(":")[2] if block.arguments else ""
    return int(digits) if digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65_536 else None


def _word(block: Directive, name: str) -> str | None:
    found = block.effective(name)
    return found.arguments[0].lower() if found is not None and found.arguments else None


def _at(directive: Directive | None, block: Directive) -> Place:
    return directive.place if directive is not None else block.place
