"""How pg8000 spells a posture: `ssl_context`, in `connect_args` or in a call; a URL cannot carry it.

Sources: pg8000's `core.py` of 1.29.8, 1.30.5 and 1.31.0 to 1.31.6, and SQLAlchemy's pg8000 dialect of 2.1; tests hold
this reading against the real ones. With 1.31 the words changed their meaning: the default went from plaintext to
unverified TLS, and `True` from the system's trust anchors to none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from everyhop.dialects.multihost import queried
from everyhop.dialects.python_ssl import context_for, context_of, posture_of
from everyhop.dialects.settings import (
    ANY_OPTION,
    UNRESOLVED,
    DialerSettings,
    PeerCheck,
    PythonContext,
    Spelling,
    alternatives,
    combined,
    resolved,
)
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Version

DRIVERS: Final = {"pg8000": "1.31.6"}
"""Newest version known (November 2026)."""

_TURNS: Final = ("1.29", "1.31")
_OPPORTUNISTIC = 2  # the span from which on the default asks for TLS

_KEYWORDS: Final = frozenset(
    {"user", "host", "database", "port", "password", "source_address", "unix_sock", "ssl_context", "timeout"}
    | {"tcp_keepalive", "application_name", "replication", "startup_params", "sock"}
)
_SQLALCHEMY_KEYWORDS: Final = frozenset({"plugin"})

_UNVERIFIED: Final = PythonContext(PeerCheck.NONE, check_hostname=False)
_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {"ssl_context": (True, False, PythonContext(), _UNVERIFIED)}


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out, and what is noted about it on the way."""

    span: int
    keywords: Mapping[str, object]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_sock` before host and port; no host is `localhost`, by TCP. No environment variable counts."""
    keywords = _keywords(settings)
    socket = keywords.get("unix_sock")
    host, port = keywords.get("host", "localhost"), keywords.get("port", 5432)
    if UNRESOLVED in (socket, host, port):
        return None
    if socket:
        return UnixEndpoint(str(socket))
    number = port_of(port)
    return TcpEndpoint(host, number) if number and host and isinstance(host, str) else None


def anchors(settings: DialerSettings) -> str | None:
    """A context's own."""
    context = context_of(_keywords(settings).get("ssl_context"))
    return context.anchors if context else None


def read(settings: DialerSettings) -> Dialer:
    """What pg8000 makes of these settings."""
    version = settings.version or Version(DRIVERS["pg8000"], assumed=True)

    def dialer(bounds: Bounds, notes: tuple[str, ...], why: str) -> Dialer:
        return Dialer(settings.product, settings.driver, version, bounds, notes, why)

    keywords = _keywords(settings)
    if ANY_OPTION in keywords:
        why = "further options are known only at run time, and may say anything"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    if keywords.get("sock") is not None:
        why = "sock is a socket that somebody else has opened, with or without TLS"
        return dialer(UNKNOWN, ("unresolved-options",), why)
    known = _KEYWORDS | (_SQLALCHEMY_KEYWORDS if settings.sqlalchemy else frozenset())
    foreign = [f"refused-option:{name}:TypeError" for name in keywords if name not in known]
    cases = [
        _Case(span, chosen, list(foreign))
        for chosen in alternatives(keywords, _CANDIDATES)
        for span in spans(version, _TURNS)
    ]
    return combined([dialer(*_read(case)) for case in cases])


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """`ssl_context` in `connect_args`: a boolean or nothing where that will do, else a context.

    Raises `SettingsError` for what pg8000 cannot say: TLS on a unix socket, a floor below TLS 1.2 or without TLS, a
    client's certificate that nobody named, or less than `encrypted` where the version is not settled.
    """
    _refuse_unspeakable(settings, posture)
    pair = client_pair or _pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    kept = {name: value for name, value in settings.connect_args.items() if not _is_about_tls(name)}
    if posture.assurance >= Assurance.ENCRYPTED:
        named = None if anchors == "system" else anchors
        kept["ssl_context"] = context_for(posture, named, pair)
    elif posture.assurance is Assurance.PLAINTEXT and _spans(settings) == (_OPPORTUNISTIC,):
        kept["ssl_context"] = False
    url = settings.dsn
    if url is not None:
        url = url.with_options({name: None for name, _ in url.options if _is_about_tls(name)})
    return Spelling(url, kept, dict(settings.environment))


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:  # noqa: ARG001 - as in every dialect
    """A context that believes no CN, with TLS 1.2 as floor.

    pg8000 has nothing that keeps a password from a server that asks for it in clear.
    """
    context = context_of(spelling.connect_args.get("ssl_context"))
    if context is None:
        return spelling
    hardened = replace(context, common_name=False, floor=max(context.floor, Floor.TLS_1_2))
    return replace(spelling, connect_args={**spelling.connect_args, "ssl_context": hardened})


def files_named(settings: DialerSettings) -> tuple[str, ...]:  # noqa: ARG001 - as in every dialect
    """None: pg8000 reads no file for further settings, and no environment variable."""
    return ()


def _keywords(settings: DialerSettings) -> dict[str, object]:
    """The keywords as pg8000 gets them: the URL's parts, over them its query, over both `connect_args`."""
    host, port = settings.dsn.hosts[0] if settings.dsn and settings.dsn.hosts else (None, None)
    parts = {name: resolved(value) for name, value in (("host", host), ("port", port)) if value is not None}
    added = {name: resolved(value) for name, value in settings.connect_args.items()}
    return {**parts, **queried(settings.options), **added}


def _read(case: _Case) -> tuple[Bounds, tuple[str, ...], str]:
    """Bounds, notes and the sentence for one way in which the settings may turn out."""
    if case.span == 0:
        case.note("unmeasured-version:1.29")
        return UNKNOWN, tuple(case.notes), "what pg8000 before 1.29 makes of its settings was not measured"
    posture, why = _posture(case)
    if case.keywords.get("unix_sock") and posture.assurance < Assurance.ENCRYPTED:
        posture, why = (
            Posture(Assurance.PLAINTEXT),
            "no server speaks TLS on a unix socket: the kernel carries the bytes",
        )
    elif case.keywords.get("unix_sock"):
        case.note("refused-option:ssl_context:InterfaceError")  # it insists on TLS, and no server has it there
    case.note("clear-password")  # pg8000 has nothing to refuse it with, whoever asks
    refused = [note.split(":")[1] for note in case.notes if note.startswith("refused-option:")]
    if refused:
        why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
    return Bounds.exactly(posture), tuple(case.notes), why


def _posture(case: _Case) -> tuple[Posture, str]:
    given = case.keywords.get("ssl_context")
    recent = case.span == _OPPORTUNISTIC
    default = Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2) if recent else Posture(Assurance.PLAINTEXT)
    if given is None:
        return default, _WHY["default" if recent else "default before 1.31"]
    if given is False and recent:
        return Posture(Assurance.PLAINTEXT), _WHY["False"]
    if given is True and recent:
        return posture_of(_UNVERIFIED), _WHY["True"]
    context = PythonContext() if given is True else context_of(given)
    if context is None:
        case.note("refused-option:ssl_context:AttributeError")  # what it is has no wrap_socket()
        return default, _WHY["default" if recent else "default before 1.31"]
    posture = posture_of(context)
    if given is True:
        case.note("system-anchors")
    for file in (context.anchors, *(context.client_pair or ())):
        if file:
            case.note(f"file-assumed:{file}")
    if posture.assurance is Assurance.IDENTITY_VERIFIED and context.common_name:
        case.note("cn-fallback")
    return posture, _WHY["True before 1.31" if given is True else posture.assurance.word]


_WHY: Final[Mapping[str, str]] = {
    "default": "without ssl_context pg8000 encrypts only while nobody objects, and verifies nothing: "
    "whoever sits on the path answers that there is no TLS, and pg8000 goes on in plaintext",
    "default before 1.31": "without ssl_context pg8000 before 1.31 speaks no TLS: everything crosses in the clear",
    "False": "ssl_context=False never speaks TLS: everything crosses in the clear",
    "True": "ssl_context=True encrypts to whoever answers: from pg8000 1.31 on the certificate is not looked at",
    "True before 1.31": "ssl_context=True verifies chain and name with the system's trust anchors; "
    "from pg8000 1.31 on it verifies nothing",
    "encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}


def _pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already."""
    context = context_of(_keywords(settings).get("ssl_context"))
    return context.client_pair if context else None


def _spans(settings: DialerSettings) -> tuple[int, ...]:
    return spans(settings.version or Version(DRIVERS["pg8000"]), _TURNS)


def _refuse_unspeakable(settings: DialerSettings, posture: Posture) -> None:
    possible = _spans(settings)
    if 0 in possible:
        raise SettingsError("what pg8000 before 1.29 does was not measured", hint="use pg8000 1.31 or later")
    if posture.assurance < Assurance.ENCRYPTED and len(possible) > 1:
        raise SettingsError("what pg8000 does by default changed with 1.31", hint="name the version", key="driver")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if isinstance(settings.endpoint, UnixEndpoint):
        raise SettingsError("no server speaks TLS on a unix socket", hint="name a host, or leave it local")
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("pg8000's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    if posture.assurance is Assurance.OPPORTUNISTIC and (
        possible != (_OPPORTUNISTIC,) or posture.floor is not Floor.TLS_1_2 or posture.client_auth
    ):
        raise SettingsError("pg8000 cannot say this", hint="demand at least `encrypted`")


def _is_about_tls(name: str) -> bool:
    """`ssl_context`, and every other driver's spelling or a typo of something about TLS."""
    return name.lower().startswith(("ssl", "tls")) or name == "direct_tls"
