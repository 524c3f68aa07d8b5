"""What is set wrongly between proxy and application: seen in requests, told once, with the line to change."""

from __future__ import annotations

import logging
from enum import Enum
from typing import Final

LOGGER: Final = logging.getLogger("everyhop.browser")
_SHOWN: Final = 80
"""Characters of what a request said."""


class Trouble(Enum):
    """A state in which the application cannot know how a request came. `{peer}` and `{said}` are the request's."""

    HEADER_MISSING = (
        "the proxy {peer} does not say how a request came, so it counts as plain HTTP: behind HTTPS that is a "
        "redirect without end. nginx: proxy_set_header X-Forwarded-Proto $scheme;"
    )
    HEADER_UNREADABLE = (
        "the proxy {peer} sends X-Forwarded-Proto: {said}, which is neither http nor https, and counts as plain HTTP. "
        "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
    )
    HEADER_UNTRUSTED = (
        "{peer} sends {said}, and is no trusted proxy: the header is ignored, as are those of others like it. If it is "
        "your proxy, add it to EVERYHOP_TRUSTED_PROXIES"
    )
    SERVER_BELIEVES = (
        "the server in front of the application took {peer} at its word that a plain request was HTTPS: gunicorn's "
        "forwarded_allow_ips (FORWARDED_ALLOW_IPS) names more than the proxies. The request counts as plain HTTP"
    )
    SCHEME_CONTRADICTED = (
        "the proxy {peer} reaches the application over HTTPS, and says that the browser came over plain HTTP: the "
        "proxy's word counts. nginx: redirect in the server block of port 80, and proxy_pass only in that of 443"
    )
    PROXY_FIX = (
        "werkzeug's ProxyFix stands in front of Everyhop and asks nobody who he is: its scheme and address are not "
        "used. Leave it out, or put it around app.wsgi_app before Everyhop(app)"
    )


class Teller:
    """Tells each trouble once for its application; a request cannot fill the log."""

    __slots__ = ("_told", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._told: set[Trouble] = set()

    def tell(self, trouble: Trouble, peer: str | None = None, said: str = "") -> None:
        """Write one warning; what a request said is shown short, in ASCII, and on one line."""
        if trouble in self._told:
            return
        self._told.add(trouble)
        text = trouble.value.format(peer=_shown(peer or "a unix socket"), said=_shown(said))
        LOGGER.warning("%s: %s", self.name, text, extra={"everyhop_trouble": trouble.name.lower().replace("_", "-")})


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return short.encode("ascii", "backslashreplace").decode().translate(_CONTROLS)


_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
