"""What Connector/Python promises with the settings that it gets: which build of it, which switches, which files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects.mysql_case import Case
from everyhop.dialects.mysql_connector.options import SIGNATURE, SWITCHES, TLS, Build, may_be, with_files
from everyhop.dialects.settings import SOME_FILE, UNRESOLVED, DialerSettings
from everyhop.model.posture import BOTTOM, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer

_KNOWN_TLS: Final = frozenset({"TLSv1.2", "TLSv1.3"})
_CLEAR: Final = "mysql_clear_password"


def read(settings: DialerSettings) -> Dialer:
    """What Connector/Python makes of these settings."""
    readings = [partial(_read, settings=settings, build=build) for build in Build]
    return mysql_case.read(settings, SIGNATURE, *readings)


def _read(case: Case, settings: DialerSettings, build: Build) -> tuple[Bounds, str] | None:
    known = with_files(case, settings.files)
    if not may_be(build, case, settings.build, known=known):
        return None
    _note_refusals(case, settings, build)
    floor = _floor(case)
    case.warn_of_texts(*SWITCHES)
    keywords = case.keywords
    if keywords.get("unix_socket") or keywords.get("ssl_disabled"):
        bounds, why = Bounds.exactly(BOTTOM), _WHY["socket" if keywords.get("unix_socket") else "disabled"]
        case.ignore(*[name for name in TLS if keywords.get(name)])
        if keywords.get("auth_plugin") == _CLEAR:
            case.refuse("auth_plugin", "InterfaceError")
        gives_password = build is Build.PURE
    else:
        posture, why = _posture(case, build, floor)
        bounds, gives_password = Bounds.exactly(posture), True
        pure_too = may_be(Build.PURE, case, settings.build, known=known)
        if not pure_too and posture.assurance < Assurance.ENCRYPTED and not _may_be_clear(case, settings):
            case.note("kept-without-tls")
    if not known:
        case.note("option-file")
        bounds, why = _beside_a_file(keywords, bounds), f"{why}; what the option file that is named adds is not known"
        gives_password = True
    if case.span == 0 and bounds.high.assurance:
        low = Posture(Assurance.PLAINTEXT, Floor.NONE, bounds.low.client_auth)
        bounds, why = bounds.widen(Bounds.exactly(low)), f"{_WHY['before 8.0.33']}; since then: {why}"
    if gives_password:
        case.note("clear-password")
    return bounds, why


def _may_be_clear(case: Case, settings: DialerSettings) -> bool:
    """Whether the plugin that is named makes the C extension give the password in clear without TLS as well."""
    return case.keywords.get("auth_plugin") == _CLEAR or mysql_case.given(settings).get("auth_plugin") is UNRESOLVED


def _note_refusals(case: Case, settings: DialerSettings, build: Build) -> None:
    keywords = case.keywords
    if isinstance(keywords.get("dns_srv", False), str):
        case.refuse("dns_srv", "InterfaceError")  # it has to be a boolean
    suites = keywords.get("tls_ciphersuites")
    if isinstance(suites, str) and not (suites.startswith("[") and suites.endswith("]")):
        case.refuse("tls_ciphersuites", "AttributeError")
    if keywords.get("ssl_cipher"):
        case.ignore("ssl_cipher")
    pair = {name: keywords[name] for name in ("ssl_cert", "ssl_key") if name in keywords}
    if len(pair) == 1 or (len(pair) == 2 and None in pair.values() and any(pair.values())):
        if UNRESOLVED in map(mysql_case.given(settings).get, ("ssl_cert", "ssl_key")):
            # One without the other connects to nothing: what is known only at run time is there.
            case.keywords = {"ssl_cert": SOME_FILE, "ssl_key": SOME_FILE, **keywords}
        else:
            case.refuse("ssl_cert" if pair.get("ssl_cert") else "ssl_key", "AttributeError")
    off = keywords.get("ssl_disabled", False)
    if build is Build.C and not isinstance(off, bool) and not (isinstance(off, str) and off):
        case.refuse("ssl_disabled", "TypeError")  # a text that is true ends TLS before the C code sees it


def _posture(case: Case, build: Build, floor: Floor) -> tuple[Posture, str]:
    """What is promised where TLS is not switched off, and why."""
    chain, name = _is_on(case, build, "ssl_verify_cert"), _is_on(case, build, "ssl_verify_identity")
    shown = ClientAuth.OPTIONAL if case.keywords.get("ssl_cert") else ClientAuth.ABSENT
    insists = chain if build is Build.PURE else name
    assurance, kind = Assurance.OPPORTUNISTIC, "default"
    if insists:
        # The pure one checks the chain and, if asked, the name; libmysqlclient's VERIFY_IDENTITY is both.
        assurance = Assurance.IDENTITY_VERIFIED if name else Assurance.CHAIN_VERIFIED
        kind = "verified" if name else "pure chain"
    elif chain or name:
        case.note("strippable-check")
        kind = "pure name" if build is Build.PURE else "c chain"
    elif case.keywords.get("ssl_ca"):
        kind = "ca alone"
    elif shown:
        kind = "pair alone"
    if chain or name:
        _note_anchors(case, build)
    if name:
        case.note("cn-fallback")
    case.assume_files(*[case.keywords.get(file) for file in ("ssl_ca", "ssl_cert", "ssl_key")])
    return Posture(assurance, floor, shown), _WHY[kind]


def _is_on(case: Case, build: Build, name: str) -> bool:
    """Whether a switch is on. The C extension refuses what is true and no boolean: then it counts as off."""
    value = case.keywords.get(name)
    if build is Build.C and value and not isinstance(value, bool):
        case.refuse(name, "TypeError")
        return False
    return bool(value)


def _note_anchors(case: Case, build: Build) -> None:
    """The C extension hands on an empty file name; Python's own context has no anchors with `tls_versions`."""
    own_context = build is Build.PURE and case.keywords.get("tls_versions") is None
    if not case.keywords.get("ssl_ca"):
        case.note("system-anchors" if own_context else "anchors-needed")
    elif own_context:
        case.note("system-anchors-too")


def _floor(case: Case) -> Floor:
    """TLS 1.2, but with `tls_versions` of 1.3 alone; what is older is dropped, and with nothing left it raises."""
    given = case.keywords.get("tls_versions")
    if given is None:
        return Floor.TLS_1_2
    names: list[str] = []
    if isinstance(given, str) and given.startswith("[") and given.endswith("]"):
        names = [part.strip() for part in given[1:-1].split(",") if part.strip()]
    elif isinstance(given, (list, set, frozenset, tuple)):
        names = [str(part) for part in given]
    usable = _KNOWN_TLS.intersection(names)
    if not usable or len(names) != len(set(names)):
        old = names and len(names) == len(set(names))
        case.refuse("tls_versions", "NotSupportedError" if old and names[0].startswith("TLSv1") else "AttributeError")
    return Floor.TLS_1_3 if usable == {"TLSv1.3"} else Floor.TLS_1_2


def _beside_a_file(keywords: Mapping[str, object], bounds: Bounds) -> Bounds:
    """What an option file of which nothing is known may add to what the call leaves open; it takes nothing back."""
    if "ssl_disabled" not in keywords or "unix_socket" not in keywords:
        bounds = bounds.widen(Bounds.exactly(BOTTOM))
    if keywords.get("ssl_disabled") or {"ssl_verify_cert", "ssl_verify_identity"} <= keywords.keys():
        return bounds
    return bounds.widen(Bounds.exactly(Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3, ClientAuth.OPTIONAL)))


_WHY: Final[Mapping[str, str]] = {
    "disabled": "ssl_disabled turns TLS off, whatever else is set; in a URL every text is true, `false` as well",
    "socket": "on a unix socket Connector/Python speaks no TLS, whatever is set: the kernel carries the bytes",
    "before 8.0.33": "what Connector/Python before 8.0.33 makes of this was not measured",
    "default": "Connector/Python without ssl_verify_cert and ssl_verify_identity encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "ca alone": "ssl_ca alone verifies nothing and insists on nothing: "
    "it takes ssl_verify_cert and ssl_verify_identity as well",
    "pair alone": "ssl_cert and ssl_key show a certificate and verify nothing: "
    "whoever sits on the path answers that there is no TLS, and it goes on in plaintext",
    "verified": "Connector/Python verifies the chain and the name: only the real server is believed",
    "pure chain": "Connector/Python verifies the chain but not the name: any certificate of that authority is believed",
    "pure name": "in pure Python ssl_verify_identity without ssl_verify_cert looks at the certificate only if there is "
    "TLS: whoever answers that there is none is believed",
    "c chain": "in the C extension ssl_verify_cert without ssl_verify_identity looks at the chain only if there is "
    "TLS: whoever answers that there is none is believed",
}
