"""How much of what published applications hold `scan` finds (recall), and how much of what it tells is so (precision).

labels/*.toml were written by hand from the packages' source before `scan` was run on them; they hold places and no
source. Most packages are `open`: their misses and inventions are listed, and `scan` may learn from them. The others are
`held`: numbers only (`--held`), and nobody tunes on them. Who labels has not read `scan`, and who teaches `scan` has
not read what is held. Once a miss of a held package has been looked at, it is open for good, and others are labelled
in its place.

A label is one place, of one of these kinds:

database-dialer     a connection to PostgreSQL, MySQL, MariaDB or CockroachDB, or to one of them that only the run
                    decides on: where its URL or settings stand or are put together, and each call that opens one.
                    What can only be SQLite, MongoDB or Redis is none, and neither are URLs in prose, help texts,
                    docstrings and comments, nor alembic.ini's `driver://user:pass@…`.
database-listener   a server of these products: a container, or its own configuration.
http-listener       a program that answers HTTP: app.run and the like, gunicorn and the like in code, commands and
                    configuration, a server block of nginx, a virtual host of Apache.
http-dialer         proxy_pass and the like.
cookie              where a cookie's Secure is decided: the setting, the call, and where neither is, the application
                    object that leaves it at its default.
header              HSTS: where it is set, or an extension that sets it.
proxy-trust         whose X-Forwarded-… are believed.
debug               a debugger or debug mode that is on, or that the environment can turn on.
key, certificate    a private key or a certificate that lies in the package.

`at` is path:line or path:first-last. `also` are places at which the same thing may as well be told: found there, it is
found. Settings and the calls that use them are often one reading, which then stands at all of them. `posture` is the
assurance, where reading the file settles it. `neutral` are places that can be seen either way: a reading there counts
for nothing. Tests, pipelines, docs and examples are left out altogether, labels and readings.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer, Listener, Reading, Suites
from everyhop.render.json_readings import reading_json
from everyhop.scan.servers.websites import BROWSER

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / ".corpus"
RECALL, PRECISION = 0.90, 0.92
OUTSIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|[^/]+[_-]tests?|docs?|examples?|\.github|[^/]*\.egg-info)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_tests?\.py|conftest\.py|tox\.ini|[^/]*\.(?:md|rst)|PKG-INFO)$"
)
# One reading may tell several things of one place: a web server's listener also tells that it debugs.
TOLD_BY = {
    "http-listener": {"http-listener", "app-server", "header"},
    "header": {"header", "http-listener"},
    "debug": {"debug", "app-server", "http-listener"},
    "proxy-trust": {"proxy-trust", "http-listener"},
    "key": {"key", "certificate"},
}


@dataclass(frozen=True)
class Place:
    """Lines of a file, both ends included."""

    path: str
    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Place:
        path, _, lines = text.rpartition(":")
        first, _, last = lines.partition("-")
        return cls(path, int(first), int(last or first))

    @classmethod
    def of(cls, span: SourceSpan) -> Place:
        return cls(span.path, span.line, max(span.line, span.end_line - (span.end_column == 1)))

    def meets(self, other: Place) -> bool:
        return self.path == other.path and self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.path}:{self.first}"


@dataclass(frozen=True)
class Label:
    kind: str
    places: tuple[Place, ...]
    posture: Assurance | None

    @classmethod
    def parse(cls, table: dict[str, Any]) -> Label:
        places = tuple(Place.parse(text) for text in (table["at"], *table.get("also", ())))
        return cls(table["kind"], places, Assurance.parse(table["posture"]) if "posture" in table else None)

    def told_by(self, seen: Seen) -> bool:
        return seen.kind in TOLD_BY.get(self.kind, {self.kind}) and any(map(seen.stands_at, self.places))


@dataclass(frozen=True)
class Seen:
    """A reading as far as it is compared: of which kind, where it stands and is used, between which assurances."""

    kind: str
    places: tuple[Place, ...]
    assurance: tuple[Assurance, Assurance] | None

    @classmethod
    def of(cls, reading: Reading) -> Seen | None:
        spans = [item for item in reading.evidence if isinstance(item, SourceSpan)]
        if not spans or OUTSIDE.search(spans[0].path):
            return None
        if isinstance(reading.subject, Dialer) and reading.subject.driver == BROWSER:
            return None  # what dials a site stands nowhere: it is concluded from the listener, told in its place
        if isinstance(reading.subject, Suites):
            return None  # nobody labelled those
        bounds = reading.subject.bounds if isinstance(reading.subject, Dialer | Listener) else None
        assurance = (bounds.low.assurance, bounds.high.assurance) if bounds else None
        return cls(reading_json(reading)["kind"], tuple(map(Place.of, spans)), assurance)

    def stands_at(self, place: Place) -> bool:
        return any(own.meets(place) for own in self.places)


@dataclass
class Tally:
    """Per kind: labels, those found, readings, those right. Then postures, and what to look at."""

    labels: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    readings: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    postures: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    inventions: list[str] = field(default_factory=list)
    mistaken: list[str] = field(default_factory=list)


def compare(name: str, labels: Sequence[Label], neutral: Sequence[Place], seen: Sequence[Seen], tally: Tally) -> None:
    for label in labels:
        tellers = [one for one in seen if label.told_by(one)]
        tally.labels[label.kind] += 1
        tally.found[label.kind] += bool(tellers)
        if not tellers:
            tally.misses.append(f"{label.kind:18} {name}: {label.places[0]}")
        elif label.posture is not None:
            settle(f"{label.kind:18} {name}: {label.places[0]}", label.posture, at(label.places[0], tellers), tally)
    for one in seen:
        if any(label.told_by(one) for label in labels):
            tally.right[one.kind] += 1
        elif any(map(one.stands_at, neutral)):
            continue
        else:
            tally.inventions.append(f"{one.kind:18} {name}: {one.places[0]}")
        tally.readings[one.kind] += 1


def at(place: Place, tellers: Sequence[Seen]) -> list[tuple[Assurance, Assurance]]:
    return [one.assurance for one in tellers if one.assurance and one.stands_at(place)]


def settle(where: str, posture: Assurance, told: Sequence[tuple[Assurance, Assurance]], tally: Tally) -> None:
    """Agreed: exactly that; wide: that, among others, or not told here; mistaken: anything but that."""
    if (posture, posture) in told:
        tally.postures["agreed"] += 1
    elif not told or any(low <= posture <= high for low, high in told):
        tally.postures["wide"] += 1
    else:
        tally.postures["mistaken"] += 1
        said = ", ".join("…".join(dict.fromkeys((low.word, high.word))) for low, high in told)
        tally.mistaken.append(f"{where} is {posture.word}, told {said}")


def measured(half: str) -> Tally:
    tally = Tally()
    for path, table in packages(half):
        root = CORPUS / table["root"]
        report = scan([root], Settings(), datetime.now(UTC))
        seen = dict.fromkeys(one for one in map(Seen.of, report.readings) if one is not None)
        labels = [Label.parse(place) for place in table["places"]]
        compare(path.stem, labels, [Place.parse(text) for text in table["neutral"]], list(seen), tally)
    return tally


def packages(half: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((HERE / "labels").glob("*.toml")):
        table = tomllib.loads(path.read_text())
        if table["half"] == half:
            yield path, table


def share(part: int, whole: int) -> str:
    return f"{part / whole:5.2f} ({part}/{whole})" if whole else "    –"


def show(half: str, tally: Tally) -> None:
    print(f"\n{half:20} {'recall':18} precision")
    for kind in sorted(tally.labels | tally.readings):
        recall = share(tally.found[kind], tally.labels[kind])
        print(f"  {kind:18} {recall:18} {share(tally.right[kind], tally.readings[kind])}")
    recall = share(tally.found.total(), tally.labels.total())
    print(f"  {'all':18} {recall:18} {share(tally.right.total(), tally.readings.total())}")
    print(f"  {'wanted':18} {RECALL:5.2f} {PRECISION:18.2f}")
    print(
        "  postures           " + ", ".join(f"{word} {tally.postures[word]}" for word in ("agreed", "wide", "mistaken"))
    )


def main() -> None:
    tally = measured("open")
    if "--held" in sys.argv[1:]:
        show("open", tally)
        show("held", measured("held"))
        return
    for title in ("misses", "inventions", "mistaken"):
        print(title, *(f"  {line}" for line in getattr(tally, title)), sep="\n")
    show("open", tally)


main()
