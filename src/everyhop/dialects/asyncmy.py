"""How asyncmy spells a posture: a dict `ssl`, which SQLAlchemy makes of its URL's options, or an `ssl.SSLContext`.

Sources: asyncmy's `connection.pyx` of 0.2.7 to 0.2.18; tests hold this reading against the real driver. It insists on
TLS wherever a context came to be. Turning points: before 0.2.9 a dict raises and `ssl=True` is Python's default
context; 0.2.9 takes a dict and nothing else; from 0.2.10 `ssl=True` or a text is no context and so plaintext, which
ended with 0.2.14: `ssl=True` is an unverified context, a text raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects import pymysql_family as family
from everyhop.dialects.mysql_case import Case, Signature, words
from everyhop.dialects.mysql_spelling import (
    by_url,
    pair_to_show,
    refuse,
    refuse_bare_demands,
    spelled,
    with_context,
    without_local_files,
)
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import DialerSettings, PythonContext, Spelling
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"asyncmy": "0.2.18"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("0.2.9", "0.2.10", "0.2.14")
_CONTEXTS_ONLY, _DICTS, _SILENT, _STRICT = range(4)

_SIGNATURE: Final = Signature(
    Version(DRIVERS["asyncmy"], assumed=True),
    _TURNS,
    words(
        "user password password_creator host database unix_socket sock port charset sql_mode read_default_file conv",
        "use_unicode client_flag cursor_cls init_command connect_timeout read_default_group autocommit local_infile",
        "max_allowed_packet auth_plugin_map read_timeout binary_prefix program_name echo query_callback",
        "server_public_key ssl stmt_cache_size db",
        "async_creator_fn",  # SQLAlchemy keeps this one to itself
    ),
    candidates={**family.CANDIDATES, "ssl": (True, PythonContext(), family.NO_CHECK)},
    inner_candidates=family.INNER_CANDIDATES,
)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is `localhost`, by TCP. Where a socket leads, nobody knows."""
    case = Case(_STRICT, mysql_case.given(settings))
    if not family.with_file(case, settings.files) or case.keywords.get("sock") is not None:
        return None
    return mysql_case.tcp_or_socket(case.keywords, "localhost")


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL, `ca` or `capath` of a dict, or a context's own."""
    return mysql_case.anchors(settings)


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option file that asyncmy reads, under the name that the settings give it."""
    return family.files_named(mysql_case.given(settings))


def read(settings: DialerSettings) -> Dialer:
    """What asyncmy makes of these settings."""
    return mysql_case.read(settings, _SIGNATURE, lambda case: _read(case, settings.files))


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, else a dict `ssl`; versions before 0.2.9 and TLS 1.3 take a context.

    Raises `SettingsError` for what asyncmy cannot say: `opportunistic`, a floor below TLS 1.2 or none, a client's
    certificate that nobody named.
    """
    refuse_bare_demands(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return spelled(settings, {}, {})
    if posture.assurance is Assurance.OPPORTUNISTIC:
        refuse("asyncmy insists on TLS or never speaks it", "demand at least `encrypted`")
    if posture.floor < Floor.TLS_1_2:
        refuse("asyncmy's floor is TLS 1.2", "demand TLSv1.2 or TLSv1.3")
    pair = pair_to_show(settings, posture, client_pair)
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    old = _CONTEXTS_ONLY in spans(settings.version or _SIGNATURE.newest, _TURNS)
    if posture.floor is Floor.TLS_1_3 or system or old:
        return spelled(settings, {}, {"ssl": context_for(posture, None if system else anchors, pair)})
    if by_url(settings):
        return spelled(settings, family.options_for(posture, anchors, pair), {})
    return spelled(settings, {}, {"ssl": family.dict_for(posture, anchors, pair)})


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """An `ssl.SSLContext` that takes no name from a CN, and no `LOAD DATA LOCAL`."""
    return without_local_files(with_context(settings, spelling), "local_infile")


def _read(case: Case, files: Mapping[str, str]) -> tuple[Bounds, str]:
    known = family.with_file(case, files, () if case.span is _CONTEXTS_ONLY else family.TLS_FROM_FILE)
    if known and isinstance(case.keywords.get("port"), str):
        case.refuse("port", "ValueError")  # it has to be a number, and in a query it is a text
    context, why = _context(case)
    bounds = Bounds.exactly(posture_of(context) if context else Posture(Assurance.PLAINTEXT))
    if not known:
        case.note("option-file")
        if case.span is not _CONTEXTS_ONLY:
            bounds, why = family.widened(case, bounds, why, context)
    case.note("clear-password")
    return bounds, why


def _context(case: Case) -> tuple[PythonContext | None, str]:
    """The `ssl.SSLContext` that asyncmy makes (`Connection._create_ssl_ctx`), and what it comes to in a sentence."""
    given = case.keywords.get("ssl")
    if not given:
        return None, _WHY["default"]
    if (context := context_of(given)) is not None:
        family.note_context(case, context)
        return context, family.given_context(context)
    if isinstance(given, Mapping) and case.span is not _CONTEXTS_ONLY:
        case.ignore_keys(given, family.DICT_KEYS)
        context = family.context_from(case, given)
        return context, family.amounts_to(context, "asyncmy")
    if given is True and case.span is _CONTEXTS_ONLY:
        case.note("system-anchors", "cn-fallback")
        return PythonContext(), _WHY["default context"]
    if given is True and case.span is _STRICT:
        return family.NO_CHECK, _WHY["true"]
    if case.span is _SILENT:
        case.note("fails-over-tls", "outdated:0.2.14")
        return None, _WHY["silent"]
    case.refuse("ssl", "ValueError" if case.span is _STRICT else "AttributeError")
    return None, _WHY["default"]


_WHY: Final = {
    "default": "asyncmy without ssl never speaks TLS",
    "default context": "before asyncmy 0.2.9 ssl=True is Python's default context: chain and name are verified against "
    "the system's anchors",
    "true": "asyncmy takes ssl=True for TLS that verifies nothing: whoever answers is believed",
    "silent": "asyncmy before 0.2.14 announces TLS for an ssl that is neither dict nor context and then goes on in "
    "plaintext: it works where there is no TLS, and hangs where there is",
}
