"""Database servers that compose files describe: image, version and flags to what they take from whoever connects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from everyhop.dialects import mariadb, mysql
from everyhop.dialects.postgresql import posture as postgresql
from everyhop.dialects.registry import WIRES
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import Assurance, Bounds
from everyhop.model.sighting import Listener, Origin, Reading, Version
from everyhop.scan.resolve.values import Value
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.settings import address

# Images by the last part of their name. Those below keep the official PostgreSQL image's settings and entry point.
_IMAGES: Final = {
    "postgres": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "timescaledb": "postgresql",
    "timescaledb-ha": "postgresql",
    "mariadb": "mariadb",
    "mysql": "mysql",
    "mysql-server": "mysql",
}
# Other people's images of the same servers, by a word in their name; what keeps, shows or reaches a server is none.
_WORDS: Final = {
    **dict.fromkeys(("postgres", "postgis", "pgvector", "timescale"), "postgresql"),
    "mariadb": "mariadb",
    **dict.fromkeys(("mysql", "percona"), "mysql"),
}
_TOOLS: Final = re.compile(
    r"export|admin|backup|dump|client|prox|operator|pool|bouncer|web|ui\b|init|wait|migrat|test|restore|adapter|agent"
    r"|metric|monitor|toolkit|router|connector|sync|\brest|python|flask|django|php|node",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(r"(?:.*/)?(?P<name>[^/:@]+)(?::(?P<tag>[^@]*))?(?:@.*)?")
_VERSION: Final = re.compile(r"(?:pg)?(?P<version>\d+(?:\.\d+)*)(?:-.*)?")
# The official image appends this line to the pg_hba.conf of a new cluster (docker-entrypoint.sh, pg_setup_hba_conf).
_IMAGE_HBA: Final = "host all all all scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Container:
    """A compose service that may be a database server; `hosts` are the names under which others reach it."""

    name: str
    hosts: frozenset[str]
    image: Value
    arguments: Sequence[Value]
    at: SourceSpan


@dataclass(frozen=True, slots=True)
class Mounted:
    """What option files set for the server in a container, and where they do."""

    settings: Mapping[str, str]
    places: tuple[SourceSpan, ...]


def product_of(container: Container) -> str | None:
    """The product that a service's image holds, as far as its name tells."""
    found = address(container.image)
    return product_in(found.written) if found else None


def product_in(image: str) -> str | None:
    """The product that an image of this name holds."""
    match = _IMAGE.fullmatch(image)
    if match is None or match["name"] in _IMAGES or _TOOLS.search(match["name"]):
        return _IMAGES.get(match["name"]) if match else None
    return next((product for word, product in _WORDS.items() if word in match["name"].lower()), None)


def _is_official(image: Value) -> bool:
    found = address(image)
    match = _IMAGE.fullmatch(found.written) if found else None
    return match is not None and match["name"] in _IMAGES


def read(container: Container, hops: Hops, mounted: Mounted | None = None) -> Iterator[Reading]:
    """A reading on each hop that leads to the service; on one of its own, if none does.

    `mounted` are the settings of an option file that this server is given, which its flags override.
    """
    product = product_of(container)
    if product is None:
        return
    wire = WIRES[product]
    listener = _listener(product, container, mounted.settings if mounted else {})
    endpoint = TcpEndpoint(container.name, wire.default_port)
    reaching = hops.to(container.hosts, wire) or (hops.at(endpoint, wire, container.name, container.name),)
    for hop in reaching:
        yield Reading(
            listener, Origin.DECLARED, hop.endpoint, hop, (*(mounted.places if mounted else ()), container.at)
        )


def keys(container: Container) -> Iterator[str]:
    """The file with the private key that a database server serves with, where its flags name one."""
    flags = _flags(container.arguments) if product_of(container) else {}
    yield from (flags[name] for name in ("ssl_key_file", "ssl_key") if flags.get(name))


def _listener(product: str, container: Container, given: Mapping[str, str]) -> Listener:
    version = _version(container.image)
    if not _is_official(container.image):
        return Listener(
            product, version, _anything(), (), "the image is not the official one: its settings are its own"
        )
    try:
        flags = {**given, **_flags(container.arguments)}
        if product == "postgresql":
            return postgresql.read(flags, _IMAGE_HBA, version)
        if product == "mariadb" and version is not None:
            return mariadb.read(flags, version)
        if product == "mysql":
            return mysql.read(flags, version)
    except SettingsError as error:
        return Listener(product, version, _anything(), (), f"a flag cannot be read: {error.message}")
    return Listener(product, version, _anything(), (), "the image names no version, and 11.4 changed the default")


def _anything() -> Bounds:
    return Bounds.between(Assurance.PLAINTEXT, Assurance.ENCRYPTED)


def _version(image: Value) -> Version | None:
    found = address(image)
    match = _IMAGE.fullmatch(found.written) if found else None
    tag = _VERSION.fullmatch(match["tag"] or "") if match else None
    return Version(tag["version"]) if tag else None


def _flags(arguments: Sequence[Value]) -> dict[str, str]:
    """Server settings on a command line: `-c name=value` and `--name=value`, `--name value`, `--skip-name`."""
    words = [found.written for argument in arguments if (found := address(argument)) is not None]
    flags: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=False):
        text = following if word == "-c" else word[2:] if word[:2] in ("-c", "--") else ""
        name, equals, value = text.partition("=")
        name = name.replace("-", "_").lower().strip()
        if name.startswith("skip_") and not equals:
            name, value = name.removeprefix("skip_"), "0"
        elif name and not equals and following and not following.startswith("-"):
            value = following
        elif name and not equals:
            value = "1"
        if name:
            flags[name] = value
    return flags
