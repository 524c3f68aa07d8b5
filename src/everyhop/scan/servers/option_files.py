"""`my.cnf` and its drop-ins: what the server of MySQL or MariaDB is told, over all files that are there.

Which of the two products reads a file stands in it only where a group of MariaDB's does; else the reading holds for
both. A main file with all that it includes is the whole; a drop-in alone is a part, and what it does not say another
may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import basename, dirname, normpath
from typing import Final

from everyhop.dialects import mariadb, mysql, suites
from everyhop.dialects.mariadb import Option
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, port_of
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import Assurance, Bounds, Floor
from everyhop.model.sighting import Gap, Listener, Origin, Reading, Sighting, Suites
from everyhop.model.wire import Wire
from everyhop.scan.servers.keys import KeyUse
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.listeners import Mounted

_MAIN: Final = frozenset({"my.cnf", "my.ini", "mariadb.cnf"})
_OF_MARIADB: Final = ("mariadb", "mariadbd", "client-server", "galera")
_ABOUT_TLS: Final = frozenset(
    {"ssl", "ssl_cert", "ssl_key", "ssl_ca", "ssl_capath", "ssl_cipher", "tls_version", "require_secure_transport"}
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# The order in which a setting is pointed at: what decides comes first.
_TELLING: Final = ("require_secure_transport", "tls_version", "ssl", "ssl_cert")
_VERSIONS_FIRST: Final = ("tls_version", "require_secure_transport", "ssl", "ssl_cert")
"""Where the versions that it takes are what there is to say of a server."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An option with the file that it stands in."""

    file: str
    option: Option


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one server is told. `whole` is False where a file that is not here may say more."""

    main: str
    placed: tuple[Placed, ...]
    whole: bool

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the server's groups; the last wins."""
        return {item.option.name: item.option.value for item in self._servers()}

    def place(self, name: str) -> Placed | None:
        """Where a setting stands that counts."""
        return next((item for item in reversed(list(self._servers())) if item.option.name == name), None)

    @property
    def says_tls(self) -> bool:
        """Whether anything here is about TLS."""
        return bool(_ABOUT_TLS & self.settings.keys())

    def _servers(self) -> Iterator[Placed]:
        return (item for item in self.placed if item.option.is_servers and not item.option.name.startswith("!"))


def configurations(sources: Mapping[str, str]) -> tuple[Configuration, ...]:
    """The servers' settings in a tree: a main file with what it includes, and every file that none includes."""
    parsed = {path: mariadb.options(text) for path, text in sources.items()}
    taken: set[str] = set()
    found: list[Configuration] = []
    for path in sorted(parsed, key=lambda path: basename(path) not in _MAIN):
        if path in taken:
            continue
        taken.add(path)
        placed, whole = [], basename(path) in _MAIN
        for option in parsed[path]:
            placed.append(Placed(path, option))
            if option.name.startswith("!"):
                names = [name for name in _named(option, path, parsed) if name not in taken]
                whole = whole and bool(names)
                taken |= set(names)
                placed += [Placed(name, inner) for name in names for inner in parsed[name]]
        found.append(Configuration(path, tuple(placed), whole))
    return tuple(found)


def mounted(configuration: Configuration, texts: Texts) -> Mounted:
    """The settings as those of a server in a container."""
    return Mounted(configuration.settings, tuple(_places(configuration, texts)))


def read(configuration: Configuration, texts: Texts, hops: Hops) -> Iterator[Sighting]:
    """The listener that these settings make, and its suites; nothing for a part that says nothing of TLS."""
    headless = [item for item in configuration.placed if item.option.group is None and item.option.name in _ABOUT_TLS]
    for item in headless[:1]:
        place = texts.span(item.file, item.option.start, item.option.end, item.option.name)
        reason = f"{item.option.name} stands before any [group]: the server refuses the file"
        yield Gap(f"{item.file}:{place.line}", reason, "write it under [mariadbd] or [mysqld]")
    if headless or not (configuration.whole or configuration.says_tls):
        return
    settings = configuration.settings
    try:
        listener = _listener(configuration)
    except SettingsError as error:
        where = configuration.place(error.key or "")
        yield Gap(where.file if where else configuration.main, error.message, error.hint or "mend it")
        return
    hop = hops.server(_endpoint(settings), Wire.MYSQL, listener.product)
    outdated = listener.bounds.high.floor < Floor.TLS_1_2
    places = tuple(_places(configuration, texts, _VERSIONS_FIRST if outdated else _TELLING))
    yield Reading(listener, Origin.DECLARED, hop.endpoint, hop, places)
    if (ciphers := configuration.place("ssl_cipher")) is not None:
        written = ciphers.option.value
        subject = Suites(listener.product, written, suites.weak(written))
        yield Reading(subject, Origin.DECLARED, hop.endpoint, hop, (_span(ciphers, texts),))


def keys(configuration: Configuration, texts: Texts) -> Iterator[KeyUse]:
    """The key that the server serves with."""
    place = configuration.place("ssl_key")
    if place is not None:
        yield KeyUse(place.option.value, _product(configuration.placed), _span(place, texts))


def _listener(configuration: Configuration) -> Listener:
    settings, product = configuration.settings, _product(configuration.placed)
    listener = mariadb.read(settings)
    if product != "mariadb":
        other = mysql.read({name: value for name, value in settings.items() if name != "ssl_capath"})
        listener = replace(other, bounds=listener.bounds.widen(other.bounds))
    if not configuration.whole:
        listener = replace(listener, bounds=_open(listener.bounds, settings))
    shared = [item for item in configuration.placed if item.option.group == "client-server"]
    notes = tuple(f"client-group:{item.option.name}" for item in shared if item.option.name in ("ssl_cert", "ssl_key"))
    return replace(listener, notes=notes)


def _open(bounds: Bounds, settings: Mapping[str, str]) -> Bounds:
    """What is known of a server of whose files only a part is here."""
    low, high = bounds.low, bounds.high
    if "require_secure_transport" not in settings:
        high = replace(high, assurance=Assurance.ENCRYPTED)
    if "tls_version" not in settings:
        low, high = replace(low, floor=Floor.NONE), replace(high, floor=Floor.TLS_1_3)
    return Bounds(low, high)


def _product(placed: Iterable[Placed]) -> str:
    groups = {(item.option.group or "").partition("-")[0] for item in placed}
    full = {item.option.group or "" for item in placed}
    return "mariadb" if groups & {"mariadb", "mariadbd", "galera"} or full & set(_OF_MARIADB) else "mysql"


def _endpoint(settings: Mapping[str, str]) -> Endpoint | None:
    port = port_of(settings.get("port", "3306")) or 3306
    address = settings.get("bind_address", "")
    if address in _LOOPBACK or settings.get("networking") == "0":
        return TcpEndpoint("127.0.0.1", port)
    return None


def _places(configuration: Configuration, texts: Texts, telling: Sequence[str] = _TELLING) -> Iterator[SourceSpan]:
    """Where the posture is decided; where nothing is said, the first option of the server's group."""
    found = [place for name in telling if (place := configuration.place(name)) is not None]
    first = [item for item in configuration.placed if item.option.is_servers]
    yield from dict.fromkeys(_span(place, texts) for place in found or first[:1])


def _span(place: Placed, texts: Texts) -> SourceSpan:
    return texts.span(place.file, place.option.start, place.option.end, place.option.name)


def _named(option: Option, here: str, parsed: Mapping[str, Sequence[Option]]) -> list[str]:
    """The files that an include means: a path on the server, found in the tree by its end."""
    target = normpath(option.value)
    if option.name == "!include":
        return [path for path in parsed if path == target.lstrip("/") or basename(path) == basename(target)][:1]
    folder = basename(target)
    inside = [path for path in parsed if basename(dirname(path)) == folder and path != here]
    return sorted(path for path in inside if path.endswith((".cnf", ".ini")))
