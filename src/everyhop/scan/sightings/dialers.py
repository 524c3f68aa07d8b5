"""Uses to readings: each alternative of a URL is read by its driver's dialect; one place is one reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import PLACEHOLDER, Dsn, Grammar
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, Locality
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import TOP, UNKNOWN, Bounds
from everyhop.model.sighting import Dialer, Gap, Origin, Reading
from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.values import Known, Made, Unknown, Value, defaulted, options, place
from everyhop.scan.sightings import passwords
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.libraries import OPENERS
from everyhop.scan.sightings.opener import Drivers
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.sightings.schemes import direct, is_database_url, product_of, unwrapped
from everyhop.scan.sightings.settings import Address, address, tables
from everyhop.scan.sightings.use import Use
from everyhop.scan.sightings.versions import Versions

RUN_TIME: Final = "known-only-at-run-time"
"""The note on a reading whose URL no file tells."""

# These read `postgresql://` themselves when they are called directly (asyncpg: connect_utils.py, by libpq's rules).
_LIBPQ: Final = frozenset({"psycopg2", "psycopg2cffi", "psycopg", "asyncpg"})


# A hole at the end that is no part of its own (`…/app{SUFFIX}`, `…:{PORT}{REST}`) may be a whole query; one
# in the place of an option may be any.
_OPEN_END: Final = re.compile(rf"\A[^?]*[A-Za-z0-9{PLACEHOLDER}]{PLACEHOLDER}\Z|[?&]{PLACEHOLDER}(?:&|\Z)")


SHOWN_IN: Final = "shown-in"
"""The note on a reading of a file that nobody deploys: `shown-in:tests`, `pipeline`, `docs`, `example`."""


@dataclass(frozen=True, slots=True)
class Dial:
    """A reading and the settings that it was made of (None: known only at run time). `at` is where a fix goes."""

    reading: Reading
    settings: DialerSettings | None
    at: SourceSpan


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads uses, with the versions that the project asks for, the hops met so far, and what libpq finds around it.

    `server_keys` are the files that the project's own listeners serve with.
    """

    versions: Versions
    hops: Hops
    environment: Environment
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
            case None if use.drivers:
                for keywords in tables(use.keywords):
                    yield self._keywords(use, self._driver(use.drivers, use), keywords)
                return
            case Known(value=None) if use.drivers:
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
        rest: Mapping[str, object] = {ANY_OPTION: UNRESOLVED} if _OPEN_END.search(written.written) else {}
        for keywords in tables(use.keywords):
            found = self._url(use, url, written, {**keywords, **rest})
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
            dsn, driver = self._addressed(use, written.written)
            if dsn.scheme and not registry.has_hop(dsn):
                return None
            sqlalchemy = self.versions.of_package("sqlalchemy", use.at.path)
            version = self.versions.of(driver or registry.driver_of(dsn, sqlalchemy)[0], use.at.path)
            settings = registry.resolve(
                dsn,
                connect_args=keywords,
                environment=self._surroundings(use),
                driver=driver,
                version=version,
                sqlalchemy=sqlalchemy,
            )
            dialer = registry.read(settings, sqlalchemy=sqlalchemy)
            certain = written.strict == written.written or settings.endpoint == self._strict(use, written, keywords)
        except SettingsError as error:
            if not is_database_url(written.written) or use.guessed:
                return None
            return self._unknown(use, "parts of the URL") if PLACEHOLDER in written.strict else _gap(at, error)
        shown = settings.dsn.masked() if settings.dsn else ""
        secrets = passwords.notes(settings, url, use.keywords, at, settled=certain)
        return self._dial(use, settings, _noted(dialer, *secrets), at, shown, certain=certain)

    def _strict(self, use: Use, written: Address, keywords: Mapping[str, object]) -> Endpoint | None:
        """Where it leads without the help of fallbacks; None where that is not known."""
        try:
            dsn, driver = self._addressed(use, written.strict)
            around = self._surroundings(use)
            return registry.resolve(dsn, connect_args=keywords, environment=around, driver=driver).endpoint
        except SettingsError:
            return None

    def _addressed(self, use: Use, text: str) -> tuple[Dsn, str | None]:
        """A text by the grammar of who gets it, and the driver, where it is called without SQLAlchemy."""
        if not use.drivers:
            return Dsn.parse(unwrapped(text)), None
        text, drivers = direct(text, use.drivers)
        driver = self._driver(drivers, use) if drivers else None
        libpq = "://" in text.partition("=")[0] and driver in _LIBPQ
        return Dsn.parse(text, driver, Grammar.LIBPQ_URL if libpq else None), driver

    def _surroundings(self, use: Use) -> Mapping[str, str]:
        """`PGSSLMODE` and its like: what libpq and asyncpg take where nothing else is said."""
        return self.environment.settled("PG", use.at.path)

    def _driver(self, drivers: Drivers, use: Use) -> str:
        """Of the drivers that it may go through, one that the project asks for; else the likeliest."""
        if len(drivers) == 1:
            return drivers[0]
        asked = self.versions.drivers(use.at.path)
        return next((driver for driver in drivers if driver in asked), drivers[0])

    def _keywords(self, use: Use, driver: str, keywords: Mapping[str, object]) -> Dial | Gap:
        try:
            version = self.versions.of(driver, use.at.path)
            settings = registry.from_keywords(driver, keywords, environment=self._surroundings(use), version=version)
            dialer = registry.read(settings)
        except SettingsError as error:
            return _gap(use.at, error)
        secrets = passwords.notes(settings, None, use.keywords, use.at, settled=True)
        noted = _noted(dialer, *use.notes, *secrets)
        return self._dial(use, settings, noted, use.at, _call(use, keywords), certain=True)

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
        shown_in = place_of(at.path)
        if shown_in is not Place.DEPLOYED:
            dialer = replace(dialer, notes=(*dialer.notes, f"{SHOWN_IN}:{shown_in.value}"))
        name = _hop_name(use, settings.product)
        hop = self.hops.at(endpoint, registry.WIRES[settings.product], name, settings.product)
        place = replace(at, snippet=shown, symbol=at.symbol or use.symbol)
        evidence = (place,) if _beside(at, use.at) else (place, replace(use.at, symbol=use.symbol))
        return Dial(Reading(dialer, Origin.DECLARED, endpoint, hop, evidence), settings, at)

    def _unknown(self, use: Use, name: str) -> Dial:
        """Nothing tells the URL: any posture is possible. What it leads to may be known by the drivers there are."""
        why = f"the database URL is known only at run time ({name}): set it here, or let everyhop verify ask the app"
        product = self._product(use)
        dialer = Dialer(
            product or "database", use.drivers[0] if len(use.drivers) == 1 else None, None, UNKNOWN, (RUN_TIME,), why
        )
        place = replace(use.at, snippet=use.symbol, symbol=use.symbol)
        hop = self.hops.at(None, registry.WIRES[product], _hop_name(use, product), product) if product else None
        return Dial(Reading(dialer, Origin.DECLARED, None, hop, (place,)), None, use.at)

    def _product(self, use: Use) -> str | None:
        """What a use can only lead to: every driver that it may go through speaks this product's wire."""
        asked = self.versions.drivers(use.at.path)
        drivers = (asked.intersection(use.drivers) or use.drivers) if use.drivers else asked
        products = sorted({product_of(driver) for driver in drivers}, reverse=True)
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
    name = use.symbol if use.symbol in OPENERS else f"{use.drivers[0]}.connect"
    return f"{name}({', '.join([*shown, '…'] if len(shown) < len(keywords) else shown)})"
