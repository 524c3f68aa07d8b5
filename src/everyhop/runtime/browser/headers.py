"""The response headers: presets as data, and tables that are put together when the application starts."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from everyhop.runtime.browser.cookies import Carrier, CookieRules
from everyhop.runtime.browser.nonce import nonce_of

Row = tuple[str, str]

CSP: Final = "Content-Security-Policy"
CSP_REPORT_ONLY: Final = "Content-Security-Policy-Report-Only"
HSTS: Final = "Strict-Transport-Security"
_COOKIE: Final = "set-cookie"
_KEPT: Final = 64
"""Names that are remembered; one that a request makes up is looked at each time from then on."""

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_VALUE: Final = re.compile(r"[!-~](?:[ \t]*[!-~])*")  # RFC 9110 section 5.5, without what is not ASCII

_ALL_OFF: Final = ", ".join(
    f"{feature}=()"
    for feature in ("browsing-topics", "camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)


@dataclass(frozen=True, slots=True)
class Preset:
    """Headers that go together; `nonce_in` are the directives of its policy that are given a nonce."""

    headers: Mapping[str, str]
    csp: str | None = None
    nonce_in: tuple[str, ...] = ()


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        # Pages with their own scripts and pictures, and windows that open others to sign in.
        "site": Preset(
            {
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Permissions-Policy": "browsing-topics=()",
                "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
                "Cross-Origin-Resource-Policy": "same-site",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "SAMEORIGIN",
            },
            "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
        ),
        # Only scripts that the templates themselves wrote down.
        "strict": Preset(
            {
                "Referrer-Policy": "no-referrer",
                "Permissions-Policy": _ALL_OFF,
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
            },
            "default-src 'self'; script-src 'strict-dynamic'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'; object-src 'none'",
            ("script-src",),
        ),
        # JSON for programs: nothing in it is to be shown, run or framed.
        "api": Preset(
            {
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Resource-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
            },
            "default-src 'none'; frame-ancestors 'none'",
        ),
        "none": Preset({}),
    }
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs: headers by name (None takes one away), and a policy cut for its nonce; None: the same as before."""

    headers: tuple[tuple[str, str | None], ...] = ()
    csp: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """What every answer carries.

    `csp` and `report_only` are policies cut where the nonce goes (`Policy.template`); empty: no such header. `enforced`
    are the names (in lower case) of headers that a view cannot change.
    """

    rows: tuple[Row, ...] = ()
    csp: tuple[str, ...] = ()
    report_only: tuple[str, ...] = ()
    enforced: frozenset[str] = frozenset()
    cookies: CookieRules = field(default_factory=CookieRules)

    def changed(self, changes: Changes) -> HeaderRules:
        """The rules with some headers changed."""
        said = {name.lower() for name, _ in changes.headers}
        kept = tuple(row for row in self.rows if row[0].lower() not in said)
        added = tuple((name, value) for name, value in changes.headers if value is not None)
        return replace(self, rows=kept + added, csp=self.csp if changes.csp is None else changes.csp)


def row(name: str, value: str) -> Row:
    """A header as it may be sent. Raises `ValueError` for one that would end its line, or is none."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no header's name")
    if not _VALUE.fullmatch(value):
        raise ValueError(
            f"{name}: {value!r} cannot be sent: visible ASCII and blanks in between are what a header holds"
        )
    return name, value


class Table:
    """The rows for one sort of answer, ready to be appended: everything that can be known before a request."""

    __slots__ = ("_carrier", "_cookies", "_enforced", "_harmless", "_keys", "_nonced", "_rows")

    def __init__(self, rules: HeaderRules, hsts: str | None, carrier: Carrier) -> None:
        rows = list(rules.rows)
        nonced: list[tuple[str, tuple[str, ...]]] = []
        for name, template in ((CSP, rules.csp), (CSP_REPORT_ONLY, rules.report_only)):
            if len(template) == 1:
                rows.append((name, template[0]))
            elif template:
                nonced.append((name, template))
        if hsts is not None:
            rows.append((HSTS, hsts))
        self._rows: Final = tuple(rows)
        self._nonced: Final = tuple(nonced)
        names = [name.lower() for name, _ in (*rows, *nonced)]
        self._keys: Final = frozenset({*names, *rules.enforced, _COOKIE})
        self._harmless: Final[set[str]] = set()
        self._enforced: Final = rules.enforced
        self._cookies: Final = rules.cookies
        self._carrier: Final = carrier

    def merge(self, status: str, headers: list[Row], environ: MutableMapping[str, Any]) -> list[Row]:
        """The headers of an answer with these rows; a view's own stays, unless it is enforced.

        An answer that only says that the cached one is still good (304) gets no new nonce: browsers would hold the page
        of before against the policy of now.
        """
        for name, _ in headers:
            if name not in self._harmless and not self._passes(name):
                return self._careful(headers, self._with_nonce(status, [*self._rows], environ))
        merged = [*headers, *self._rows]
        return self._with_nonce(status, merged, environ) if self._nonced else merged

    def _with_nonce(self, status: str, rows: list[Row], environ: MutableMapping[str, Any]) -> list[Row]:
        if self._nonced and not status.startswith("304"):
            nonce = nonce_of(environ)
            for name, template in self._nonced:
                rows.append((name, nonce.join(template)))
        return rows

    def _passes(self, name: str) -> bool:
        """Whether a header has nothing to do with these rows; remembered, as applications send the same few."""
        if name.lower() in self._keys:
            return False
        if len(self._harmless) < _KEPT:
            self._harmless.add(name)
        return True

    def _careful(self, headers: list[Row], rows: list[Row]) -> list[Row]:
        kept: list[Row] = []
        said = set()
        for name, value in headers:
            key = name.lower()
            if key == _COOKIE:
                kept.append((name, self._cookies.apply(value, self._carrier)))
            elif key not in self._enforced:
                kept.append((name, value))
                said.add(key)
        return kept + [row for row in rows if row[0].lower() not in said]
