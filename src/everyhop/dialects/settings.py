"""What a dialect reads and what it writes: a dialer's settings, before and after.

Nothing here knows a product. A dialect (one file per family of drivers) turns `DialerSettings` into a
`model.sighting.Dialer` and a posture into a `Spelling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import reduce
from itertools import product
from typing import Final, Protocol

from everyhop.dialects.dsn import PLACEHOLDER, Dsn
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Bounds, Floor, Posture
from everyhop.model.secret import Secret
from everyhop.model.sighting import Dialer, Version

ANY_OPTION: Final = "*"
"""The name of an option that stands for "further options that are known only at run time"."""


class Unresolved(Enum):
    """The value of an option that is known only at run time: it may be anything, or not be there at all."""

    VALUE = "…"


UNRESOLVED: Final = Unresolved.VALUE

_PROMISES: Final = frozenset({"channel-bound", "kept-without-tls"})
"""Notes that tell of something good; the others tell of traps."""

SOME_FILE: Final = "…"
"""Stands for a file of which nothing is known but that it is there, among the candidates of `alternatives`."""


class PeerCheck(Enum):
    """What an `ssl.SSLContext` of Python demands of the peer's certificate (`verify_mode`).

    `CERT_OPTIONAL` means REQUIRED here: on a client's socket both are the same (documentation of `ssl.CERT_OPTIONAL`).
    """

    NONE = "CERT_NONE"
    REQUIRED = "CERT_REQUIRED"


@dataclass(frozen=True, slots=True)
class PythonContext:
    """An `ssl.SSLContext`, as far as a posture depends on it: what a scanner can tell of the expression that makes one.

    The defaults are those of `ssl.create_default_context()` since Python 3.10. `anchors` is the file or folder of trust
    anchors; None is the system's store. `client_pair` are certificate and key to show (`load_cert_chain`).
    `common_name` tells whether a name only in the certificate's CN is believed (`hostname_checks_common_name`).
    """

    peer: PeerCheck = PeerCheck.REQUIRED
    check_hostname: bool = True
    anchors: str | None = None
    floor: Floor = Floor.TLS_1_2
    client_pair: tuple[str, str | None] | None = None
    common_name: bool = True


@dataclass(frozen=True, slots=True)
class DialerSettings:
    """Everything that decides how a driver opens a connection.

    `driver` is named as everywhere else (`psycopg2`, `mysqlclient` …). `options` is the URL's query, decoded, in order;
    `connect_args` are what `create_engine(connect_args=…)` or the call of the driver adds. `sqlalchemy` says that the
    options reach the driver through SQLAlchemy, which moves and converts some. `version` may also be a requirement
    (`>=1.1,<2`): what it leaves open becomes bounds. `build` is the version of the C library below the driver
    (libpq, Connector/C), where it is known. `endpoint` is None where it is known only at run time. `notes` are remarks
    from before any dialect had a look (`driver-assumed:…`).

    `files` are the texts of the files that a driver would read for further settings (libpq's service file, MySQL's
    option files), by the path under which the settings or the environment name them. A dialect opens nothing: a file
    that is named and not given here is known only at run time, and becomes bounds.
    """

    driver: str
    product: str
    endpoint: Endpoint | None = None
    options: tuple[tuple[str, object], ...] = ()
    connect_args: Mapping[str, object] = field(default_factory=dict, repr=False)  # there are passwords in these three
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    sqlalchemy: bool = True
    version: Version | None = None
    build: str | None = None
    dsn: Dsn | None = None
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def username(self) -> str | None:
        """The user, from the call or the URL."""
        given = self.connect_args.get("user")
        return given if isinstance(given, str) else (self.dsn.username if self.dsn else None)

    @property
    def password(self) -> Secret | None:
        """The password, from the call or the URL."""
        given = self.connect_args.get("password")
        if isinstance(given, str):
            return Secret(given)
        if isinstance(given, Secret) or self.dsn is None:
            return given if isinstance(given, Secret) else None
        queried = self.dsn.option("password")
        return queried if isinstance(queried, Secret) else self.dsn.password

    @property
    def database(self) -> str | None:
        """The database's name, from the URL."""
        return self.dsn.database if self.dsn else None


@dataclass(frozen=True, slots=True)
class Spelling:
    """What `write` gives: these settings, all of them, in place of those that were read.

    `url` is None where there was none to begin with. A value in `connect_args` may be a `PythonContext`: an
    `ssl.SSLContext` to be made like that.
    """

    url: Dsn | None
    connect_args: Mapping[str, object] = field(default_factory=dict, repr=False)  # there are passwords in both
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Dialect(Protocol):
    """How one family of drivers spells postures: a module with these six functions."""

    def endpoint(self, settings: DialerSettings) -> Endpoint | None:
        """Where the driver connects to; None where that is known only at run time."""

    def anchors(self, settings: DialerSettings) -> str | None:
        """The trust anchors that are named, whether they have an effect or not; None where none are."""

    def files_named(self, settings: DialerSettings) -> tuple[str, ...]:
        """The service and option files that the driver would read for further settings, as they are named.

        A name may begin with `~/`: it is in the home folder of whoever runs the application.
        """

    def read(self, settings: DialerSettings) -> Dialer:
        """What these settings really do."""

    def write(
        self,
        settings: DialerSettings,
        posture: Posture,
        anchors: str,
        client_pair: tuple[str, str] | None = None,
    ) -> Spelling:
        """The settings for `posture`, with all others left as they are; raises `SettingsError` if there are none."""

    def harden(self, settings: DialerSettings, spelling: Spelling) -> Spelling:
        """`spelling`, which `write` made of `settings` for `verify-full`, with what verification leaves open closed.

        Where this driver and this version can say it: no name from a certificate's CN, no password in clear to a
        server that asks for it, no `LOAD DATA LOCAL`, TLS 1.2 as floor. What stays open is in the notes of reading it.
        """


def resolved(value: object) -> object:
    """`UNRESOLVED` for a text with a part that is known only at run time, else the value itself."""
    return UNRESOLVED if isinstance(value, str) and PLACEHOLDER in value else value


def after(settings: DialerSettings, spelling: Spelling) -> DialerSettings:
    """The settings as they are once a spelling stands in their place."""
    options = spelling.url.options if spelling.url is not None else ()
    return replace(
        settings,
        dsn=spelling.url,
        options=tuple([(name, resolved(value)) for name, value in options]),
        connect_args=spelling.connect_args,
        environment=spelling.environment,
    )


def alternatives(
    options: Mapping[str, object], candidates: Mapping[str, tuple[object, ...]]
) -> Iterator[dict[str, object]]:
    """What the options may turn out to be: each unresolved one of `candidates` takes each of its values, or is absent.

    Unresolved options without candidates are left out: they do not matter to a posture. The work is the product of the
    candidates, which a dialect keeps to a few dozen.
    """
    if UNRESOLVED not in options.values():
        yield dict(options)
        return
    settled = {key: value for key, value in options.items() if value is not UNRESOLVED}
    open_names = [key for key, value in options.items() if value is UNRESOLVED and key in candidates]
    for choice in product(*((UNRESOLVED, *candidates[name]) for name in open_names)):
        chosen = zip(open_names, choice, strict=True)
        yield settled | {name: value for name, value in chosen if value is not UNRESOLVED}


def combined(dialers: Sequence[Dialer]) -> Dialer:
    """One reading of several that are possible: bounds around them all, the weakest's reason, and every note.

    But not a note that promises something which only some of them keep.
    """
    first = min(dialers, key=lambda dialer: dialer.bounds.low.assurance)
    if all(dialer.bounds == first.bounds and dialer.notes == first.notes for dialer in dialers):
        return first
    bounds = reduce(Bounds.widen, (dialer.bounds for dialer in dialers))
    kept = {note for note in _PROMISES if all(note in dialer.notes for dialer in dialers)}
    every = dict.fromkeys(note for dialer in dialers for note in dialer.notes)
    notes = tuple(note for note in every if note in kept or note not in _PROMISES)
    low, high = bounds.low.assurance, bounds.high.assurance
    why = first.why if low is high else f"not settled here ({low.word} to {high.word}); at worst: {first.why}"
    return replace(first, bounds=bounds, notes=notes, why=why)
