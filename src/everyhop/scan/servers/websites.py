"""Web servers' settings as readings: sites that browsers dial, and upstreams that the proxy dials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from everyhop.dialects import apache, haproxy, suites
from everyhop.dialects.nginx import includes
from everyhop.dialects.nginx.served import served as nginx_sites
from everyhop.dialects.nginx.upstreams import upstreams as nginx_upstreams
from everyhop.dialects.sites import Place, Served, Upstream
from everyhop.errors import SourceError
from everyhop.model.endpoint import Endpoint, TcpEndpoint
from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Hop
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import Dialer, Gap, Origin, Reading, Sighting, Site, Subject, Suites
from everyhop.model.wire import Wire
from everyhop.scan.servers.keys import KeyUse
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.syntax import template
from everyhop.scan.workspace import Kind

BROWSER: Final = "browser"
_BROWSERS: Final = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)  # every browser since 2020
_MOST_PLACES: Final = 8  # of one upstream: more of them help nobody

Part = Served | Upstream | Gap


@dataclass(frozen=True, slots=True)
class Seen:
    """What a web server's settings say: sightings, and the keys that it serves with."""

    sightings: tuple[Sighting, ...]
    keys: tuple[KeyUse, ...]


def read(texts: Mapping[Kind, Mapping[str, str]], hops: Hops) -> Seen:
    """Every site and every upstream of the web servers' settings, texts by path for each kind."""
    reader = _Reader(hops)
    found: list[Sighting] = []
    for kind, (product, files_read) in _READERS.items():
        plain = {path: template.plain(text) for path, text in texts.get(kind, {}).items()}
        found += reader.read(product, Texts(plain), files_read(plain))
    return Seen((*found, *reader.upstreams()), tuple(reader.keys))


class _Reader:
    """Turns what the dialects read into readings; upstreams come last, when it is known how many there are."""

    def __init__(self, hops: Hops) -> None:
        self._hops = hops
        self._dialled: list[tuple[str, Upstream, SourceSpan]] = []
        self.keys: list[KeyUse] = []

    def read(self, product: str, texts: Texts, parts: Iterator[Part]) -> Iterator[Sighting]:
        for part in parts:
            if isinstance(part, Gap):
                yield part
            elif isinstance(part, Upstream):
                self._dialled.append((product, part, _span(part.place, texts)))
            else:
                yield from self._site(product, part, texts)

    def upstreams(self) -> Iterator[Reading]:
        """One reading for each end and posture, with all its places: an app is dialled from many locations."""
        groups: dict[tuple[str, Endpoint | None, Dialer], list[SourceSpan]] = {}
        for product, upstream, span in self._dialled:
            groups.setdefault((product, upstream.endpoint, upstream.dialer), []).append(span)
        ends = {endpoint for _, endpoint, _ in groups}
        for (product, endpoint, dialer), spans in groups.items():
            hop = self._hops.at(endpoint, Wire.HTTP, "app", _listener(endpoint, ends), product)
            yield _reading(dialer, hop, spans[:_MOST_PLACES])

    def _site(self, product: str, served: Served, texts: Texts) -> Iterator[Reading]:
        endpoint = TcpEndpoint(served.host, served.port) if served.host else None
        hop = self._hops.edge(endpoint, served.host or "edge", product)
        listening = _span(served.listening, texts)
        floored = [_span(served.floored, texts)] if served.floored is not None else []
        old = served.listener.bounds.high.floor < Floor.TLS_1_2 and served.listener.bounds.high.assurance
        yield _reading(served.listener, hop, [*floored, listening] if old else [listening, *floored])
        secure = served.listener.bounds.high.assurance is not Assurance.PLAINTEXT
        yield _reading(_browser(product, secure), hop, [listening])
        if served.site is not None:
            yield from self._browsers(served.site, served, hop, texts)
        if served.ciphers is not None:
            written, place = served.ciphers
            yield _reading(Suites(product, written, suites.weak(written)), hop, [_span(place, texts)])
        self.keys += [KeyUse(path, product, _span(place, texts)) for path, place in served.keys]

    def _browsers(self, site: Site, served: Served, hop: Hop, texts: Texts) -> Iterator[Reading]:
        """What is told to browsers, in two readings where two places of the settings say it."""
        if site.redirects is False and served.plain is not None:
            yield _reading(replace(site, hsts_applies=False), hop, [_span(served.plain, texts)])
            site = replace(site, redirects=None, hsts_over_http=False)
        headed = [_span(served.headed, texts)] if served.headed is not None else []
        beside = [_span(place, texts) for place in served.beside[:_MOST_PLACES]]
        yield _reading(site, hop, [*headed, _span(served.listening, texts), *beside])


def _of_nginx(texts: Mapping[str, str]) -> Iterator[Part]:
    """Whole configurations: files that others include are read where they are included."""
    parts = includes.included(texts)
    for main in [path for path in texts if path not in parts] or list(texts):
        try:
            configuration = includes.joined(main, texts)
            yield from list(nginx_sites(configuration))
            yield from list(nginx_upstreams(configuration))
        except SourceError as error:
            yield _gap(error, main)


def _of_apache(texts: Mapping[str, str]) -> Iterator[Part]:
    for path, text in texts.items():
        try:
            yield from list(apache.served(text, path, _beside(path, texts)))
            yield from list(apache.upstreams(text, path))
        except SourceError as error:
            yield _gap(error, path)


def _beside(path: str, texts: Mapping[str, str]) -> Mapping[str, str]:
    """The other files of a folder, all of which Apache includes."""
    folder = path.rpartition("/")[0]
    return {other: text for other, text in texts.items() if other != path and other.rpartition("/")[0] == folder}


def _of_haproxy(texts: Mapping[str, str]) -> Iterator[Part]:
    for path, text in texts.items():
        try:
            yield from list(haproxy.served(text, path))
            yield from list(haproxy.upstreams(text, path))
        except SourceError as error:
            yield _gap(error, path)


_READERS: Final[Mapping[Kind, tuple[str, Callable[[Mapping[str, str]], Iterator[Part]]]]] = {
    Kind.NGINX: ("nginx", _of_nginx),
    Kind.APACHE: ("apache", _of_apache),
    Kind.HAPROXY: ("haproxy", _of_haproxy),
}


def _gap(error: SourceError, path: str) -> Gap:
    where = f"{error.path or path}:{error.line}" if error.line else error.path or path
    return Gap(where, error.message, "mend it, or leave it out with --exclude")


def _span(place: Place, texts: Texts) -> SourceSpan:
    return texts.span(place.file, place.start, place.end, place.name)


def _reading(subject: Subject, hop: Hop, places: Iterable[SourceSpan]) -> Reading:
    return Reading(subject, Origin.DECLARED, hop.endpoint, hop, tuple(dict.fromkeys(places)))


def _browser(product: str, secure: bool) -> Dialer:  # noqa: FBT001 - what was read, not what to do
    if secure:
        return Dialer(product, BROWSER, None, Bounds.exactly(_BROWSERS))
    bounds = Bounds(Posture(Assurance.PLAINTEXT), _BROWSERS)
    why = "this site is served without TLS; whether something in front of it speaks TLS is not to be seen here"
    return Dialer(product, BROWSER, None, bounds, why=why)


def _listener(endpoint: Endpoint | None, ends: set[Endpoint | None]) -> str:
    """The app where there is one upstream only, else each by its host: its endpoint is all that tells them apart."""
    return endpoint.host if len(ends) > 1 and isinstance(endpoint, TcpEndpoint) else "app"
