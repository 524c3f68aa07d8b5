"""Whom nginx dials: `proxy_pass` and its relatives, with what `proxy_ssl_*` makes of the upstream's certificate.

`proxy_ssl_verify` is off by default (ngx_http_proxy_module); on, nginx verifies the chain and the name
(`proxy_ssl_name`, by default the host of `proxy_pass`) and does not start without trusted certificates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.dialects.nginx.includes import Configuration
from everyhop.dialects.nginx.syntax import Directive, place_of
from everyhop.dialects.sites import Upstream, endpoint_of
from everyhop.errors import SourceError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer

_PRODUCT: Final = "upstream"
_DRIVER: Final = "nginx"
_TARGET: Final = re.compile(r"(?:(?P<scheme>https?|grpcs?|suwsgi|uwsgi)://)?(?P<rest>.*)", re.DOTALL)
_WITH_TLS: Final = frozenset({"https", "grpcs", "suwsgi"})
_PASSES: Final = {
    "proxy_pass": ("proxy", "http"),
    "grpc_pass": ("grpc", "grpc"),
    "uwsgi_pass": ("uwsgi", "uwsgi"),
    "fastcgi_pass": ("fastcgi", "fastcgi"),
    "scgi_pass": ("scgi", "scgi"),
}
_USUAL_PORTS: Final = {"https": 443, "grpcs": 443}
_LOOPBACK: Final = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):\$")  # with a variable for the port
_MOST_VARIABLES: Final = 10


def upstreams(configuration: Configuration) -> Iterator[Upstream]:
    """Every end that the web servers of a configuration dial, in order, one for each server of an upstream group."""
    groups = {
        block.arguments[0]: [server.arguments[0] for server in block.own("server") if server.arguments]
        for block in configuration.root.walk()
        if block.name == "upstream" and block.arguments
    }
    for directive in configuration.root.walk():
        if directive.name in _PASSES and directive.arguments and not _in_stream(directive):
            yield from _of(directive, groups, configuration)


def _of(directive: Directive, groups: dict[str, list[str]], configuration: Configuration) -> Iterator[Upstream]:
    module, usual = _PASSES[directive.name]
    match = _TARGET.fullmatch(_filled(directive.arguments[0], directive))
    if match is None:
        return
    scheme = match["scheme"] or usual
    rest = match["rest"]
    tls = scheme in _WITH_TLS
    dialer = _dialer(directive, module, configuration) if tls else _plain()
    authority = rest if rest.startswith("unix:") else rest.partition("/")[0].partition("?")[0]
    for server in groups.get(authority, [authority]):
        endpoint = endpoint_of(server, _USUAL_PORTS.get(scheme, 80))
        local = endpoint is None and _LOOPBACK.match(server) is not None
        own = replace(dialer, notes=(*dialer.notes, "on-this-machine")) if local else dialer
        yield Upstream(own, endpoint, place_of(directive))


def _dialer(directive: Directive, module: str, configuration: Configuration) -> Dialer:
    settings = directive.parent or configuration.root
    verify = _last(settings, f"{module}_ssl_verify")
    trusted = _last(settings, f"{module}_ssl_trusted_certificate")
    shows = ClientAuth.OPTIONAL if _last(settings, f"{module}_ssl_certificate") else ClientAuth.ABSENT
    lowest = _floor(settings, f"{module}_ssl_protocols")
    full = Posture(Assurance.IDENTITY_VERIFIED, lowest, shows)
    encrypted = Posture(Assurance.ENCRYPTED, lowest, shows)
    if verify == "on":
        why = "" if trusted else f"nginx does not start without {module}_ssl_trusted_certificate"
        return Dialer(_PRODUCT, _DRIVER, None, Bounds.exactly(full), why=why)
    why = f"{module}_ssl_verify is off" + ("" if verify else " by default") + ": any certificate is accepted"
    if verify is None and not (configuration.whole and configuration.complete):
        return Dialer(_PRODUCT, _DRIVER, None, Bounds(encrypted, full), why=f"{why}, unless a file that is not here")
    return Dialer(_PRODUCT, _DRIVER, None, Bounds.exactly(encrypted), why=why)


def _plain() -> Dialer:
    bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
    return Dialer(_PRODUCT, _DRIVER, None, bounds, why="nginx passes requests on without TLS")


def _last(block: Directive, name: str) -> str | None:
    found = block.effective(name)
    return found[-1].arguments[0] if found and found[-1].arguments else None


def _floor(block: Directive, name: str) -> Floor:
    """The lowest of the versions that are named; TLS 1.2 by default since nginx 1.27.3, which is taken here."""
    words = [word for directive in block.effective(name) for word in directive.arguments]
    try:
        return min(
            (Floor.parse(word) if word.startswith("TLS") else Floor.NONE for word in words), default=Floor.TLS_1_2
        )
    except ValueError as error:
        raise SourceError(str(error), key=name) from error


def _filled(text: str, directive: Directive) -> str:
    """A target with the variables that a `set` around it names: `set $app http://app:8000; proxy_pass $app;`."""
    for _ in range(_MOST_VARIABLES):
        name = re.search(r"\$\{?(\w+)\}?", text)
        if name is None:
            break
        value = _set_to(name[1], directive.parent)
        if value is None:
            break
        text = text[: name.start()] + value + text[name.end() :]
        if len(text) > 1000:
            break
    return text


def _set_to(name: str, block: Directive | None) -> str | None:
    while block is not None:
        for line in block.own("set"):
            if len(line.arguments) == 2 and line.arguments[0] == f"${name}":
                return line.arguments[1]
        block = block.parent
    return None


def _in_stream(directive: Directive) -> bool:
    around = directive.parent
    while around is not None:
        if around.name in ("stream", "mail"):
            return True
        around = around.parent
    return False
