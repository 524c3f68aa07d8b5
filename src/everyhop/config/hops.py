"""`[hop.NAME]` and `[listener.NAME]`: the hops in the order of the file, and what answers at their ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from everyhop.config.settings import HopSettings, ListenerSettings
from everyhop.config.table import Table
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.model.hop import Hop
from everyhop.model.location import Location
from everyhop.model.nearest import did_you_mean
from everyhop.model.wire import Wire

PRODUCTS: Final = {
    "postgresql": Wire.POSTGRES,
    "cockroachdb": Wire.POSTGRES,
    "mysql": Wire.MYSQL,
    "mariadb": Wire.MYSQL,
    "nginx": Wire.HTTP,
    "apache": Wire.HTTP,
    "haproxy": Wire.HTTP,
    "gunicorn": Wire.HTTP,
    "flask": Wire.HTTP,
}
"""The products that can be named as a listener, with the wire that they speak."""

_ISSUERS = ("internal", "acme")
_DIALERS = ("browser", "app")
_HOP_KEYS = ("dialer", "endpoint", "app", "url_env", "require", "floor", "client_auth")
_APP = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(.*\))?")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")


def read_listeners(table: Table, hops: Table, folder: Path) -> dict[str, ListenerSettings]:
    """Every listener by the name of its hop. Paths are relative to the folder of the settings file."""
    listeners = {}
    for name in table.values:
        if name not in hops.values:
            near = did_you_mean(name, hops.values)
            raise table.fault(name, f"there is no hop {name!r}{near}", "a listener has the name of the hop it ends")
        entry = table.table(name)
        entry.only("product", "config", "certificate", "issuer")
        entry.needed("product", f"one of {', '.join(PRODUCTS)}")
        config = entry.text("config")
        listeners[name] = ListenerSettings(
            product=entry.one_of("product", list(PRODUCTS)) or "",
            config=folder / config if config else None,
            certificate=entry.text("certificate"),
            issuer=entry.one_of("issuer", _ISSUERS),
        )
    return listeners


def read_hops(
    table: Table, listeners: Mapping[str, ListenerSettings]
) -> tuple[tuple[Hop, ...], dict[str, HopSettings]]:
    """The hops in the order of the file, and where the dialer of each is to be found."""
    hops: list[Hop] = []
    settings: dict[str, HopSettings] = {}
    named = {name: listeners[name].product if name in listeners else name for name in table.values}
    for name in table.values:
        entry = table.table(name)
        entry.only(*_HOP_KEYS)
        settings[name] = _settings(entry)
        location = settings[name].location
        product = listeners[name].product if name in listeners else None
        wire = _wire(entry, location, product)
        first = wire is Wire.HTTP and all(hop.wire is not Wire.HTTP for hop in hops)
        dialer = entry.text("dialer") or ("browser" if first else "app")
        _refuse_misspelt(entry, dialer, [other for other in named if other != name])
        span = entry.span("endpoint" if location else None)
        endpoint = location.endpoint if location else None
        hops.append(Hop(name, named.get(dialer, dialer), named[name], wire, endpoint, span))
    return tuple(hops), settings


def _refuse_misspelt(entry: Table, dialer: str, hops: list[str]) -> None:
    """A dialer may have a name of its own (`worker`), but none that is nearly that of another hop, or of the usual two.

    Products are names as well: what a scan calls a proxy that it knows nothing else of.
    """
    known = [*hops, *_DIALERS, *PRODUCTS]
    near = "" if dialer in known else did_you_mean(dialer, known)
    if near:
        raise entry.fault(
            "dialer", f"there is no hop {dialer!r}{near}", "or give the dialer a name that is less like it"
        )


def _settings(entry: Table) -> HopSettings:
    app, url_env = entry.text("app"), entry.text("url_env")
    if app and url_env:
        raise entry.fault("url_env", "app and url_env exclude each other", "keep the one that tells the real settings")
    if app and not _APP.fullmatch(app):
        raise entry.fault("app", f"{app!r} is not MODULE:ATTRIBUTE", 'for example app = "wsgi:app"')
    if url_env and not _VARIABLE.fullmatch(url_env):
        raise entry.fault(
            "url_env",
            "the name of an environment variable is expected",
            'for example url_env = "DATABASE_URL"; a URL itself does not belong here',
        )
    hint = "scheme://host:port (postgresql, mysql, mariadb, cockroachdb, https), host:port or unix:/path"
    return HopSettings(app, url_env, entry.parsed("endpoint", Location.parse, hint))


def _wire(entry: Table, location: Location | None, product: str | None) -> Wire:
    """The wire that the scheme names, or else the listener's product, or else the usual port or socket."""
    told = location.wire if location else None
    spoken = PRODUCTS[product] if product else None
    if told and spoken and told is not spoken:
        message = f"{location} is not where a listener of {product} answers"
        raise entry.fault("endpoint", message, "correct the scheme here, or the product of the listener")
    wire = told or spoken or (_usual(location.endpoint) if location else None)
    if wire is None and location is None:
        raise entry.fault(None, "'endpoint' is missing", "where does this hop end? postgresql://host:port, for example")
    if wire is None:
        raise entry.fault("endpoint", f"{location} does not tell what is spoken there", "write scheme://host:port")
    return wire


def _usual(endpoint: Endpoint) -> Wire | None:
    match endpoint:
        case TcpEndpoint(port=80):
            return Wire.HTTP
        case TcpEndpoint():
            return next((wire for wire in Wire if wire.default_port == endpoint.port), None)
        case UnixEndpoint():
            name = endpoint.path.rpartition("/")[2]
            return Wire.POSTGRES if name.startswith(".s.PGSQL") else Wire.MYSQL if "mysql" in name else Wire.HTTP
