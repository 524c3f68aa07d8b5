"""How PyMySQL spells a posture: through SQLAlchemy's URL, as keywords, as a dict or as an `ssl.SSLContext`.

Sources: PyMySQL's `connections.py` of 1.1.2 and 1.2.0 to 1.2.4; tests hold this reading against the real one. Turning
points: before 1.2.0 PyMySQL goes on in plaintext whatever is set; before 1.2.4 `ssl_verify_identity` alone does not
look at the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects import pymysql_family as family
from everyhop.dialects.mysql_case import Case, Signature, is_no, words
from everyhop.dialects.mysql_spelling import (
    by_url,
    pair_to_show,
    refuse,
    refuse_bare_demands,
    shown,
    spelled,
    with_context,
    without_local_files,
)
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import DialerSettings, PeerCheck, PythonContext, Spelling
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"pymysql": "1.2.4"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("1.2.0", "1.2.4")
_BEFORE, _EARLY, _NOW = range(3)

_DECIDING: Final = words("ssl_ca ssl_cert ssl_key ssl_verify_cert ssl_verify_identity")
"""Any of these keywords takes the place of `ssl`."""

_SIGNATURE: Final = Signature(
    Version(DRIVERS["pymysql"], assumed=True),
    _TURNS,
    words(
        "user password host database unix_socket port charset collation sql_mode read_default_file conv use_unicode",
        "client_flag cursorclass init_command connect_timeout read_default_group autocommit local_infile",
        "max_allowed_packet defer_connect auth_plugin_map read_timeout write_timeout bind_address binary_prefix",
        "program_name server_public_key compress named_pipe passwd db ssl ssl_disabled ssl_key_password",
        *_DECIDING,
    ),
    kept_since="1.2.0",
    candidates={
        **family.CANDIDATES,
        "ssl_disabled": (True,),
        "ssl_verify_cert": (True, "false"),
        "ssl_verify_identity": (True,),
        "ssl": (PythonContext(), family.NO_CHECK),
    },
    inner_candidates=family.INNER_CANDIDATES,
)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is `localhost`, which PyMySQL reaches by TCP."""
    case = Case(_NOW, mysql_case.given(settings))
    return mysql_case.tcp_or_socket(case.keywords, "localhost") if family.with_file(case, settings.files) else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call, `ca` or `capath` of a dict, or a context's own."""
    return mysql_case.anchors(settings)


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option file that PyMySQL reads, under the name that the settings give it."""
    return family.files_named(mysql_case.given(settings))


def read(settings: DialerSettings) -> Dialer:
    """What PyMySQL makes of these settings."""
    return mysql_case.read(settings, _SIGNATURE, lambda case: _read(case, settings.files))


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, as keywords in a direct call; a floor of TLS 1.3 takes an `ssl.SSLContext`.

    Raises `SettingsError` for what PyMySQL cannot say: more than `opportunistic` before 1.2.0, a floor below TLS 1.2 or
    none, TLS 1.3 as a floor where plaintext will do, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture)
    if posture.assurance <= Assurance.OPPORTUNISTIC:
        off = posture.assurance is Assurance.PLAINTEXT
        if by_url(settings):
            return spelled(settings, {"ssl_disabled": "true"} if off else {}, {})
        return spelled(settings, {}, {"ssl_disabled": True} if off else {})
    pair = pair_to_show(settings, posture, client_pair)
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    if posture.floor is Floor.TLS_1_3 or system:
        return spelled(settings, {}, {"ssl": context_for(posture, None if system else anchors, pair)})
    if by_url(settings):
        return spelled(settings, family.options_for(posture, anchors, pair), {})
    return spelled(settings, {}, _by_keywords(posture, anchors, pair))


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """An `ssl.SSLContext` that takes no name from a CN, and no `LOAD DATA LOCAL`."""
    return without_local_files(with_context(settings, spelling), "local_infile")


def _read(case: Case, files: Mapping[str, str]) -> tuple[Bounds, str]:
    known = family.with_file(case, files)
    keywords = case.keywords
    if keywords.get("compress") or keywords.get("named_pipe"):
        case.refuse("compress" if keywords.get("compress") else "named_pipe", "NotImplementedError")
    if known and isinstance(keywords.get("port"), str):
        case.refuse("port", "ValueError")  # it has to be a number, and in a query it is a text
    case.warn_of_texts("ssl_disabled", "ssl_verify_identity")
    if keywords.get("ssl_disabled"):
        context, why = None, _WHY["disabled"]
        case.ignore(*[name for name in keywords if (name in _DECIDING or name == "ssl") and keywords[name]])
    else:
        context, why = _context(case)
    bounds = Bounds.exactly(_posture(case, context))
    if not known:
        case.note("option-file")
        if not keywords.get("ssl_disabled") and not any(keywords.get(name) for name in _DECIDING):
            bounds, why = family.widened(case, bounds, why, context)
            if case.span is _BEFORE:
                bounds = Bounds(bounds.low, replace(bounds.high, assurance=Assurance.OPPORTUNISTIC))
    case.note("clear-password")
    return bounds, why


def _posture(case: Case, context: PythonContext | None) -> Posture:
    """What PyMySQL does with a context (None: no option asks for TLS): before 1.2.0 it never insists."""
    if context is None:
        plain = case.keywords.get("ssl_disabled") or case.span is _BEFORE
        return Posture(Assurance.PLAINTEXT) if plain else Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2)
    posture = posture_of(context)
    if case.span is not _BEFORE:
        return posture
    if posture.assurance >= Assurance.CHAIN_VERIFIED:
        case.note("strippable-check")
    return replace(posture, assurance=Assurance.OPPORTUNISTIC)


def _context(case: Case) -> tuple[PythonContext | None, str]:
    """The `ssl.SSLContext` that PyMySQL makes (`Connection.__init__`), and what it comes to in a sentence."""
    keywords = case.keywords
    inner = keywords.get("ssl")
    default = _WHY["default" if case.span is not _BEFORE else "default before 1.2.0"]
    if not _DECIDING.isdisjoint(keywords) and any(keywords.get(name) for name in _DECIDING):
        context, why = _from_keywords(case)
    elif not inner:
        return None, default
    elif isinstance(inner, Mapping):
        case.ignore_keys(inner, {*family.DICT_KEYS, "password"})
        context = family.context_from(case, inner)
        why = family.amounts_to(context, "PyMySQL")
    elif (given := context_of(inner)) is not None:
        family.note_context(case, given)
        context, why = given, family.given_context(given)
    else:
        case.refuse("ssl", "AttributeError")
        return None, default
    return context, why if case.span is not _BEFORE else _WHY["before 1.2.0"]


def _from_keywords(case: Case) -> tuple[PythonContext, str]:
    """The context of the dict that PyMySQL makes of its keywords, in place of any `ssl`."""
    keywords, written = case.keywords, case.written
    thrown = bool(keywords.get("ssl"))
    if thrown:
        case.ignore("ssl")
    identity = bool(keywords.get("ssl_verify_identity"))
    checked = True if identity and case.span is _NOW else keywords.get("ssl_verify_cert")
    made = {"ca": keywords.get("ssl_ca"), "check_hostname": identity}
    made["verify_mode"] = False if checked is None else checked
    made |= {name: file for name in ("cert", "key") if (file := keywords.get(f"ssl_{name}")) is not None}
    case.keywords = {name: value for name, value in keywords.items() if name != "ssl"}
    context = family.context_from(case, made)
    verified = context.peer is PeerCheck.REQUIRED
    if thrown and "ssl_ca" in written:
        return context, _WHY["ca thrown away" if verified else "ca thrown away, unverified"]
    if verified:
        return context, family.amounts_to(context, "PyMySQL")
    if is_no(keywords.get("ssl_verify_cert")):
        return context, _WHY["verify_cert false"]
    if context.anchors:
        return context, _WHY["keyword ca alone"]
    return context, family.amounts_to(context, "PyMySQL") if context.client_pair else _WHY["identity without ca"]


def _refuse_unspeakable(settings: DialerSettings, posture: Posture) -> None:
    if _BEFORE in spans(settings.version or _SIGNATURE.newest, _TURNS):
        refuse("before 1.2.0 PyMySQL keeps none of its promises about TLS", "use PyMySQL 1.2.0 or later", "driver")
    refuse_bare_demands(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return
    if posture.floor < Floor.TLS_1_2:
        refuse("PyMySQL's floor is TLS 1.2", "demand TLSv1.2 or TLSv1.3")
    if posture.assurance is Assurance.OPPORTUNISTIC and (posture.floor is Floor.TLS_1_3 or posture.client_auth):
        refuse("with any TLS option PyMySQL insists on TLS", "demand at least `encrypted`")


def _by_keywords(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, object]:
    """The table for a direct call. Both switches, because from 1.2.0 to 1.2.3 one alone raises ValueError."""
    if posture.assurance is Assurance.ENCRYPTED:
        return {**shown(pair)} or {"ssl": {"verify_mode": "none"}}
    if anchors.endswith("/"):  # there is no keyword for a folder
        return {"ssl": family.dict_for(posture, anchors, pair)}
    verified: dict[str, object] = {"ssl_ca": anchors, "ssl_verify_cert": True}
    if posture.assurance is Assurance.IDENTITY_VERIFIED:
        verified["ssl_verify_identity"] = True
    return verified | shown(pair)


_WHY: Final[Mapping[str, str]] = {
    "disabled": "ssl_disabled turns TLS off, whatever else is set; in a URL every text is true, `false` as well",
    "default": "PyMySQL without any ssl option encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "default before 1.2.0": "PyMySQL before 1.2.0 without any ssl option never speaks TLS",
    "before 1.2.0": "PyMySQL before 1.2.0 goes on in plaintext when it is told that there is no TLS, "
    "whatever is set here: only 1.2.0 and later insist",
    "ca thrown away": "ssl_verify_cert and ssl_verify_identity in a SQLAlchemy URL make PyMySQL throw ssl_ca away: "
    "it believes any certificate of a public authority, for any name; ssl_ca alone is right",
    "ca thrown away, unverified": "ssl_verify_cert and ssl_verify_identity in a SQLAlchemy URL make PyMySQL throw "
    "ssl_ca away, and then nothing is verified: whoever answers is believed; ssl_ca alone is right",
    "verify_cert false": "ssl_verify_cert=false switches verification off: whoever answers is believed",
    "keyword ca alone": "as a keyword ssl_ca alone verifies nothing: it takes ssl_verify_cert and ssl_verify_identity "
    "as well (in a SQLAlchemy URL it is enough)",
    "identity without ca": "before PyMySQL 1.2.4 ssl_verify_identity without ssl_ca verifies nothing: "
    "whoever answers is believed",
}
