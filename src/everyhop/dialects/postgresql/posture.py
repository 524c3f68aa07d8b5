"""A posture out of PostgreSQL's settings, and settings for a posture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from everyhop.dialects.postgresql import conf, hba
from everyhop.dialects.postgresql.hba import Verifiers
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Listener, Version

_PRODUCT = "postgresql"
# ssl_min_protocol_version came with 12 as TLSv1; 13 made the default TLSv1.2 (release notes).
_DEFAULT_FLOOR = Floor.TLS_1_2
_OLD_DEFAULT_FLOOR = Floor.TLS_1_0
_HEADING = "# Written by everyhop. What stands here wins over postgresql.conf, because it is included at its end.\n"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificate, key and (for client certificates) trust anchors and revocation lists lie on the server's host.

    `client_crl` needs the lists of all authorities above a client: without the root's PostgreSQL refuses every client.
    """

    certificate: str
    key: str
    client_anchors: str | None = None
    client_crl: str | None = None


class Sight(Enum):
    """Whether all of a server's `postgresql.conf` is there, or other files may say more."""

    WHOLE = "whole"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Wording:
    """What `write` gives: the text of a drop-in for `postgresql.conf`, and the whole of `pg_hba.conf`."""

    conf: str
    hba: str


def read(settings: Mapping[str, str], hba_text: str, version: Version | None = None) -> Listener:
    """What a server with these settings and this `pg_hba.conf` takes from whoever connects over the network."""
    if not conf.is_on(settings.get("ssl", "off")):
        bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
        return Listener(_PRODUCT, version, bounds, why="ssl is off: every connection is plaintext")
    plain = hba.admits_plaintext(hba_text)
    assurance = Assurance.OPPORTUNISTIC if plain else Assurance.ENCRYPTED
    posture = Posture(assurance, _floor(settings, version), _client_auth(settings, hba_text))
    why = "pg_hba.conf lets somebody in without TLS" if plain else "ssl is on and pg_hba.conf lets nobody in without it"
    return Listener(_PRODUCT, version, Bounds.exactly(posture), why=why)


def seen(settings: Mapping[str, str] | None, hba_text: str | None, complete: Sight) -> Listener:
    """What a server takes from other machines, as far as the files that are here tell; None is a file that is not.

    Raises `SettingsError` for words that the server would not take.
    """
    wanted = settings or {}
    told = settings is not None and (complete is Sight.WHOLE or "ssl" in settings)
    tls = conf.is_on(wanted.get("ssl", "off")) if told else None
    if tls is False:
        bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
        return Listener(_PRODUCT, None, bounds, why="ssl is off: every connection is plaintext")
    plain = hba.admits_plaintext_from_afar(hba_text) if hba_text is not None else None
    if plain is False and hba.has_includes(hba_text or ""):
        plain = None
    low = Assurance.PLAINTEXT if tls is None and plain is not False else Assurance.OPPORTUNISTIC
    low = Assurance.ENCRYPTED if plain is False else low
    high = Assurance.OPPORTUNISTIC if plain else Assurance.ENCRYPTED
    written = "ssl_min_protocol_version" in wanted or (told and complete is Sight.WHOLE)
    floors = (_floor(wanted, None),) * 2 if written else (Floor.NONE, Floor.TLS_1_3)
    whole = told and hba_text is not None and complete is Sight.WHOLE
    auth = (_client_auth(wanted, hba_text or ""),) * 2 if whole else (ClientAuth.ABSENT, ClientAuth.REQUIRED)
    bounds = Bounds(Posture(low, floors[0], auth[0]), Posture(high, floors[1], auth[1]))
    why = {
        True: "pg_hba.conf lets somebody in without TLS",
        False: "pg_hba.conf lets nobody in without TLS",
        None: "whether pg_hba.conf lets somebody in without TLS is not to be seen here",
    }[plain]
    return Listener(_PRODUCT, None, bounds, why=why)


def write(
    posture: Posture,
    files: TlsFiles,
    hba_text: str,
    *,
    suites: tuple[str, ...] = (),
    verifiers: Verifiers = Verifiers.UNKNOWN,
) -> Wording:
    """The drop-in and the `pg_hba.conf` for `posture`; `suites` are those for TLS 1.2.

    An `ssl_ca_file` that is set elsewhere stays, if `posture` asks for no client authentication.

    Raises `SettingsError` for a posture that no PostgreSQL listener can have.
    """
    _refuse_impossible(posture, files)
    if posture.assurance is Assurance.PLAINTEXT:
        return Wording(f"{_HEADING}ssl = off\n", hba_text)
    lines = {
        "ssl": "on",
        "ssl_cert_file": conf.quoted(files.certificate),
        "ssl_key_file": conf.quoted(files.key),
        "ssl_min_protocol_version": conf.quoted(posture.floor.word or ""),
        "password_encryption": conf.quoted("scram-sha-256"),
    }
    if files.client_anchors:
        lines["ssl_ca_file"] = conf.quoted(files.client_anchors)
    if files.client_crl:
        lines["ssl_crl_file"] = conf.quoted(files.client_crl)
    if suites:
        lines["ssl_ciphers"] = conf.quoted(":".join(suites))
    drop_in = _HEADING + "".join(f"{name} = {value}\n" for name, value in lines.items())
    return Wording(drop_in, _hba(posture, hba_text, verifiers))


def _hba(posture: Posture, text: str, verifiers: Verifiers) -> str:
    if verifiers is Verifiers.SCRAM:
        text = hba.with_scram(text)
    if posture.assurance is Assurance.ENCRYPTED:
        text = hba.refusing_plaintext(text)
    return hba.demanding_certificates(text) if posture.client_auth is ClientAuth.REQUIRED else text


def _refuse_impossible(posture: Posture, files: TlsFiles) -> None:
    if posture.assurance > Assurance.ENCRYPTED:
        raise SettingsError(
            f"no listener can promise {posture.assurance.word}",
            hint="the dialer alone verifies; ask encrypted of the listener",
        )
    if posture.assurance is Assurance.PLAINTEXT:
        if posture != Posture(Assurance.PLAINTEXT):
            raise SettingsError("without TLS there is neither a floor nor a client certificate")
    elif posture.floor is Floor.NONE:
        raise SettingsError("PostgreSQL cannot be told to have no floor", hint="TLSv1 is the lowest that it knows")
    elif (files.client_anchors is None) != (posture.client_auth is ClientAuth.ABSENT):
        raise SettingsError("client certificates need the anchors that they are held against, and only they do")
    elif files.client_crl is not None and files.client_anchors is None:
        raise SettingsError("a revocation list is of use only where client certificates are asked for")
    elif posture.client_auth is ClientAuth.REQUIRED and posture.assurance is not Assurance.ENCRYPTED:
        raise SettingsError("client certificates can only be demanded where plaintext is refused")


def _floor(settings: Mapping[str, str], version: Version | None) -> Floor:
    written = settings.get("ssl_min_protocol_version")
    if written is not None:
        try:
            return Floor.parse(_CANONICAL.get(written.lower(), written))
        except ValueError as error:
            raise SettingsError(str(error), key="ssl_min_protocol_version") from error
    return _OLD_DEFAULT_FLOOR if version is not None and version.value.startswith("12.") else _DEFAULT_FLOOR


_CANONICAL = {(floor.word or "").lower(): floor.word or "" for floor in Floor if floor.word}
"""The server compares enumerated values without case."""


def _client_auth(settings: Mapping[str, str], hba_text: str) -> ClientAuth:
    """PostgreSQL asks for a certificate as soon as it has anchors; whether it insists stands in `pg_hba.conf`."""
    if not settings.get("ssl_ca_file"):
        return ClientAuth.ABSENT
    open_to = [r for r in hba.records(hba_text) if r.kind in hba.TLS_TYPES and r.admits]
    demanded = bool(open_to) and all(r.kind == "hostssl" and r.demands_certificate() for r in open_to)
    return ClientAuth.REQUIRED if demanded else ClientAuth.OPTIONAL
