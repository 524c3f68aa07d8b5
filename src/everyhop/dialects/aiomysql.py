"""How aiomysql spells a posture: nothing that it takes keeps it from going on in plaintext.

Sources: aiomysql's `connection.py` of 0.1.1, 0.2.0 and 0.3.2, which agree; tests hold this reading against the real
driver. `ssl` is used only if the server's greeting announces TLS, and only an `ssl.SSLContext` (or `True`, Python's
default context) can be used: a dict, which SQLAlchemy makes of `?ssl_ca=`, raises with a server that speaks TLS and
goes unnoticed with one that does not. An option file says nothing about TLS here, but what it says of the place beats
the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects import pymysql_family as family
from everyhop.dialects.mysql_case import Case, Signature, words
from everyhop.dialects.mysql_spelling import pair_to_show, refuse, refuse_bare_demands, spelled, without_local_files
from everyhop.dialects.option_file import Reader, parse
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import DialerSettings, PeerCheck, PythonContext, Spelling
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"aiomysql": "0.3.2"}
"""Newest version known (November 2026)."""

_SIGNATURE: Final = Signature(
    Version(DRIVERS["aiomysql"], assumed=True),
    (),
    words(
        "host user password db port unix_socket charset sql_mode read_default_file conv use_unicode client_flag",
        "cursorclass init_command connect_timeout read_default_group autocommit echo local_infile loop ssl auth_plugin",
        "program_name server_public_key",
        "async_creator_fn",  # SQLAlchemy keeps this one to itself
    ),
    candidates={**family.CANDIDATES, "ssl": (True, PythonContext(), {"ca": None})},
    inner_candidates=family.INNER_CANDIDATES,
)
_MOST: Final = Bounds(UNKNOWN.low, replace(UNKNOWN.high, assurance=Assurance.OPPORTUNISTIC))
_PLACE: Final = {"host": "host", "port": "port", "socket": "unix_socket"}


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port, the option file's before the call's; no host is `localhost`, by TCP."""
    keywords = mysql_case.given(settings)
    for path in files_named(settings):
        if path not in settings.files:
            return None
        found = parse(settings.files[path], Reader.AIOMYSQL).of(str(keywords.get("read_default_group") or "client"))
        keywords |= {name: found[known] for known, name in _PLACE.items() if known in found}
    return mysql_case.tcp_or_socket(keywords, "localhost")


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL, `ca` or `capath` of a dict, neither of which has an effect, or a context's own."""
    return mysql_case.anchors(settings)


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option file that aiomysql reads; a group alone names none."""
    named = mysql_case.given(settings).get("read_default_file")
    return (named,) if isinstance(named, str) and named else ()


def read(settings: DialerSettings) -> Dialer:
    """What aiomysql makes of these settings: never more than `opportunistic`."""
    return mysql_case.read(settings, _SIGNATURE, lambda case: _read(case, settings.files), most=_MOST)


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
        refuse(
            "aiomysql goes on in plaintext when it is told that there is no TLS, whatever is set",
            "use asyncmy 0.2.9 or later (mysql+asyncmy://), or PyMySQL 1.2.0 or later (mysql+pymysql://)",
            "driver",
        )
    refuse_bare_demands(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return spelled(settings, {}, {})
    if posture.floor < Floor.TLS_1_2:
        refuse("Python's floor is TLS 1.2", "demand TLSv1.2 or TLSv1.3")
    pair = pair_to_show(settings, posture, client_pair)
    return spelled(settings, {}, {"ssl": context_for(posture, None, pair)})


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:  # noqa: ARG001 - there is no `verify-full`
    """No `LOAD DATA LOCAL`; that is all that can be closed here."""
    return without_local_files(spelling, "local_infile")


def _read(case: Case, files: Mapping[str, str]) -> tuple[Bounds, str]:
    file = case.keywords.get("read_default_file")
    if file and file not in files:
        case.note("option-file")
    elif file and (error := parse(files[str(file)], Reader.AIOMYSQL).error):
        case.refuse("read_default_file", error)
    posture, why = _posture(case, case.keywords.get("ssl"))
    case.note("clear-password")
    return Bounds.exactly(posture), why


def _posture(case: Case, given: object) -> tuple[Posture, str]:
    if not given:
        return Posture(Assurance.PLAINTEXT), _WHY["default"]
    case.note("mysql-wants-tls")
    context = PythonContext() if given is True else context_of(given)
    if context is None:
        keys = tuple(f"ssl.{key}" for key in given) if isinstance(given, Mapping) else ("ssl",)
        case.note(*[f"ignored-option:{name}" for name in case.written or keys], "fails-over-tls")
        return Posture(Assurance.PLAINTEXT), _WHY["no context"]
    if context.peer is PeerCheck.REQUIRED:
        case.note("strippable-check")
        if given is True:
            case.note("system-anchors")
    family.note_context(case, context)
    return replace(posture_of(context), assurance=Assurance.OPPORTUNISTIC), _WHY["context"]


_WHY: Final = {
    "default": "aiomysql without ssl never speaks TLS",
    "no context": "aiomysql can use nothing but an SSLContext: this raises with a server that speaks TLS, and goes on "
    "in plaintext with whoever says that there is none",
    "context": "aiomysql uses the SSLContext only if the answer says that there is TLS: whoever sits on the path "
    "answers that there is none, and it goes on in plaintext",
}
