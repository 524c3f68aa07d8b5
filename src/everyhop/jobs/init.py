"""Init: the settings that a scan's hop map amounts to, and what it could not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.config.hops import PRODUCTS
from everyhop.config.load import parse, read
from everyhop.config.settings import HopSettings, ListenerSettings, Settings
from everyhop.config.write import location_text, written
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Hop, Topology
from everyhop.model.location import Location
from everyhop.model.posture import Assurance
from everyhop.model.report import HopState, Report
from everyhop.model.sighting import Dialer, Listener, Reading
from everyhop.model.wire import Wire

_HEAD: Final = "# The hops that everyhop init found. everyhop scan, probe, verify and audit go by them.\n\n"
_SETTING: Final = re.compile(r"^(?:sqlalchemy_)?(.+?)(?:_(?:url|uri|dsn))?$")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_TAKEN: Final = frozenset({"app", "browser"})  # who dials; a hop of this name would be taken for them


@dataclass(frozen=True, slots=True)
class Outline:
    """The text of an everyhop.toml, the settings that it means, and what nobody could tell, in a sentence each."""

    text: str
    settings: Settings
    unknown: tuple[str, ...]


def outline(report: Report) -> Outline:
    """The settings file for the hops of a scan. What it could not know stands in it as a comment, too."""
    hops: list[Hop] = []
    known: dict[str, HopSettings] = {}
    listeners: dict[str, ListenerSettings] = {}
    remarks: dict[str, list[str]] = {}
    for state in report.hops:
        found = [reading for reading in report.readings if reading.hop == state.hop]
        name = _free(_name(state.hop), known)
        product, told = _product(state.hop, found)
        url_env = _variable(found)
        location = _location(state, product)
        known[name] = HopSettings(None, url_env, location)
        end = location.endpoint if location else None
        if told or end is None:  # without an endpoint the product is all that tells what is spoken
            listeners[name] = ListenerSettings(product)
        hops.append(Hop(name, _dialer(state.hop, hops, listeners), product if told else name, state.hop.wire, end))
        remarks[name] = list(_missing(hops[-1], url_env))
        if not told:
            remarks[name].append("what answers there is not known: a [listener] of the same name tells its product")
    last = _last(hops, report)
    settings = Settings(topology=Topology(tuple(hops)), hops=known, listeners=listeners)
    text = _HEAD + written(settings, remarks, last)
    asked = dict.fromkeys(remark for told in remarks.values() for remark in told)
    unknown = [f"{remark} (hop {', '.join(n for n, told in remarks.items() if remark in told)})" for remark in asked]
    return Outline(text, read(parse(text, "everyhop.toml"), Path()), (*unknown, *last))


def _name(hop: Hop) -> str:
    """What a person would call a hop: the service it leads to, the setting that names it, or else the host."""
    if hop.listener not in PRODUCTS:
        return hop.listener.lower()
    if hop.name.startswith("app-") and isinstance(hop.endpoint, TcpEndpoint) and hop.endpoint.host[0].isalpha():
        return hop.endpoint.host.lower().partition(".")[0]
    setting = _SETTING.match(hop.name.lower())
    return (setting[1] if setting else hop.name.lower()).replace("_", "-")


def _free(name: str, taken: Mapping[str, object]) -> str:
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 3))
    return next(other for other in numbered if other not in taken and other not in _TAKEN)


def _dialer(hop: Hop, before: list[Hop], listeners: Mapping[str, ListenerSettings]) -> str:
    """Who opens a hop: the hop whose listener that is, where one of them alone has this product."""
    same = [other.name for other in before if other.name in listeners and listeners[other.name].product == hop.dialer]
    return same[0] if len(same) == 1 else hop.dialer


def _product(hop: Hop, readings: list[Reading]) -> tuple[str, bool]:
    """What answers there, and whether anything tells so; the listener's word counts before the driver's.

    MariaDB is reached with MySQL's drivers.
    """
    subjects = [reading.subject for reading in readings]
    told = [subject.product for kind in (Listener, Dialer) for subject in subjects if isinstance(subject, kind)]
    usual = {Wire.POSTGRES: "postgresql", Wire.MYSQL: "mysql", Wire.HTTP: "flask"}[hop.wire]
    known = next((product for product in told if PRODUCTS.get(product) is hop.wire), None)
    return known or usual, known is not None


def _location(state: HopState, product: str) -> Location | None:
    """Where a hop ends, as a person writes it; None where nobody knows, or nobody could write it."""
    hop, plain = state.hop, state.dialer is not None and state.dialer.high.assurance is Assurance.PLAINTEXT
    try:
        if plain and hop.wire is Wire.HTTP and isinstance(hop.endpoint, TcpEndpoint):
            return Location.parse(f"http://{hop.endpoint}")
        return Location.parse(location_text(hop.endpoint, hop.wire, product)) if hop.endpoint else None
    except ValueError:  # a host of a template, with blanks or braces in it
        return None


def _variable(readings: list[Reading]) -> str | None:
    """The environment variable that holds the URL, where one in a dotenv or compose file does."""
    spans = [item for reading in readings for item in reading.evidence if isinstance(item, SourceSpan)]
    return next(
        (
            span.symbol
            for span in spans
            if span.symbol and not span.path.endswith((".py", ".pyw")) and _VARIABLE.fullmatch(span.symbol)
        ),
        None,
    )


def _missing(hop: Hop, url_env: str | None) -> Iterator[str]:
    if hop.endpoint is None:
        yield 'its endpoint is known only at run time: endpoint = "scheme://host:port"'
    if url_env is None and hop.wire is not Wire.HTTP:  # no driver opens the others
        yield 'which application opens it is not known: app = "module:attribute", or url_env = "NAME"'


def _last(hops: list[Hop], report: Report) -> list[str]:
    told = []
    if not hops:
        told.append('no connection was found: [hop.db] endpoint = "postgresql://db.internal:5432" names one')
    if all(hop.wire is not Wire.HTTP for hop in hops):
        told.append('how the browser reaches the application is not known: [hop.edge] endpoint = "https://…"')
    loose = [r for r in report.readings if isinstance(r.subject, Dialer) and r.hop is None]
    if loose:
        told.append(f"{len(loose)} connections to a database are known only at run time, their product included")
    return told + [f"{gap.where} could not be looked at: {gap.reason}" for gap in report.gaps]
