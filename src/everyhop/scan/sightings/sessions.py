"""What keeps a session in a cookie outside of Flask: the middleware and factories of Starlette, Pyramid and aiohttp."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.secret import masked
from everyhop.model.sighting import Cookie, Origin, Reading
from everyhop.scan.resolve.references import called, may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Table, Unknown
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

# By its full name the argument that says `Secure`; all of them leave it off by default.
_MAKERS: Final = {
    "starlette.middleware.sessions.SessionMiddleware": "https_only",
    "pyramid.session.SignedCookieSessionFactory": "secure",
    "pyramid.session.BaseCookieSessionFactory": "secure",
    "pyramid.session.UnencryptedCookieSessionFactoryConfig": "cookie_secure",
    "pyramid.authentication.AuthTktAuthenticationPolicy": "secure",
    "pyramid.authentication.AuthTktCookieHelper": "secure",
    "aiohttp_session.SimpleCookieStorage": "secure",
    "aiohttp_session.cookie_storage.EncryptedCookieStorage": "secure",
    "webob.cookies.SignedCookieProfile": "secure",
}
# What a call of any library's, or of a helper of the project's own, is told.
_SAYING: Final = ("secure_cookie", "secure_cookies")
_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _MAKERS)
_WORDS: Final = (*_LAST_NAMES, *(f"{name}=" for name in _SAYING))
_SHOWN: Final = 80  # characters of a call
_ADDING: Final = "add_middleware"  # which is handed the class, and what it is to be made with
_SAME: Final = {f"fastapi.{name.partition('.')[2]}": name for name in _MAKERS if name.startswith("starlette.")}


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each call that makes one."""
    texts = configuration.project.texts
    holders = [
        path
        for path, held in texts.items()
        if place_of(path) is Place.DEPLOYED and any(name in held for name in _WORDS)
    ]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            name = _made(call, scope, configuration)
            if name is not None:
                _, given = configuration.evaluator.arguments(call, scope)
                if isinstance(given.entries.get(_MAKERS[name]), Unknown):
                    continue  # handed on: whoever makes this decides, or the setting that it is given
                cookie = Cookie(name.partition(".")[0], "session", _flag(_MAKERS[name], given), http_only=True)
                shown = f"{name.rpartition('.')[2]}(…)"
                at = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol=_MAKERS[name])
                yield Reading(cookie, Origin.DECLARED, None, None, (at,))
            else:
                yield from _told(call, scope, configuration)


def _told(call: ast.Call, scope: Scope, configuration: Configuration) -> Iterator[Reading]:
    """`authomatic.login(…, secure_cookie=request.is_secure)`: what is only handed on is told where it is decided."""
    for keyword in call.keywords:
        if keyword.arg in _SAYING and not isinstance(keyword.value, ast.Name):
            worth = configuration.evaluator.value(keyword.value, scope)
            secure = bool(worth.value) if isinstance(worth, Known) else None
            shown = masked(f"{called(call.func)}({keyword.arg}=…)"[:_SHOWN])
            at = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol=keyword.arg)
            yield Reading(Cookie("http", "session", secure, http_only=True), Origin.DECLARED, None, None, (at,))


def _made(call: ast.Call, scope: Scope, configuration: Configuration) -> str | None:
    adds = isinstance(call.func, ast.Attribute) and call.func.attr == _ADDING and call.args
    node = call.args[0] if adds else call.func
    name = configuration.evaluator.qualified(node, scope) if may_name(node, scope, _LAST_NAMES) else None
    name = _SAME.get(name, name) if name is not None else None
    return name if name in _MAKERS else None


def _flag(name: str, given: Table) -> bool | None:
    worth = given.entries.get(name)
    if worth is None:
        return False if given.complete else None
    return bool(worth.value) if isinstance(worth, Known) else None
