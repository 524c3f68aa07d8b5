"""What a route says for itself: that it may stay on plain HTTP, and which headers it has of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Blueprint, Flask, current_app, request
from werkzeug.exceptions import HTTPException

from everyhop.flask.state import state_of
from everyhop.runtime.browser import keys
from everyhop.runtime.browser.exemptions import Exemptions
from everyhop.runtime.browser.headers import Changes
from everyhop.runtime.browser.middleware import ROUTE
from everyhop.runtime.browser.nonce import nonce_of
from everyhop.runtime.browser.settings import own_headers, policy, template

V = TypeVar("V", bound=Callable[..., Any])

_EXEMPT: Final = "__everyhop_exempt__"
_SAME: Final = "same"


def exempt(view: V) -> V:
    """Let this view be asked over plain HTTP, whatever `EVERYHOP_EXEMPT` says; above or below `@app.route`."""
    setattr(view, _EXEMPT, True)
    return view


def csp_nonce() -> str:
    """The nonce of this request, for scripts and styles.

    In a template: `<script nonce="{{ csp_nonce() }}">`.
    """
    return nonce_of(request.environ)


class RouteHeaders:
    """Headers for some routes: a decorator for one view, or `on(blueprint)` for all of a blueprint's."""

    def __init__(self, changes: Changes) -> None:
        self._changes: Final = changes

    def __call__(self, view: V) -> V:
        """The view, with these headers."""

        @wraps(view)
        def with_headers(*args: Any, **kwargs: Any) -> Any:
            self._leave()
            return current_app.ensure_sync(view)(*args, **kwargs)

        return with_headers  # type: ignore[return-value]  # the same to whoever calls it

    def on(self, blueprint: Blueprint) -> None:
        """Give them to every view of the blueprint that has none of its own."""
        blueprint.before_request(self._leave)

    def _leave(self) -> None:
        state = state_of(current_app)
        if state is not None:
            request.environ[ROUTE] = state.rules(self._changes)


def headers(
    changes: Mapping[str, str | None] | None = None,
    *,
    csp: str | Mapping[str, Any] | None = _SAME,
    nonce_in: tuple[str, ...] = (),
) -> RouteHeaders:
    """Headers of a route's own, instead of the application's; None takes one away, as it does for `csp`.

    Raises `SettingsError` for a header or policy that cannot be sent, when the module is imported.
    """
    own = own_headers(changes or {}, keys.HEADERS)
    return RouteHeaders(Changes(own, None if csp == _SAME else template(policy(csp, keys.CSP), nonce_in)))


def exempting(app: Flask, exemptions: Exemptions) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a request's endpoint or blueprint, or its view itself, is exempt; asked for plain requests only."""

    def asked(environ: Mapping[str, Any]) -> bool:
        endpoint = endpoint_of(app, environ)
        if endpoint is None:
            return False
        if endpoint in exemptions.endpoints or getattr(app.view_functions.get(endpoint), _EXEMPT, False):
            return True
        return in_blueprints(endpoint, exemptions)

    return asked


def in_blueprints(endpoint: str, exemptions: Exemptions) -> bool:
    """Whether an endpoint belongs to a blueprint that is exempt, or to one inside of it."""
    return any(endpoint.startswith(f"{name}.") for name in exemptions.blueprints)


def is_marked(app: Flask, endpoint: str) -> bool:
    """Whether the endpoint's view says itself that it is exempt."""
    return bool(getattr(app.view_functions.get(endpoint), _EXEMPT, False))


def endpoint_of(app: Flask, environ: Mapping[str, Any]) -> str | None:
    """The endpoint that Flask would choose; None for 404, 405, a redirect, and a host that is not trusted."""
    try:
        adapter = app.create_url_adapter(app.request_class(dict(environ), populate_request=False))
        if adapter is None:
            return None
        endpoint, _ = adapter.match()
    except (HTTPException, ValueError):
        return None
    return str(endpoint)
