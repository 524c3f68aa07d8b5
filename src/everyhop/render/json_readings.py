"""A reading as JSON: what kind of thing was seen, and everything that was seen of it."""

from __future__ import annotations

from typing import Final

from everyhop.dialects.app_servers import CALLS, PROGRAMS
from everyhop.model.endpoint import Locality
from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Side
from everyhop.model.sighting import (
    Agreement,
    AppServer,
    Cookie,
    Debugger,
    Dialer,
    KeyFile,
    Listener,
    LoginRule,
    ProxyTrust,
    Reading,
    ServedChain,
    Site,
    Subject,
    Suites,
)
from everyhop.model.wire import Wire
from everyhop.render.json_values import (
    Json,
    bounds_json,
    chain_json,
    posture_or_bounds,
    span_json,
    version_json,
)

_WEB: Final = {
    *("nginx", "apache", "gunicorn", "flask", "haproxy", "http", "https", "browser"),
    *{names.product for names in (*PROGRAMS.values(), *CALLS.values())},
}


def reading_json(reading: Reading, local: bool | None = None) -> Json:  # noqa: FBT001 - a value that is passed on
    """`Reading`; `local` is what policy says of its hop, by default whether it stays on this machine."""
    span = next((item for item in reading.evidence if isinstance(item, SourceSpan)), None)
    here = reading.endpoint is not None and reading.endpoint.locality is not Locality.NETWORK
    return {
        **_subject(reading.subject, _kind_of_wire(reading)),
        **span_json(span),
        "endpoint": str(reading.endpoint) if reading.endpoint else None,
        "local": here if local is None else local,
        "hop": reading.hop.name if reading.hop else None,
        "origin": reading.origin.value,
    }


def _kind_of_wire(reading: Reading) -> str:
    if reading.hop is not None:
        return "http" if reading.hop.wire is Wire.HTTP else "database"
    return "http" if reading.subject.product in _WEB else "database"


def _subject(subject: Subject, wire: str) -> Json:
    match subject:
        case Dialer():
            return {
                **_head(Side.DIALER, f"{wire}-dialer", subject),
                "driver": subject.driver,
                "driver_version": version_json(subject.version),
                **posture_or_bounds(subject.bounds),
                "notes": list(subject.notes),
                "why": subject.why,
            }
        case Listener():
            return {
                **_head(Side.LISTENER, f"{wire}-listener", subject),
                **_no_driver(),
                "product_version": version_json(subject.version),
                **posture_or_bounds(subject.bounds),
                "notes": list(subject.notes),
                "why": subject.why,
            }
        case ServedChain():
            judged = {"trusted": subject.trusted, "name_matches": subject.name_matches, "name": subject.name}
            served = {"chain": chain_json(subject.chain), **judged}
            return _other(_head(Side.LISTENER, "certificate", subject), served, subject.why)
        case Site():
            site: Json = {
                "https": subject.https,
                "redirects": subject.redirects,
                "hsts_max_age": subject.hsts_max_age,
                "hsts_applies": subject.hsts_applies,
                "hsts_elsewhere": subject.hsts_elsewhere,
                "hsts_unread": subject.hsts_unread,
                "hsts_without": list(subject.hsts_without),
                "hsts_over_http": subject.hsts_over_http,
            }
            return _other(_head(Side.LISTENER, "header", subject), site)
        case Cookie():
            cookie = {
                "name": subject.name,
                "secure": subject.secure,
                "http_only": subject.http_only,
                "sent": subject.sent,
            }
            return _other(_head(Side.LISTENER, "cookie", subject), cookie)
        case Suites():
            suites: Json = {"written": subject.written, "weak": list(subject.weak)}
            return _other(_head(Side.LISTENER, "suites", subject), suites)
        case LoginRule():
            login: Json = {"method": subject.method, "written": subject.written, "network": subject.network}
            return _other(_head(Side.LISTENER, "login-rule", subject), login)
        case ProxyTrust():
            return _other(_head(Side.LISTENER, "proxy-trust", subject), {"trusted": subject.trusted})
        case AppServer():
            server: Json = {
                "command": subject.command,
                "development": subject.development,
                "debug": subject.debugger is Debugger.ON,
                "debugger": subject.debugger.name.lower(),
                "certain": subject.certain,
            }
            return _other(_head(Side.LISTENER, "app-server", subject), server)
        case KeyFile():
            key: Json = {
                "path": subject.path,
                "key": subject.key,
                "encrypted": subject.encrypted,
                "mode": None if subject.mode is None else f"{subject.mode:04o}",
                "custody": subject.custody.name.lower(),
                "used_by": list(subject.used_by),
            }
            return _other(_head(Side.LISTENER, "key", subject), key)
        case Agreement():  # the judge keeps these to itself; a finding tells of them
            sides = {"declared": bounds_json(subject.declared), "observed": bounds_json(subject.observed)}
            return _other(_head(Side.DIALER, "agreement", subject), sides)


def _head(side: Side, kind: str, subject: Subject) -> Json:
    return {"side": side.value, "kind": kind, "product": subject.product}


def _no_driver() -> Json:
    return {"driver": None, "driver_version": None}


def _other(head: Json, detail: Json, why: str = "") -> Json:
    """A reading that is not about a posture: the keys of one that is, and what there is instead in `detail`."""
    return {**head, **_no_driver(), "posture": None, "notes": [], "why": why, "detail": detail}
