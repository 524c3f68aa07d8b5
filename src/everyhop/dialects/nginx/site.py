"""One web site: what `write` needs to know of it, and where its `server` blocks are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from everyhop.dialects.nginx.syntax import Directive
from everyhop.errors import SettingsError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_LISTEN = re.compile(r"(?:[A-Za-z0-9.\-]+:|\[[0-9A-Fa-f:.]+\]:)?[0-9]{1,5}")
_ABOUT_SCHEME = ("$scheme", "$https", "$host", "$server_port", "$http_x_forwarded_proto", "$ssl_protocol")
_REDIRECTS = frozenset({"301", "302", "303", "307", "308"})


@dataclass(frozen=True, slots=True)
class Site:
    """A site to be served over HTTPS.

    `name` is the one host that redirects lead to: written out, never `$host`, which is whatever a request says.
    `listen` is where HTTPS is taken (`443`, `127.0.0.1:8443`) and `port` the port that browsers reach it at. `suites`
    are those for TLS 1.2; no max-age is sent for an `hsts` of zero. `client_crl` is a file with the lists of all
    authorities above a client, the root's too.
    """

    name: str
    listen: str
    port: int
    certificate: str
    key: str
    suites: tuple[str, ...]
    hsts: timedelta
    client_anchors: str | None = None
    client_crl: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SettingsError(f"{self.name[:60]!r} is no host name that a redirect could lead to")
        if not _LISTEN.fullmatch(self.listen):
            raise SettingsError(f"{self.listen[:60]!r} is no address to listen at", hint="write 443 or 127.0.0.1:8443")

    @property
    def origin(self) -> str:
        """`https://tips.example.org`, with the port where it is not 443."""
        return f"https://{self.name}" + (f":{self.port}" if self.port != 443 else "")


def servers(root: Directive, name: str) -> tuple[Directive, ...]:
    """The `server` blocks that name this site, in order; if none does, those without any name (`server_name _`)."""
    blocks = [block for block in root.walk() if block.name == "server" and block.inside is not None]
    named = tuple(block for block in blocks if name.lower() in _names(block))
    return named or tuple(block for block in blocks if _names(block) <= {"_", ""})


def listens(block: Directive) -> tuple[Directive, ...]:
    """Where a `server` block listens on the network; unix sockets are left out."""
    return tuple(
        listen for listen in block.own("listen") if listen.arguments and not listen.arguments[0].startswith("unix:")
    )


def takes_tls(listen: Directive) -> bool:
    """Whether a `listen` speaks TLS (`ssl`, or the `ssl on;` that nginx had before 1.25.1; QUIC always does)."""
    legacy = listen.parent.effective("ssl") if listen.parent is not None else ()
    return bool({"ssl", "quic"} & set(listen.arguments)) or any(d.arguments == ("on",) for d in legacy)


def redirects_to_https(block: Directive) -> bool:
    """Whether a `server` block answers every request with a redirect to HTTPS, and serves nothing itself."""
    for answer in block.own("return"):
        target = answer.arguments[-1] if answer.arguments else ""
        plain_target = len(answer.arguments) == 1 or answer.arguments[0] in _REDIRECTS
        return plain_target and target.startswith("https://")
    return False


def sends_to_https(block: Directive) -> bool:
    """Whether a browser that asks a `server` block without TLS is sent to HTTPS, however that is written.

    Besides `return`: a `rewrite` of everything, an `if` about the scheme or the host (as certbot writes it), the same
    in the location that takes everything, and 497, which is nginx's own answer to plain HTTP on a port with TLS.
    """
    if redirects_to_https(block):
        return True
    if any(_rewrites_all(child) for child in block.own("rewrite")):
        return True
    if any("497" in page.arguments and page.arguments[-1].startswith("https://") for page in block.own("error_page")):
        return True
    for choice in block.own("if"):
        about = any(word in " ".join(choice.arguments) for word in _ABOUT_SCHEME)
        if about and (redirects_to_https(choice) or any(map(_rewrites_all, choice.own("rewrite")))):
            return True
    return any(
        place.arguments in (("/",), ("^~", "/")) and (redirects_to_https(place) or sends_to_https(place))
        for place in block.own("location")
    )


def _rewrites_all(rewrite: Directive) -> bool:
    matches_all = bool(rewrite.arguments) and rewrite.arguments[0] in {
        "^",
        "^/(.*)$",
        "^(.*)$",
        "^(.*)",
        "^/(.*)",
        "(.*)",
        ".*",
        "^.*$",
    }
    return matches_all and len(rewrite.arguments) > 1 and rewrite.arguments[1].startswith("https://")


def names_of(block: Directive) -> set[str]:
    """The names of a `server` block in lower case; `_` where it has none, as nginx's own examples call such a block."""
    return _names(block) - {""} or {"_"}


def _names(block: Directive) -> set[str]:
    return {name.lower() for directive in block.own("server_name") for name in directive.arguments}
