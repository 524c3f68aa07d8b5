"""Uses to readings: each alternative of a URL is read by its driver's dialect; one place is one reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import PLACEHOLDER, Dsn, Grammar
from everyhop.dialects.settings import DialerSettings
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, Locality
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import TOP, UNKNOWN, Bounds
from everyhop.model.sighting import Dialer, Gap, Origin, Reading
from everyhop.scan.resolve.values import Known, Made, Unknown, Value, defaulted, options, place
from everyhop.scan.sightings import passwords
from everyhop.scan.sightings.drivers import OPENERS
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.settings import Address, address, tables
from everyhop.scan.sightings.use import Use
from everyhop.scan.sightings.versions import Versions

RUN_TIME: Final = "known-only-at-run-time"
"""The note on a reading whose URL no file tells."""

_SCHEMES: Final = re.compile(r"(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_LIBPQ: Final = frozenset({"psycopg2", "psycopg"})


@dataclass(frozen=True, slots=True)
class Dial:
    """A reading and the settings that it was made of (None: known only at run time). `at` is where a fix goes."""

    reading: Reading
    settings: DialerSettings | None
    at: SourceSpan


def is_database_url(text: str) -> bool:
    """Whether a text begins like the URL of a database that is reached over a wire."""
    return _SCHEMES.match(text.strip()) is not None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads uses, with the versions that the project asks for and the hops met so far.

    `server_keys` are the files that the project's own listeners serve with.
    """

    versions: Versions
    hops: Hops
    server_keys: frozenset[str] = frozenset()

    def read(self, use: Use) -> Iterator[Dial | Gap]:
        """The readings of a use: one for each place where a value for it stands."""
        urls = options(use.url) if use.url is not None else (None,)
        dials: dict[SourceSpan, list[Dial]] = {}
        for url in urls:
            for found in self._alternatives(use, url):
                if isinstance(found, Gap):
                    yield found
                else:
                    dials.setdefault(found.at, []).append(found)
        for group in dials.values():
            yield _together(group)

    def _alternatives(self, use: Use, url: Value | None) -> Iterator[Dial | Gap]:
        match url:
            case None if use.driver is not None:
                for keywords in tables(use.keywords):
                    yield self._keywords(use, use.driver, keywords)
                return
            case Known(value=None) if use.driver is not None:
                yield from self._alternatives(use, None)
                return
            case Known(value=value) if not isinstance(value, str):
                return
            case Unknown(name=name, fallback=fallback) if fallback is not None:
                yield from self._defaulted(use, name, fallback)
                return
        written = address(url) if url is not None else None
        if written is None or written.written.startswith(PLACEHOLDER):
            yield self._unknown(use, _called(url))
            return
        for keywords in tables(use.keywords):
            found = self._url(use, url, written, keywords)
            if found is not None:
                yield found

    def _defaulted(self, use: Use, name: str, fallback: Value) -> Iterator[Dial | Gap]:
        """A default is read as what it is, unless it is harmless: then what is set at run time may not be."""
        quiet = True
        for option in options(fallback):
            for found in self._alternatives(use, defaulted(option, name) if name else option):
                if isinstance(found, Dial) and _is_local(found.reading):
                    continue
                quiet = False
                yield found
        if quiet:
            yield self._unknown(use, f"{name}, by default local" if name else "by default local")

    def _url(self, use: Use, url: Value | None, written: Address, keywords: Mapping[str, object]) -> Dial | Gap | None:
        at = (place(url) if url is not None else None) or use.at
        try:
            dsn = _dsn(use, written.written)
            if dsn.scheme and not registry.has_hop(dsn):
                return None
            sqlalchemy = self.versions.of_package("sqlalchemy", use.at.path)
            driver = use.driver or registry.driver_of(dsn, sqlalchemy)[0]
            version = self.versions.of(driver, use.at.path)
            settings = registry.resolve(
                dsn, connect_args=keywords, driver=use.driver, version=version, sqlalchemy=sqlalchemy
            )
            dialer = registry.read(settings, sqlalchemy=sqlalchemy)
            certain = written.strict == written.written or settings.endpoint == self._strict(use, written, keywords)
        except SettingsError as error:
            return _refused(use, written, error, at)
        shown = settings.dsn.masked() if settings.dsn else ""
        secrets = passwords.notes(settings, url, use.keywords, at, settled=certain)
        return self._dial(use, settings, _noted(dialer, *secrets), at, shown, certain=certain)

    @staticmethod
    def _strict(use: Use, written: Address, keywords: Mapping[str, object]) -> Endpoint | None:
        """Where it leads without the help of fallbacks."""
        return registry.resolve(_dsn(use, written.strict), connect_args=keywords, driver=use.driver).endpoint

    def _keywords(self, use: Use, driver: str, keywords: Mapping[str, object]) -> Dial | Gap:
        try:
            version = self.versions.of(driver, use.at.path)
            settings = registry.from_keywords(driver, keywords, version=version)
            dialer = registry.read(settings)
        except SettingsError as error:
            return _gap(use.at, error)
        secrets = passwords.notes(settings, None, use.keywords, use.at, settled=True)
        return self._dial(use, settings, _noted(dialer, *secrets), use.at, _call(use, keywords), certain=True)

    def _dial(
        self, use: Use, settings: DialerSettings, dialer: Dialer, at: SourceSpan, shown: str, *, certain: bool
    ) -> Dial:
        endpoint = settings.endpoint
        key = client_key.of(settings)
        if key in self.server_keys:
            dialer = _noted(dialer, f"server-key:{key}")
        if not certain and endpoint is not None and endpoint.locality is not Locality.NETWORK:
            endpoint = None
            why = "the host is this machine only as long as nothing else is set at run time"
            dialer = replace(dialer, bounds=Bounds(dialer.bounds.low, TOP), notes=(*dialer.notes, RUN_TIME), why=why)
        name = _hop_name(use, settings.product)
        hop = self.hops.at(endpoint, registry.WIRES[settings.product], name, settings.product)
        place = replace(at, snippet=shown, symbol=at.symbol or use.symbol)
        evidence = (place,) if _beside(at, use.at) else (place, replace(use.at, symbol=use.symbol))
        return Dial(Reading(dialer, Origin.DECLARED, endpoint, hop, evidence), settings, at)

    def _unknown(self, use: Use, name: str) -> Dial:
        """Nothing tells the URL: any posture is possible. What it leads to may be known by the drivers there are."""
        why = f"the database URL is known only at run time ({name}): set it here, or let everyhop verify ask the app"
        product = self._product(use)
        dialer = Dialer(product or "database", use.driver, None, UNKNOWN, (RUN_TIME,), why)
        place = replace(use.at, snippet=use.symbol, symbol=use.symbol)
        hop = self.hops.at(None, registry.WIRES[product], _hop_name(use, product), product) if product else None
        return Dial(Reading(dialer, Origin.DECLARED, None, hop, (place,)), None, use.at)

    def _product(self, use: Use) -> str | None:
        """What a use can only lead to: every driver that it may go through speaks this product's wire."""
        drivers = {use.driver} if use.driver else self.versions.drivers(use.at.path)
        products = sorted({registry.from_keywords(driver, {}).product for driver in drivers}, reverse=True)
        wires = {registry.WIRES[product] for product in products}
        return products[0] if len(wires) == 1 else None  # mysql before mariadb: the wire's own name


def _noted(dialer: Dialer, *notes: str) -> Dialer:
    """The dialer with what an observer has to remark on it."""
    return replace(dialer, notes=tuple(dict.fromkeys((*dialer.notes, *notes)))) if notes else dialer


def _called(url: Value | None) -> str:
    """What a person would call a value that is not known."""
    match url:
        case Unknown(name=name):
            return name
        case Made(callee=callee):
            return f"{callee}()"
        case _:
            return "the URL"


def _hop_name(use: Use, product: str) -> str:
    return use.symbol if use.setting else f"app-{product}"


def _dsn(use: Use, text: str) -> Dsn:
    """A text by the grammar of who gets it: a driver called directly is no SQLAlchemy."""
    direct = use.driver is not None and "://" in text.partition("=")[0]
    return Dsn.parse(text, use.driver, Grammar.LIBPQ_URL if direct and use.driver in _LIBPQ else None)


def _beside(at: SourceSpan, use: SourceSpan) -> bool:
    """Whether a value stands in the line of its use, so that one place is enough to find both."""
    return (at.path, at.line) == (use.path, use.line)


def _is_local(reading: Reading) -> bool:
    return reading.endpoint is not None and reading.endpoint.locality is not Locality.NETWORK


def _together(group: list[Dial]) -> Dial:
    """The alternatives of one place as one reading with the bounds of all of them."""
    first = group[0]
    dialers = [dial.reading.subject for dial in group if isinstance(dial.reading.subject, Dialer)]
    bounds = reduce(Bounds.widen, (dialer.bounds for dialer in dialers))
    last = group[-1]
    notes = tuple(dict.fromkeys(note for dialer in dialers for note in dialer.notes))
    if len({dialer.bounds for dialer in dialers}) == 1:
        return replace(last, reading=replace(last.reading, subject=replace(dialers[-1], notes=notes)))
    why = "it depends on the branch taken: " + "; or ".join(dict.fromkeys(d.why for d in dialers if d.why))
    return replace(
        first, reading=replace(first.reading, subject=replace(dialers[0], bounds=bounds, notes=notes, why=why))
    )


def _refused(use: Use, written: Address, error: SettingsError, at: SourceSpan) -> Gap | None:
    """A URL that cannot be read is a gap; one with holes in odd places, or a placeholder, is none."""
    plain = is_database_url(written.written) and PLACEHOLDER not in written.strict
    return _gap(at, error) if plain and not use.guessed else None


def _gap(at: SourceSpan, error: SettingsError) -> Gap:
    return Gap(f"{at.path}:{at.line}", error.message, error.hint or "everyhop explain tells how a URL is read")


def _call(use: Use, keywords: Mapping[str, object]) -> str:
    """The call as a person may see it: what names the place and what decides the posture, never a password."""
    telling = ("host", "hostaddr", "port", "unix_socket", "database", "dbname")
    shown = [
        f"{key}={value!r}".replace(PLACEHOLDER, "…")
        for key, value in keywords.items()
        if (key in telling or key.startswith(("ssl", "tls"))) and isinstance(value, str | int | bool)
    ]
    name = use.symbol if use.symbol in OPENERS else f"{use.driver}.connect"
    return f"{name}({', '.join([*shown, '…'] if len(shown) < len(keywords) else shown)})"
