"""PgBouncer's settings as readings: a listener for the app, a dialer for each database behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.dialects import pgbouncer, suites
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint, port_of
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Gap, LoginRule, Origin, Reading, Sighting, Suites
from everyhop.model.wire import Wire
from everyhop.scan.servers.keys import KeyUse
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.hops import Hops

_PRODUCT: Final = "pgbouncer"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", ""})
_WEAK: Final = frozenset({"md5", "plain", "trust", "any"})
_TELLING: Final = ("client_tls_sslmode", "client_tls_protocols", "listen_addr", "listen_port", "auth_type")


def read(path: str, texts: Texts, hops: Hops) -> Iterator[Sighting]:
    """What one `pgbouncer.ini` says of both sides."""
    found = pgbouncer.options(texts.by_path[path], path)
    given = pgbouncer.settings(found)
    try:
        listener, dialer = pgbouncer.listener(given), pgbouncer.dialer(given)
    except SettingsError as error:
        yield Gap(path, error.message, error.hint or "mend it")
        return
    addresses = {word.strip() for word in given["listen_addr"].value.split(",")} if "listen_addr" in given else {""}
    port = (port_of(given["listen_port"].value) if "listen_port" in given else None) or pgbouncer.PORT
    here = TcpEndpoint("127.0.0.1", port) if addresses <= _LOOPBACK else None
    hop = hops.pooled(here, Wire.POSTGRES, _PRODUCT, port)
    told = [given[name] for name in _TELLING if name in given]
    first = [option for option in found if option.group == "pgbouncer"]
    places = [_span(option, texts) for option in told or first[:1] or found[:1]]
    yield Reading(listener, Origin.DECLARED, hop.endpoint, hop, tuple(places))
    if "client_tls_ciphers" in given:
        written = given["client_tls_ciphers"].value
        subject = Suites(_PRODUCT, written, suites.weak(written))
        yield Reading(subject, Origin.DECLARED, hop.endpoint, hop, (_span(given["client_tls_ciphers"], texts),))
    if "auth_type" in given and given["auth_type"].value in _WEAK:
        rule = LoginRule(_PRODUCT, given["auth_type"].value, f"auth_type = {given['auth_type'].value}", here is None)
        yield Reading(rule, Origin.DECLARED, hop.endpoint, hop, (_span(given["auth_type"], texts),))
    mode = [_span(given["server_tls_sslmode"], texts)] if "server_tls_sslmode" in given else []
    for database in pgbouncer.databases(found):
        onward = hops.at(
            database.endpoint, Wire.POSTGRES, database.name.strip("*") or "databases", "postgresql", _PRODUCT
        )
        place = texts.span(path, database.place.start, database.place.end, database.name)
        yield Reading(dialer, Origin.DECLARED, onward.endpoint, onward, (*mode, place))


def ports(text: str) -> dict[int, str]:
    """Where the pooler of one `pgbouncer.ini` listens, with its product."""
    given = pgbouncer.settings(pgbouncer.options(text))
    written = port_of(given["listen_port"].value) if "listen_port" in given else None
    return {written or pgbouncer.PORT: _PRODUCT}


def keys(paths: Iterable[str], texts: Texts) -> Iterator[KeyUse]:
    """The keys that poolers serve with."""
    for path in paths:
        option = pgbouncer.settings(pgbouncer.options(texts.by_path[path], path)).get("client_tls_key_file")
        if option is not None:
            yield KeyUse(option.value, _PRODUCT, _span(option, texts))


def _span(option: pgbouncer.Option, texts: Texts) -> SourceSpan:
    return texts.span(option.place.file, option.place.start, option.place.end, option.name)
