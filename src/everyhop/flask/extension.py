"""`Everyhop(app)`: parses the settings, stands in front of the application, and keeps nothing itself."""

from __future__ import annotations

from typing import Final

from flask import Flask

from everyhop.errors import SettingsError
from everyhop.flask.cli import tls
from everyhop.flask.databases import watch
from everyhop.flask.routes import csp_nonce, exempting
from everyhop.flask.state import NAME, State
from everyhop.runtime.browser import keys
from everyhop.runtime.browser.middleware import Browser
from everyhop.runtime.browser.redirect import Setting
from everyhop.runtime.browser.settings import BrowserSettings, flag
from everyhop.runtime.browser.trouble import Teller
from everyhop.runtime.guard.settings import KEYS as GUARD_KEYS
from everyhop.runtime.keys import refuse_unknown

_PREFIX: Final = "__Host-"
_COOKIES: Final = (
    ("SESSION_COOKIE", "session"),
    ("REMEMBER_COOKIE", "remember_token"),  # Flask-Login's COOKIE_NAME
)


class Everyhop:
    """HTTPS, HSTS, headers, cookies, proxy trust and the database guard, for one application or several.

    The configuration is read once, in `init_app`; what cannot be meant is a `SettingsError` there, with the key's name.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Stand in front of this application. Call it when its configuration is complete."""
        if NAME in app.extensions:
            raise SettingsError("Everyhop stands in front of this application already", hint="call it once")
        refuse_unknown(app.config, (*(key.name for key in keys.KEYS), *GUARD_KEYS))
        settings = BrowserSettings.parse(app.config)
        if flag(app.config, keys.HOST_COOKIES):
            _name_cookies(app)
        guard = watch(app)
        browser = Browser(
            app.wsgi_app,
            settings,
            setting=lambda: _setting(app),
            exempt=exempting(app, settings.exempt),
            teller=Teller(app.name),
        )
        app.extensions[NAME] = State(settings, browser, guard)
        app.wsgi_app = browser  # type: ignore[method-assign]  # how Flask documents it
        app.add_template_global(csp_nonce, "csp_nonce")
        app.cli.add_command(tls)


def _setting(app: Flask) -> Setting:
    """By Flask's own flags, asked anew each time: tests set TESTING after the application was made."""
    return Setting.RELAXED if app.debug or app.testing else Setting.PRODUCTION


def _name_cookies(app: Flask) -> None:
    """Cookies that a browser takes from this host alone (RFC 6265bis section 4.1.3.2)."""
    root = app.config.get("APPLICATION_ROOT")
    for kind, usual in _COOKIES:
        domain, path = app.config.get(f"{kind}_DOMAIN"), app.config.get(f"{kind}_PATH")
        if domain:
            raise keys.HOST_COOKIES.refuse(
                f"a __Host- cookie has no domain, and {kind}_DOMAIN is {domain!r}", "leave one out"
            )
        if (path or root or "/") != "/":
            raise keys.HOST_COOKIES.refuse(f"a __Host- cookie has the path /, and {kind}_PATH is {path or root!r}")
        name = app.config.get(f"{kind}_NAME") or usual
        app.config[f"{kind}_NAME"] = name if name.startswith(_PREFIX) else _PREFIX + name
        app.config[f"{kind}_SECURE"] = True
        app.config[f"{kind}_PATH"] = "/"
