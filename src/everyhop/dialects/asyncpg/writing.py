"""The settings that make asyncpg promise a posture, and those that close what `verify-full` leaves open."""

from __future__ import annotations

from dataclasses import replace

from everyhop.dialects.asyncpg.options import (
    KEYWORDS,
    NOT_SETTINGS,
    given,
    is_about_tls,
    is_foreign,
    is_own_dsn,
    with_service,
)
from everyhop.dialects.asyncpg.reading import MODES, NEWEST, SERVICE, TURNS
from everyhop.dialects.dsn import Dsn
from everyhop.dialects.python_ssl import context_for, context_of
from everyhop.dialects.settings import DialerSettings, PythonContext, Spelling, after, resolved
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import UnixEndpoint
from everyhop.model.posture import Assurance, Floor, Posture


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """By asyncpg's own DSN alone where there is one; else as `ssl`: a word, or from `verify-ca` on a context.

    Raises `SettingsError` for what asyncpg cannot say: TLS on a unix socket, a floor without TLS, TLS without a floor,
    a floor of its own where plaintext will do, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture)
    pair = client_pair or _pair(settings)
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    system = anchors == "system" and posture.assurance >= Assurance.CHAIN_VERIFIED
    if is_own_dsn(settings) and not system:
        return _by_dsn(settings, posture, anchors, pair)
    word = next(word for word, assurance in MODES.items() if assurance is posture.assurance)
    context = None
    if posture.assurance >= Assurance.ENCRYPTED and (
        system or pair or posture != Posture(Assurance.ENCRYPTED, Floor.TLS_1_2) or settings.dsn is None
    ):
        context = context_for(posture, None if system else anchors, pair)
    return _by_keyword(settings, word, context)


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """A context that believes no CN, in the place of words that a DSN says; TLS 1.2 as floor.

    A DSN that names what no `PythonContext` carries (a revocation list, a key's password) stays as it is. asyncpg has
    nothing that keeps a password from a server that asks for it in clear.
    """
    written = after(settings, spelling)
    known = given(written)
    context = context_of(known.keywords.get("ssl"))
    if context is None:
        root = known.query.get("sslrootcert")
        if not isinstance(root, str) or not {"sslcrl", "sslpassword"}.isdisjoint(known.query):
            return spelling
        floor = Floor.TLS_1_3 if known.query.get("ssl_min_protocol_version") == "TLSv1.3" else Floor.TLS_1_2
        context = PythonContext(anchors=root, floor=floor, client_pair=_pair(written))
    context = replace(context, common_name=False, floor=max(context.floor, Floor.TLS_1_2))
    return _by_keyword(written, "verify-full", context)


def _pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already."""
    known, _ = with_service(given(settings), settings)
    context = known.keywords.get("ssl")
    if isinstance(context, PythonContext) and context.client_pair:
        return context.client_pair
    certificate = known.query.get("sslcert", settings.environment.get("PGSSLCERT"))
    key = known.query.get("sslkey", settings.environment.get("PGSSLKEY"))
    named = isinstance(certificate, str) and certificate
    return (str(certificate), key if isinstance(key, str) else None) if named else None


def _refuse_unspeakable(settings: DialerSettings, posture: Posture) -> None:
    if 0 in spans(settings.version or NEWEST, TURNS):
        raise SettingsError("what asyncpg before 0.27 does was not measured", hint="use asyncpg 0.27 or later")
    if posture.assurance is Assurance.PLAINTEXT:
        if posture.floor or posture.client_auth:
            raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
        return
    if isinstance(settings.endpoint, UnixEndpoint):
        raise SettingsError("asyncpg speaks no TLS on a unix socket", hint="name a host, or leave it local")
    if posture.floor < Floor.TLS_1_2:
        raise SettingsError("asyncpg's floor is TLS 1.2", hint="demand TLSv1.2 or TLSv1.3")
    words_alone = posture.assurance is Assurance.OPPORTUNISTIC and not is_own_dsn(settings)
    if words_alone and (posture.floor is not Floor.TLS_1_2 or posture.client_auth):
        raise SettingsError("with a context asyncpg insists on TLS", hint="demand at least `encrypted`")


def _by_dsn(settings: DialerSettings, posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> Spelling:
    assert settings.dsn is not None  # noqa: S101 - what the caller has looked at
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    known = given(settings)
    served = bool(known.query.get("service") or known.keywords.get("service"))  # it may set what is left out here
    if served and posture.assurance is Assurance.ENCRYPTED:
        raise SettingsError("the service file may name trust anchors", hint="demand verify-full", key="service")
    told = served or "PGSSLMINPROTOCOLVERSION" in settings.environment or posture.floor is not Floor.TLS_1_2
    changes: dict[str, str | None] = dict.fromkeys(
        (key for key, _ in settings.dsn.options if key in NOT_SETTINGS | {"ssl"} or is_foreign(key)), None
    )
    changes["sslmode"] = next(word for word, assurance in MODES.items() if assurance is posture.assurance)
    changes["sslrootcert"] = anchors if verified else None
    changes["ssl_min_protocol_version"] = posture.floor.word if told and posture.assurance else None
    changes["ssl_max_protocol_version"] = "TLSv1.3" if served and posture.assurance else None
    if posture.assurance and pair:
        changes |= {"sslcert": pair[0], "sslkey": pair[1]}
    direct = served and with_service(known, settings)[0].query.get("sslnegotiation") == "direct"
    weak = posture.assurance < Assurance.ENCRYPTED
    if direct and weak and spans(settings.version or NEWEST, TURNS)[0] < SERVICE:
        raise SettingsError(
            "not every version in question reads the service file", hint="name the version", key="driver"
        )
    changes["sslnegotiation"] = "postgres" if direct and weak else None
    gone = {"PGSSLNEGOTIATION", "PGSSLMAXPROTOCOLVERSION", *(() if verified else ("PGSSLROOTCERT",))}
    kept = {k: v for k, v in settings.connect_args.items() if k not in {"ssl", "direct_tls"} and k in KEYWORDS}
    environment = {key: value for key, value in settings.environment.items() if key not in gone}
    return Spelling(settings.dsn.with_options(changes), kept, environment)


def _by_keyword(settings: DialerSettings, word: str, context: PythonContext | None) -> Spelling:
    """`ssl` as a word in SQLAlchemy's URL, as a keyword where there is none, or a context."""
    kept = {k: v for k, v in settings.connect_args.items() if k not in {"ssl", "direct_tls"} and not is_foreign(k)}
    dsn = kept.get("dsn")
    if isinstance(dsn, str) and resolved(dsn) is dsn:
        kept["dsn"] = _without_tls(Dsn.parse(dsn, "asyncpg")).revealed()
    gone = {"PGSSLNEGOTIATION", "PGSSLROOTCERT", "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION"}
    environment = {key: value for key, value in settings.environment.items() if key not in gone}
    url = settings.dsn
    if context is None and url is not None and not is_own_dsn(settings):
        changes = {key: None for key, _ in url.options if key != "ssl" and is_about_tls(key)}
        return Spelling(url.with_options(changes | {"ssl": word}), kept, environment)
    kept["ssl"] = word if context is None else context
    return Spelling(None if url is None else _without_tls(url), kept, environment)


def _without_tls(dsn: Dsn) -> Dsn:
    return dsn.with_options({key: None for key, _ in dsn.options if is_about_tls(key)})
