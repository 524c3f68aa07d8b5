"""Somebody who sends a tip, and an editor who reads it: two browsers' worth of requests."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, OpenerDirector, build_opener

from everyhop.model.secret import Secret

_SECONDS = 20


class Visitor:
    """Keeps cookies and follows redirects as a browser does. `anchors` is the PEM of the authorities to believe.

    Raises `urllib.error.URLError` (an `OSError`) for a site that is down, refuses, or cannot be verified.
    """

    def __init__(self, site: str, anchors: str | None) -> None:
        self._site = site
        context = ssl.create_default_context(cadata=anchors)
        self._opener: OpenerDirector = build_opener(HTTPSHandler(context=context), HTTPCookieProcessor(CookieJar()))

    def read(self, path: str) -> str:
        """A page."""
        return self._ask(path, None)

    def send_tip(self, desk: str, text: str) -> str:
        """Fill in the form; the page that thanks."""
        return self._ask("/tip", {"desk": desk, "text": text})

    def log_in(self, password: Secret) -> str:
        """As an editor; the inbox."""
        return self._ask("/login", {"password": password.reveal()})

    def _ask(self, path: str, form: dict[str, str] | None) -> str:
        body = urlencode(form).encode() if form is not None else None
        with self._opener.open(self._site + path, body, _SECONDS) as answer:
            page: bytes = answer.read(1 << 20)
        return page.decode()
