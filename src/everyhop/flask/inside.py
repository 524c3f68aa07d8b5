"""Asks the application itself, in this process, how it would answer a browser: no network, no server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from everyhop.dialects import registry
from everyhop.flask.state import State
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.hop import Hop
from everyhop.model.hsts import max_age
from everyhop.model.sighting import Cookie, Gap, Origin, ProxyTrust, Reading, Sighting, Site
from everyhop.model.wire import Wire
from everyhop.runtime.browser.cookies import Carrier
from everyhop.runtime.browser.forwarding import Proxies
from everyhop.runtime.browser.host import Host, Kind
from everyhop.runtime.browser.trouble import LOGGER
from everyhop.runtime.guard.bind import Bind

_PATH: Final = "/everyhop-looks-here"
"""Nothing is there, so that no view is run: what stands in front of the views answers."""
_STRANGER: Final = "192.0.2.1"
"""An address of documentation's (RFC 5737): nobody's proxy."""
_NOBODY: Final = "www.example.com"  # RFC 2606
_PERMANENT: Final = range(301, 309)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code and headers, names in lower case."""

    status: int
    headers: Mapping[str, str]


def public_host(state: State) -> Host:
    """The host by which browsers know the application, as far as its settings say."""
    pinned = state.settings.redirect.pinned
    hosts = [host for name in pinned.trusted if (host := Host.parse(name.removeprefix("."))) is not None]
    # A list often holds localhost for a health check, or an onion service beside the site: HSTS is for names.
    hosts.sort(key=lambda host: (host.kind is not Kind.NAME, host.name))
    return pinned.canonical or (hosts[0] if hosts else Host(_NOBODY))


def ask(app: Flask, host: Host, scheme: str, peer: str, headers: Mapping[str, str]) -> Answer:
    """One request through everything that stands around the application."""
    builder = EnvironBuilder(path=_PATH, base_url=f"{scheme}://{host}", headers=list(headers.items()))
    environ = builder.get_environ()
    environ["REMOTE_ADDR"] = peer
    LOGGER.disabled = True  # what is asked here on purpose is nobody's mistake
    try:
        _, status, answered = run_wsgi_app(app, environ)
    finally:
        LOGGER.disabled = False
    return Answer(int(status.split()[0]), {name.lower(): value for name, value in answered.items()})


def browser_sightings(app: Flask, state: State) -> Iterator[Sighting]:
    """How the application answers over HTTPS, over plain HTTP, and to somebody who only claims HTTPS."""
    host = public_host(state)
    hop = edge(state)
    plain = ask(app, host, "http", _STRANGER, {})
    claimed = ask(app, host, "http", _STRANGER, {"X-Forwarded-Proto": "https", "X-Forwarded-For": _STRANGER})
    secure = ask(app, host, "https", _STRANGER, {})
    if host.kind is not Kind.ONION:  # Tor encrypts below it, and is asked for over plain HTTP
        age = max_age(secure.headers.get("strict-transport-security", ""))
        site = Site("flask", True, _redirects(plain), age, host.kind is Kind.NAME)
        yield Reading(site, Origin.OBSERVED, hop.endpoint, hop, ())
    if not _redirects(claimed) and _redirects(plain):
        yield Reading(ProxyTrust("flask", "*"), Origin.OBSERVED, hop.endpoint, hop, ())
    yield Reading(_session_cookie(app, state), Origin.DECLARED, hop.endpoint, hop, ())
    yield from _proxy_gaps(state.settings.proxies)


def edge(state: State) -> Hop:
    """The browser's hop."""
    return Hop("edge", "browser", "proxy", Wire.HTTP, TcpEndpoint(public_host(state).name.strip("[]"), 443))


def _redirects(answer: Answer) -> bool:
    return answer.status in _PERMANENT and answer.headers.get("location", "").startswith("https://")


def _session_cookie(app: Flask, state: State) -> Cookie:
    name = app.config["SESSION_COOKIE_NAME"]
    said = f"{name}=x" + ("; HttpOnly" if app.config["SESSION_COOKIE_HTTPONLY"] else "")
    said += "; Secure" if app.config["SESSION_COOKIE_SECURE"] else ""
    line = state.settings.headers.cookies.apply(said, Carrier.GUARDED)
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    return Cookie("flask", name, "secure" in attributes, "httponly" in attributes)


def _proxy_gaps(proxies: Proxies) -> Iterator[Gap]:
    far = [str(network) for network in proxies.networks if not network.is_loopback]
    if far:
        yield Gap(
            "proxy → app",
            f"the proxy may stand on another machine ({', '.join(far)}): how it reaches the app is not seen from here",
            "let it listen on a unix socket or the loopback, or let everyhop audit look at both",
        )


def database_sightings(binds: tuple[Bind, ...]) -> Iterator[Sighting]:
    """What each bind's settings promise."""
    for bind in binds:
        hop = hop_of(bind)
        if bind.dialer is not None and hop is not None:
            yield Reading(bind.dialer, Origin.DECLARED, bind.endpoint, hop, ())
        named = f"app → {bind.name}"
        for objection in bind.objections:
            if bind.dialer is None or objection.reason.value != "below":
                yield Gap(named, objection.message, objection.hint, hop)


def hop_of(bind: Bind) -> Hop | None:
    """The hop to a bind's database; None where nobody knows its dialect."""
    if bind.dialer is None:
        return None
    return Hop(bind.name, "app", bind.dialer.product, registry.WIRES[bind.dialer.product], bind.endpoint)
