"""The configuration keys of the browser's hop: the reference page is made of this table."""

from __future__ import annotations

from typing import Final

from everyhop.runtime.browser.headers import PRESETS
from everyhop.runtime.keys import Key

TRUSTED_PROXIES: Final = Key(
    "EVERYHOP_TRUSTED_PROXIES",
    ("127.0.0.1/32", "::1/128", "unix"),
    'a list of networks, addresses and "unix"',
    "Whose `X-Forwarded-…` headers count. From anybody else they do not reach the application. The default is "
    "gunicorn's own: a proxy on this machine.",
)
PROXY_HOPS: Final = Key(
    "EVERYHOP_PROXY_HOPS",
    1,
    "a number from 1 to 16",
    "How many trusted proxies stand one behind the other; each of them must be in `EVERYHOP_TRUSTED_PROXIES`.",
)
REDIRECT: Final = Key(
    "EVERYHOP_REDIRECT",
    "production",
    '"production", "always" or "never"',
    'Which plain-HTTP requests are sent to HTTPS, with 308. "production" leaves out apps with `DEBUG` or `TESTING`.',
)
PLAIN_BODIES: Final = Key(
    "EVERYHOP_PLAIN_BODIES",
    "refuse",
    '"refuse" or "redirect"',
    "What a POST, PUT, PATCH or DELETE over plain HTTP gets: 403, because what it carries is sent already, or 308.",
)
PORTS: Final = Key(
    "EVERYHOP_PORTS",
    {},
    "a mapping of ports, {8080: 8443}",
    "The HTTPS twin of a plain-HTTP port in `Host`. Every other port becomes 443.",
)
EXEMPT: Final = Key(
    "EVERYHOP_EXEMPT",
    (),
    'a list of "/path", "/prefix/*", "endpoint:NAME", "blueprint:NAME", "health" and functions of the WSGI environment',
    "Requests that may stay on plain HTTP; `health` are the usual paths of health checks, for GET and HEAD.",
)
HSTS: Final = Key(
    "EVERYHOP_HSTS",
    "ramp",
    '"ramp", "off", "none" or a number of seconds',
    '`Strict-Transport-Security`: 5 minutes, a day, 30 days, a year, as time passes since `EVERYHOP_HSTS_SINCE`; "off" '
    'sends `max-age=0`, so that browsers forget; "none" sends nothing, because the proxy does.',
)
HSTS_SINCE: Final = Key(
    "EVERYHOP_HSTS_SINCE",
    None,
    "a date, 2027-01-31",
    "When the ramp begins (UTC). Without a date it stays at 5 minutes.",
)
HSTS_SUBDOMAINS: Final = Key(
    "EVERYHOP_HSTS_SUBDOMAINS", False, "True or False", "Whether every name below this one is HTTPS only as well."
)
HSTS_PRELOAD: Final = Key(
    "EVERYHOP_HSTS_PRELOAD",
    False,
    "True or False",
    "Whether browsers may ship the name in their list. It takes subdomains, a year and the redirect, and is next to "
    "impossible to take back.",
)
PRESET: Final = Key(
    "EVERYHOP_PRESET",
    "site",
    ", ".join(f'"{name}"' for name in PRESETS),
    "The headers to begin with.",
)
HEADERS: Final = Key(
    "EVERYHOP_HEADERS",
    {},
    "a mapping of names to values, None takes one away",
    "Changes to the preset's headers. A view's own header wins.",
)
ENFORCED: Final = Key(
    "EVERYHOP_ENFORCED",
    (),
    "a list of headers' names",
    "Headers that a view cannot change or add.",
)
CSP: Final = Key(
    "EVERYHOP_CSP",
    "preset",
    'text, a mapping of directives, "preset", or None for none',
    "`Content-Security-Policy`.",
)
CSP_REPORT_ONLY: Final = Key(
    "EVERYHOP_CSP_REPORT_ONLY",
    None,
    "text or a mapping of directives",
    "`Content-Security-Policy-Report-Only`, beside the other: how one tries a policy out.",
)
CSP_NONCE_IN: Final = Key(
    "EVERYHOP_CSP_NONCE_IN",
    "preset",
    'a list of directives, or "preset"',
    "Which directives of both policies get the request's nonce, `csp_nonce()` in templates.",
)
SAMESITE: Final = Key(
    "EVERYHOP_SAMESITE",
    "Lax",
    '"Lax", "Strict" or None',
    "`SameSite` of cookies that say nothing themselves. Every cookie gets `Secure` and `HttpOnly`.",
)
COOKIES_LEFT_ALONE: Final = Key(
    "EVERYHOP_COOKIES_LEFT_ALONE",
    (),
    "a list of cookies' names",
    "Cookies that leave as they are: a script reads them, or plain HTTP needs them.",
)
HOST_COOKIES: Final = Key(
    "EVERYHOP_HOST_COOKIES",
    False,
    "True or False",
    "Whether the session cookie, and Flask-Login's, are named `__Host-…`, so that no other host can set them; "
    "everybody is signed out once.",
)

KEYS: Final = (
    TRUSTED_PROXIES, PROXY_HOPS, REDIRECT, PLAIN_BODIES, PORTS, EXEMPT, HSTS, HSTS_SINCE, HSTS_SUBDOMAINS, HSTS_PRELOAD,
    PRESET, HEADERS, ENFORCED, CSP, CSP_REPORT_ONLY, CSP_NONCE_IN, SAMESITE, COOKIES_LEFT_ALONE, HOST_COOKIES,
)  # fmt: skip
