"""How aiomysql spells a posture: nothing that it takes keeps it from going on in plaintext.

Sources: aiomysql's `connection.py` of 0.1.1, 0.2.0 and 0.3.2, which agree; tests hold this reading against the real
driver. `ssl` is used only if the server's greeting announces TLS, and only an `ssl.SSLContext` (or `True`, Python's
default context) can be used: a dict, which SQLAlchemy makes of `?ssl_ca=`, raises with a server that speaks TLS and
goes unnoticed with one that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import pymysql_family as family
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import DialerSettings, PeerCheck, PythonContext, Spelling, combined
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"aiomysql": "0.3.2"}
"""Newest version known (November 2026)."""

_KEYWORDS: Final = frozenset(
    word
    for line in (
        "host user password db port unix_socket charset sql_mode read_default_file conv use_unicode client_flag",
        "cursorclass init_command connect_timeout read_default_group autocommit echo local_infile loop ssl auth_plugin",
        "program_name server_public_key",
        "async_creator_fn",  # SQLAlchemy keeps this one to itself
    )
    for word in line.split()
)
_CANDIDATES: Final = (True, PythonContext(), {"ca": None})


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is `localhost`, by TCP."""
    return family.endpoint(settings)


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL, `ca` or `capath` of a dict, neither of which has an effect, or a context's own."""
    return family.anchors(settings)


def read(settings: DialerSettings) -> Dialer:
    """What aiomysql makes of these settings: never more than `opportunistic`."""
    version = settings.version or Version(DRIVERS["aiomysql"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    cases = family.cases(settings, version, (), _CANDIDATES)
    if cases is None:
        most = replace(UNKNOWN.high, assurance=Assurance.OPPORTUNISTIC)
        return dialer(Bounds(UNKNOWN.low, most), ("unresolved-options", "clear-password"), _WHY["unresolved"])
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings,
    posture: Posture,
    anchors: str,  # noqa: ARG001 - nothing that aiomysql can promise needs any
    client_pair: tuple[str, str] | None = None,
) -> Spelling:
    """`plaintext` by leaving everything out, `opportunistic` by an `ssl.SSLContext`.

    Raises `SettingsError` for everything above: it takes another driver.
    """
    if posture.assurance > Assurance.OPPORTUNISTIC:
        raise SettingsError(
            "aiomysql goes on in plaintext when it is told that there is no TLS, whatever is set",
            hint="use asyncmy 0.2.9 or later (mysql+asyncmy://), or PyMySQL 1.2.0 or later (mysql+pymysql://)",
            key="driver",
        )
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return family.spelling(settings, {}, {})
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("Python's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    pair = client_pair or family.client_pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    return family.spelling(settings, {}, {"ssl": context_for(posture, None, pair)})


def _read(case: family.Case) -> tuple[Bounds, tuple[str, ...], str]:
    case.refuse_unknown(_KEYWORDS)
    posture, why = _posture(case, case.keywords.get("ssl"))
    case.note("clear-password")
    return Bounds.exactly(posture), tuple(case.notes), case.told(why)


def _posture(case: family.Case, given: object) -> tuple[Posture, str]:
    if not given:
        return Posture(Assurance.PLAINTEXT), _WHY["default"]
    context = PythonContext() if given is True else context_of(given)
    if context is None:
        keys = tuple(f"ssl.{key}" for key in given) if isinstance(given, Mapping) else ("ssl",)
        for name in case.written or keys:
            case.note(f"ignored-option:{name}")
        case.note("fails-over-tls")
        return Posture(Assurance.PLAINTEXT), _WHY["no context"]
    case.assume_files(context)
    if context.peer is PeerCheck.REQUIRED:
        case.note("strippable-check")
        if given is True:
            case.note("system-anchors")
        if context.check_hostname and context.common_name:
            case.note("cn-fallback")
    return replace(posture_of(context), assurance=Assurance.OPPORTUNISTIC), _WHY["context"]


_WHY: Final = {
    "default": "aiomysql without ssl never speaks TLS",
    "no context": "aiomysql can use nothing but an SSLContext: this raises with a server that speaks TLS, and goes on "
    "in plaintext with whoever says that there is none",
    "context": "aiomysql uses the SSLContext only if the answer says that there is TLS: whoever sits on the path "
    "answers that there is none, and it goes on in plaintext",
    "unresolved": "further options are known only at run time, and none of aiomysql's insists on TLS",
}
