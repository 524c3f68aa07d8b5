"""How asyncmy spells a posture: a dict `ssl`, which SQLAlchemy makes of its URL's options, or an `ssl.SSLContext`.

Sources: asyncmy's `connection.pyx` of 0.2.7 to 0.2.18; tests hold this reading against the real driver. It insists on
TLS wherever a context came to be. Turning points: before 0.2.9 a dict raises and `ssl=True` is Python's default
context; 0.2.9 takes a dict and nothing else; from 0.2.10 `ssl=True` or a text is no context and so plaintext, which
ended with 0.2.14: `ssl=True` is an unverified context, a text raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects import pymysql_family as family
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import SOME_FILE, DialerSettings, PeerCheck, PythonContext, Spelling, combined
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"asyncmy": "0.2.18"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("0.2.9", "0.2.10", "0.2.14")
_CONTEXTS_ONLY, _DICTS, _SILENT, _STRICT = range(4)

_DICT_KEYS: Final = frozenset({"ca", "capath", "cert", "key", "cipher", "check_hostname", "verify_mode"})
_KEYWORDS: Final = frozenset(
    word
    for line in (
        "user password password_creator host database unix_socket sock port charset sql_mode read_default_file conv",
        "use_unicode client_flag cursor_cls init_command connect_timeout read_default_group autocommit local_infile",
        "max_allowed_packet auth_plugin_map read_timeout binary_prefix program_name echo query_callback",
        "server_public_key ssl stmt_cache_size db",
        "async_creator_fn",  # SQLAlchemy keeps this one to itself
    )
    for word in line.split()
)
_CANDIDATES: Final = (True, PythonContext(), PythonContext(PeerCheck.NONE, check_hostname=False))


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is `localhost`, by TCP."""
    return family.endpoint(settings)


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL, `ca` or `capath` of a dict, or a context's own."""
    return family.anchors(settings)


def read(settings: DialerSettings) -> Dialer:
    """What asyncmy makes of these settings."""
    version = settings.version or Version(DRIVERS["asyncmy"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    cases = family.cases(settings, version, _TURNS, _CANDIDATES)
    if cases is None:
        return dialer(UNKNOWN, ("unresolved-options",), "further options are known only at run time")
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By the URL alone through SQLAlchemy, else a dict `ssl`; versions before 0.2.9 and TLS 1.3 take a context.

    Raises `SettingsError` for what asyncmy cannot say: `opportunistic`, a floor below TLS 1.2 or none, a client's
    certificate that nobody named.
    """
    _refuse_unspeakable(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return family.spelling(settings, {}, {})
    pair = client_pair or family.client_pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    old = _CONTEXTS_ONLY in spans(settings.version or Version(DRIVERS["asyncmy"]), _TURNS)
    if posture.floor is Floor.TLS_1_3 or system or old:
        context = context_for(posture, None if system else anchors, pair)
        return family.spelling(settings, {}, {"ssl": context})
    inner = _dict_for(posture, anchors, pair)
    if settings.sqlalchemy and settings.dsn is not None:
        options = {f"ssl_{key}": value if isinstance(value, str) else "false" for key, value in inner.items()}
        return family.spelling(settings, options, {})
    return family.spelling(settings, {}, {"ssl": inner})


def _dict_for(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, object]:
    """Without a CA nothing is verified, and `check_hostname` alone makes the dict not empty, which is TLS."""
    inner: dict[str, object] = {"ca": anchors} if posture.assurance >= Assurance.CHAIN_VERIFIED else {}
    if posture.assurance < Assurance.IDENTITY_VERIFIED:
        inner["check_hostname"] = False
    return inner | {name: file for name, file in zip(("cert", "key"), pair or (), strict=False) if file}


def _refuse_unspeakable(posture: Posture) -> None:
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
    elif posture.assurance is Assurance.OPPORTUNISTIC:
        raise SettingsError("asyncmy insists on TLS or never speaks it", hint="demand at least `encrypted`")
    elif posture.floor < Floor.TLS_1_2:
        raise SettingsError("asyncmy's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")


def _read(case: family.Case) -> tuple[Bounds, tuple[str, ...], str]:
    case.refuse_unknown(_KEYWORDS)
    if isinstance(case.keywords.get("port"), str):
        case.note("refused-option:port")  # ValueError: it has to be a number, and in a query it is a text
    context, why = _context(case)
    bounds = Bounds.exactly(posture_of(context) if context else Posture(Assurance.PLAINTEXT))
    if _option_file_matters(case, context):
        case.note("option-file")
        verified = posture_of(PythonContext(client_pair=(SOME_FILE, None)))
        bounds, why = bounds.widen(Bounds.exactly(verified)), f"{why}; the option file that is named may bring a CA"
    if bounds.low.assurance < Assurance.IDENTITY_VERIFIED:
        case.note("clear-password")
    return bounds, tuple(case.notes), case.told(why)


def _context(case: family.Case) -> tuple[PythonContext | None, str]:
    """The `ssl.SSLContext` that asyncmy makes (`Connection._create_ssl_ctx`), and what it comes to in a sentence."""
    given = case.keywords.get("ssl")
    if not given:
        return None, _WHY["default"]
    context = context_of(given)
    if context is not None:
        _note_context(case, context)
        return context, _WHY[f"context {posture_of(context).assurance.word}"]
    if isinstance(given, Mapping) and case.span is not _CONTEXTS_ONLY:
        return _from_dict(case, given)
    if given is True and case.span is _CONTEXTS_ONLY:
        case.note("system-anchors")
        _note_context(case, PythonContext())
        return PythonContext(), _WHY["default context"]
    if given is True and case.span is _STRICT:
        return PythonContext(PeerCheck.NONE, check_hostname=False), _WHY["true"]
    if case.span is _SILENT:
        case.note("fails-over-tls")
        return None, _WHY["silent"]
    case.note("refused-option:ssl")
    return None, _WHY["default"]


def _from_dict(case: family.Case, inner: Mapping[str, object]) -> tuple[PythonContext, str]:
    """Without a CA the name is never looked at, and the chain only if it is asked for."""
    for name in inner:
        if name not in _DICT_KEYS:
            case.note(f"ignored-option:ssl.{name}")
    anchorless = inner.get("ca") is None and inner.get("capath") is None
    check_hostname = not anchorless and bool(inner.get("check_hostname", True))
    peer = _peer(inner.get("verify_mode"), PeerCheck.NONE if anchorless else PeerCheck.REQUIRED)
    if peer is PeerCheck.NONE and check_hostname:
        case.note("refused-option:ssl.verify_mode")  # `ssl` raises ValueError: CERT_NONE with check_hostname
        check_hostname = False
    pair = None
    if "cert" in inner:
        if inner["cert"] is None:
            case.note("refused-option:ssl.cert")  # `load_cert_chain(None)` raises TypeError
        else:
            key = inner.get("key")
            pair = (str(inner["cert"]), None if key is None else str(key))
    elif inner.get("key"):
        case.note("ignored-option:ssl_key")
    anchors = inner.get("ca") or inner.get("capath")
    context = PythonContext(peer, check_hostname, str(anchors) if anchors else None, Floor.TLS_1_2, pair)
    if peer is PeerCheck.REQUIRED and context.anchors is None:
        case.note("system-anchors")
    _note_context(case, context)
    if peer is PeerCheck.REQUIRED:
        word = "verified" if check_hostname else "no name without ca" if anchorless else "no name looked at"
    else:
        word = "pair without ca" if pair and anchorless else "without ca" if anchorless else "unverified"
    return context, _WHY[word]


def _peer(mode: object, otherwise: PeerCheck) -> PeerCheck:
    """`verify_mode`: booleans and words; anything else, `ssl.CERT_NONE` too, counts as not given."""
    if isinstance(mode, bool):
        return PeerCheck.REQUIRED if mode else PeerCheck.NONE
    word = mode.lower() if isinstance(mode, str) else ""
    if word in {"none", "0", "false", "no"}:
        return PeerCheck.NONE
    return PeerCheck.REQUIRED if word in {"optional", "required", "1", "true", "yes"} else otherwise


def _note_context(case: family.Case, context: PythonContext) -> None:
    case.assume_files(context)
    if context.peer is PeerCheck.REQUIRED and context.check_hostname and context.common_name:
        case.note("cn-fallback")


def _option_file_matters(case: family.Case, context: PythonContext | None) -> bool:
    """Since 0.2.9 an option file may add `ssl-ca` and its like to a dict; a context, or anything else, stays."""
    keywords = case.keywords
    named = keywords.get("read_default_file") or keywords.get("read_default_group")
    given = keywords.get("ssl")
    takes = not given or isinstance(given, Mapping)
    return bool(named) and takes and case.span is not _CONTEXTS_ONLY and (context is None or context.anchors is None)


_WHY: Final[Mapping[str, str]] = {
    "default": "asyncmy without ssl never speaks TLS",
    "default context": "before asyncmy 0.2.9 ssl=True is Python's default context: chain and name are verified against "
    "the system's anchors",
    "true": "asyncmy takes ssl=True for TLS that verifies nothing: whoever answers is believed",
    "silent": "asyncmy before 0.2.14 announces TLS for an ssl that is neither dict nor context and then goes on in "
    "plaintext: it works where there is no TLS, and hangs where there is",
    "verified": "asyncmy verifies the chain and the name: only the real server is believed",
    "no name looked at": "asyncmy verifies the chain but not the name: any certificate of that authority is believed",
    "no name without ca": "without a CA asyncmy holds the chain against the system's store and never looks at the "
    "name: any certificate of a public authority is believed",
    "pair without ca": "asyncmy with ssl_cert and ssl_key, but without ssl_ca, accepts any certificate: "
    "whoever answers is believed",
    "without ca": "without a CA asyncmy encrypts and verifies nothing: whoever answers is believed",
    "unverified": "verify_mode switches verification off: whoever answers is believed",
    "context encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "context verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "context verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}
