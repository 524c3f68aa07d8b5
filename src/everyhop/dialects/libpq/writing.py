"""The options that make libpq promise a posture, and those that close what `verify-full` leaves open."""

from __future__ import annotations

from collections.abc import Mapping

from everyhop.dialects.libpq.options import VARIABLES, from_environment, given, is_foreign, text_of
from everyhop.dialects.libpq.reading import DEFAULT_FLOOR, MODES, WEAK, floor_of, gives_password
from everyhop.dialects.settings import DialerSettings, Spelling, after
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import UnixEndpoint
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Version


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """`sslmode`, `sslrootcert` and `ssl_min_protocol_version`, by the URL alone where there is one.

    Raises `SettingsError` for what libpq cannot say: TLS on a unix socket, TLS without a floor, a floor without TLS,
    `verify-ca` with the system's anchors, a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture, anchors)
    known = given(settings)
    options = known.options
    anchored = known.elsewhere or "sslrootcert" in options
    if posture.assurance is Assurance.ENCRYPTED and anchored and _is_served(settings, options):
        raise SettingsError("the service file may name trust anchors", hint="demand verify-full", key="service")
    if posture.client_auth and not (client_pair or options.get("sslcert")):
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    return _respelled(settings, _changes(settings, options, posture, anchors, client_pair))


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """No password in clear, no older version than TLS 1.2, no file with the session's keys.

    Since libpq 16 by `require_auth`, before (and where the build is not known) by `channel_binding`, which CockroachDB
    does not speak and a login by certificate alone does not meet. A name that stands only in the CN is believed by
    every libpq.
    """
    written = after(settings, spelling)
    recent = spans(Version(settings.build) if settings.build else None, ("16",)) == (1,)
    options = from_environment(written.environment, Version("16" if recent else "15")) | given(written).options
    changes: dict[str, str | None] = {}
    if (floor_of(str(options.get("ssl_min_protocol_version", "TLSv1.2"))) or Floor.NONE) < Floor.TLS_1_2:
        changes["ssl_min_protocol_version"] = "TLSv1.2"
    if "sslkeylogfile" in options:
        changes["sslkeylogfile"] = None
    methods = options.get("require_auth")
    if options.get("channel_binding") != "require" and gives_password(methods if isinstance(methods, str) else None):
        shows = bool(options.get("sslcert")) and options.get("sslcertmode") != "disable"
        if recent:
            # `none` is the login by certificate alone, in which the server asks for nothing more.
            changes["require_auth"] = "none,scram-sha-256" if shows else "scram-sha-256"
        elif not shows and settings.product != "cockroachdb":
            changes["channel_binding"] = "require"
    return _respelled(written, changes) if changes else spelling


def _respelled(settings: DialerSettings, changes: Mapping[str, str | None]) -> Spelling:
    """The settings with some options in place of what says otherwise, in the URL where there is one."""
    removed = {VARIABLES[key] for key, value in changes.items() if value is None and key in VARIABLES}
    environment = {key: value for key, value in settings.environment.items() if key not in removed}
    kept = {k: v for k, v in settings.connect_args.items() if k not in changes and not is_foreign(k)}
    text = text_of(settings)
    if text is not None:
        name, dsn = text
        gone = {key: None for key, _ in dsn.options if key in changes or is_foreign(key)}
        kept[name] = dsn.with_options(gone).revealed() if gone else settings.connect_args[name]
    if settings.dsn is None:
        return Spelling(None, kept | {k: v for k, v in changes.items() if v is not None}, environment)
    foreign = {key: None for key, _ in settings.dsn.options if is_foreign(key)}
    return Spelling(settings.dsn.with_options({**foreign, **changes}), kept, environment)


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    if posture.assurance > Assurance.PLAINTEXT:
        if isinstance(settings.endpoint, UnixEndpoint):
            raise SettingsError("libpq speaks no TLS on a unix socket", hint="name a host, or leave it local")
        if posture.floor is Floor.NONE:
            raise SettingsError("a dialer with TLS needs a floor", hint="TLSv1.2 is libpq's own")
    elif posture.floor or posture.client_auth:
        raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")
    if posture.assurance is Assurance.CHAIN_VERIFIED and anchors == "system":
        raise SettingsError("libpq takes the system's anchors for verify-full only", hint="name a file, or verify-full")
    if anchors == "system" and posture.assurance and settings.build and 0 in spans(Version(settings.build), ("16",)):
        raise SettingsError("before libpq 16 system is the name of a file", hint="name the file with the authority")
    options = given(settings).options
    if posture.assurance is Assurance.IDENTITY_VERIFIED and options.get("hostaddr") and not options.get("host"):
        raise SettingsError("libpq has no name to verify", hint="add host=NAME beside hostaddr", key="hostaddr")


def _is_served(settings: DialerSettings, options: Mapping[str, object]) -> bool:
    """Whether a service is named, whose file may set what is left out of the call."""
    return "service" in options or "PGSERVICE" in settings.environment


def _changes(
    settings: DialerSettings,
    options: Mapping[str, object],
    posture: Posture,
    anchors: str,
    client_pair: tuple[str, str] | None,
) -> dict[str, str | None]:
    """Every option that a posture depends on, with its value or None: not to be there."""
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    mode = next(word for word, assurance in MODES.items() if assurance is posture.assurance)
    changes: dict[str, str | None] = {"requiressl": None}
    around = from_environment(settings.environment, None) | dict(options)
    served = _is_served(settings, options)
    if around.get("gssencmode") == "require":
        changes["gssencmode"] = "prefer" if served else None
    if (floor_of(str(around.get("ssl_max_protocol_version") or "TLSv1.3")) or Floor.NONE) < posture.floor:
        changes["ssl_max_protocol_version"] = "TLSv1.3" if served else None
    changes |= {"sslmode": mode, "sslrootcert": anchors if verified else None}
    told = served or "PGSSLMINPROTOCOLVERSION" in settings.environment or posture.floor is not DEFAULT_FLOOR
    changes["ssl_min_protocol_version"] = posture.floor.word if told else None
    if mode in WEAK:
        changes |= {"channel_binding": "prefer" if served else None, "sslnegotiation": None}
    if client_pair:
        changes |= {"sslcert": client_pair[0], "sslkey": client_pair[1]}
    required = posture.client_auth is ClientAuth.REQUIRED
    changes["sslcertmode"] = "require" if required else None
    return changes
