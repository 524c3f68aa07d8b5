"""Lists what is set: routes and what plain HTTP gets there, headers, database URLs; a line for a person each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Flask

from everyhop.flask.routes import in_blueprints, is_marked
from everyhop.flask.state import State
from everyhop.model.secret import masked
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.render.words import bounds_words
from everyhop.runtime.browser.cookies import Carrier
from everyhop.runtime.browser.exemptions import as_wsgi
from everyhop.runtime.browser.headers import Table
from everyhop.runtime.browser.redirect import SAFE, Bodies, When


def listed(app: Flask, state: State) -> Iterator[str]:
    """Each route with what plain HTTP gets there, in production."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    width = max((len(rule.rule) for rule in rules), default=0)
    for rule in rules:
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        fate = _fate(app, state, rule.endpoint, rule.rule, set(methods))
        yield printable(f"{rule.rule:<{width}}  {','.join(methods):<10}  {fate}")
    predicates = len(state.settings.exempt.predicates)
    if predicates:
        yield f"{predicates} function(s) of EVERYHOP_EXEMPT decide on top of that, request by request"


def _fate(app: Flask, state: State, endpoint: str, path: str, methods: set[str]) -> str:
    settings = state.settings
    exempt = settings.exempt
    if is_marked(app, endpoint) or endpoint in exempt.endpoints or in_blueprints(endpoint, exempt):
        return "served (exempt by its endpoint)"
    if "<" not in path and not exempt.predicates and exempt.cover("GET", as_wsgi(path), {}):
        return "served (exempt by its path)"
    if settings.redirect.when is When.NEVER:
        return "served (EVERYHOP_REDIRECT is never)"
    unsafe = methods - SAFE
    if unsafe and settings.redirect.bodies is Bodies.REFUSE:
        return "refused" if unsafe == methods else f"to HTTPS, {','.join(sorted(unsafe))} refused"
    return "to HTTPS"


def sent(state: State, now: datetime) -> Iterator[str]:
    """The headers of an answer over HTTPS, as the middleware adds them."""
    hsts = state.settings.hsts
    table = Table(state.settings.headers, hsts.header(now.timestamp()), Carrier.GUARDED)
    for name, value in table.merge("200 OK", [], {"everyhop.nonce": "…"}):
        yield printable(f"{name}: {value}")
    until = hsts.at(now.timestamp()).until
    if until != float("inf"):
        coming = datetime.fromtimestamp(until, UTC)
        yield f"from {coming:%Y-%m-%d %H:%M} UTC on, {hsts.header(until) or 'no Strict-Transport-Security'}"
    elif hsts.since is None and hsts.header(now.timestamp()) == "max-age=300":
        yield "Strict-Transport-Security stays at 5 minutes until EVERYHOP_HSTS_SINCE says when its ramp begins"


def explained(state: State) -> Iterator[str]:
    """What each bind's settings come to, and why."""
    for bind in state.guard.binds:
        yield printable(masked(f"{bind.name}  {bind.driver}  {bind.endpoint or ''}".rstrip()))
        if bind.dialer is not None:
            demanded = "local (allowed)" if bind.local else f"demanded: {bind.required.word}"
            yield f"  {bounds_words(bind.dialer.bounds)}  ({demanded})"
            yield from (printable(masked(line)) for line in wrapped("  why   ", bind.dialer.why))
        for objection in bind.objections:
            yield from (printable(masked(line)) for line in wrapped("  wrong ", objection.message))
            yield from (printable(masked(line)) for line in wrapped("  fix   ", objection.hint))
    if not state.guard.binds:
        yield "no database URL is known: SQLAlchemy's engines are judged when they connect"
