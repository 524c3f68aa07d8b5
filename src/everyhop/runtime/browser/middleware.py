"""Where a request passes: WSGI middleware, with everything that can be known before a request put together before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from everyhop.runtime.browser.arrival import HTTPS, SILENT, Arrivals, Environ
from everyhop.runtime.browser.cookies import Carrier
from everyhop.runtime.browser.headers import HeaderRules, Row, Table
from everyhop.runtime.browser.host import Host, Kind
from everyhop.runtime.browser.redirect import Decision, Plain, Reason, Redirect, Refusal, Serve, Setting
from everyhop.runtime.browser.settings import BrowserSettings
from everyhop.runtime.browser.trouble import Teller, Trouble

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

ROUTE: Final = "everyhop.route"
"""Where a route that has headers of its own leaves them (`HeaderRules`) while it answers."""

_KEPT: Final = 512
"""Hosts, and routes, whose tables are remembered; a stranger can make up any number of them."""
_LONGEST: Final = 260
"""Characters of a Host header that is worth remembering: a name's 253 and a port."""


class _Tables:
    """One set of header rules for each way in which an answer can leave."""

    __slots__ = ("bare", "bound", "free")

    def __init__(self, rules: HeaderRules, hsts: str | None) -> None:
        self.free: Final = Table(rules, None, Carrier.GUARDED)
        self.bound: Final = Table(rules, hsts, Carrier.GUARDED) if hsts is not None else self.free
        self.bare: Final = Table(rules, None, Carrier.BARE)


class Browser:
    """Stands around a WSGI application.

    `setting` tells where the application runs, `exempt` whether the framework lets a request stay on plain HTTP; both
    are asked for plain requests only. `clock` gives seconds since 1970.
    """

    __slots__ = (
        "_arrivals", "_by_host", "_clock", "_exempt", "_hsts", "_routes", "_setting", "_settings", "_tables", "_teller",
        "_until", "app",
    )  # fmt: skip

    def __init__(
        self,
        app: WSGIApplication,
        settings: BrowserSettings,
        *,
        setting: Callable[[], Setting] = lambda: Setting.PRODUCTION,
        exempt: Callable[[Mapping[str, Any]], bool] = lambda _: False,
        clock: Callable[[], float] = time.time,
        teller: Teller | None = None,
    ) -> None:
        self.app: Final = app
        self._settings: Final = settings
        self._setting: Final = setting
        self._exempt: Final = exempt
        self._clock: Final = clock
        self._teller: Final = teller or Teller("the application")
        self._arrivals: Final = Arrivals(settings.proxies, self._teller)
        self._until = float("-inf")
        self._turn(clock())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333)."""
        if self._arrivals.scheme(environ) != HTTPS:
            return self._plainly(environ, start_response)
        now = self._clock()
        if now >= self._until:
            self._turn(now)
        host = environ.get("HTTP_HOST")
        table = self._by_host.get(host) or self._table_for(host)
        return self.app(environ, partial(self._started, environ, table, start_response))

    def _started(
        self,
        environ: Environ,
        table: Table,
        start_response: StartResponse,
        status: str,
        headers: list[Row],
        exc_info: Any = None,
    ) -> Any:
        """What the application calls in place of the server's `start_response`."""
        chosen = table if ROUTE not in environ else self._of_route(environ[ROUTE], table)
        merged = chosen.merge(status, headers, environ)
        return start_response(status, merged) if exc_info is None else start_response(status, merged, exc_info)

    def _turn(self, now: float) -> None:
        """Begin a stage of the ramp: new tables, because the header changes."""
        self._hsts = self._settings.hsts.header(now)
        self._tables = _Tables(self._settings.headers, self._hsts)
        self._by_host: dict[str | None, Table] = {}
        self._routes: dict[HeaderRules, _Tables] = {}
        self._until = self._settings.hsts.at(now).until

    def _table_for(self, host: str | None) -> Table:
        parsed = Host.parse(host) if host else None
        table = self._tables.bound if parsed is not None and parsed.kind is Kind.NAME else self._tables.free
        if host is None or len(host) <= _LONGEST:
            if len(self._by_host) >= _KEPT:
                self._by_host.clear()
            self._by_host[host] = table
        return table

    def _of_route(self, rules: HeaderRules, instead_of: Table) -> Table:
        """The route's own table of the same sort."""
        tables = self._routes.get(rules)
        if tables is None:
            if len(self._routes) >= _KEPT:
                self._routes.clear()
            self._routes[rules] = tables = _Tables(rules, self._hsts)
        if instead_of is self._tables.bare:
            return tables.bare
        return tables.bound if instead_of is self._tables.bound else tables.free

    def decide(self, environ: Environ) -> Decision:
        """What a plain request gets. Exemptions come first: a health check may lack a host, and post nothing."""
        method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "")
        if self._settings.exempt.cover(method, path, environ) or self._exempt(environ):
            return Serve(Reason.EXEMPT)
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        mount, query = environ.get("SCRIPT_NAME", ""), environ.get("QUERY_STRING", "")
        request = Plain(method, environ.get("HTTP_HOST"), mount, path, query, raw)
        return self._settings.redirect.decide(request, self._setting())

    def _plainly(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        decision = self.decide(environ)
        if SILENT in environ and not isinstance(decision, Serve):
            self._teller.tell(Trouble.HEADER_MISSING, environ[SILENT])
        match decision:
            case Redirect(location):
                text = f"Over HTTPS: {location}"
                row = [("Location", location), ("Cache-Control", self._keeping())]
                return _answer(environ, start_response, "308 Permanent Redirect", text, row)
            case Refusal() as refusal:
                row = [("Cache-Control", "no-store")]
                return _answer(environ, start_response, refusal.status, refusal.text, row)
            case Serve(reason):
                relaxed = reason in {Reason.RELAXED, Reason.ONION} or self._setting() is Setting.RELAXED
                table = self._tables.bare if relaxed else self._tables.free
                return self.app(environ, partial(self._started, environ, table, start_response))

    def _keeping(self) -> str:
        """How long a browser may follow the redirect unasked: as long as it is told to insist on HTTPS, no longer.

        One that leads where the request said is not to be kept by anybody.
        """
        seconds = self._settings.hsts.at(self._clock()).seconds
        if not seconds or self._settings.redirect.pinned.is_open:
            return "no-store"
        return f"private, max-age={seconds}"


def _answer(
    environ: Environ, start_response: StartResponse, status: str, text: str, rows: list[Row]
) -> Iterable[bytes]:
    body = text.encode("ascii", "replace") + b"\n"
    start_response(
        status,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            *rows,
        ],
    )
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]
