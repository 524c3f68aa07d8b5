"""Connections whose settings stand in parts, `DB_HOST` beside `DB_USER`, where no use was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.environment import Environment, Setting
from everyhop.scan.resolve.urls import created
from everyhop.scan.resolve.values import Known, Table, Unknown, Value, options, text
from everyhop.scan.sightings.naming import Part, PartName, is_url_name, part_of, product_in
from everyhop.scan.sightings.places import Place, is_for_tests, place_of
from everyhop.scan.sightings.use import Use

_PORTS: Final = {"5432": "postgresql", "3306": "mysql"}
_NAMES: Final = {
    Part.USER: "username",
    Part.PASSWORD: "password",
    Part.HOST: "host",
    Part.PORT: "port",
    Part.DATABASE: "database",
}
# What a host, or the setting of a product, may say of the product.
_SPOKEN: Final = re.compile(r"postgres|pgsql|\bpg\b|mysql|mariadb", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{1,5}")


def in_environment(environment: Environment, told: frozenset[str], used: frozenset[SourceSpan]) -> Iterator[Use]:
    """A use for every host that stands beside another part of the same connection in the same file.

    In a file that has a URL as well, the parts are those of the URL.
    """
    whole = {span.path for span in used if span.symbol and is_url_name(span.symbol)}
    by_file: dict[str, list[tuple[PartName, Setting]]] = {}
    for setting in environment.settings:
        name = part_of(setting.name)
        if name is not None and not is_for_tests(setting.file):
            by_file.setdefault(setting.file, []).append((name, setting))
    for parts in by_file.values():
        for name, setting in parts:
            asked = setting.at in used or setting.name.casefold() in told
            if name.part is Part.HOST and setting.pieces and not asked and setting.file not in whole:
                near = _near(name, setting, parts)
                if len(near) > 1:
                    yield from _use(name, setting, near, environment)


def in_settings(values: Iterable[Setting], environment: Environment) -> Iterator[Use]:
    """The same in settings files, which are for whoever reads them: `db_hostname: …` beside `db_username: …`."""
    deployed = [value for value in values if place_of(value.file) is Place.DEPLOYED]
    whole = {value.file for value in deployed if is_url_name(value.name)}
    by_file: dict[str, list[tuple[PartName, Setting]]] = {}
    for setting in deployed:
        name = part_of(setting.name) if setting.file not in whole else None
        if name is not None:
            by_file.setdefault(setting.file, []).append((name, setting))
    for parts in by_file.values():
        for name, setting in parts:
            if name.part is Part.HOST and setting.pieces:
                near = _near(name, setting, parts)
                if near.keys() & {Part.USER, Part.PASSWORD, Part.DATABASE}:
                    yield from _use(name, setting, near, environment)


def _near(name: PartName, host: Setting, parts: Sequence[tuple[PartName, Setting]]) -> dict[Part, Setting]:
    """The parts with the same beginning, each the one that stands nearest to the host."""
    found: dict[Part, Setting] = {}
    for other, setting in parts:
        known = found.get(other.part)
        if other.prefix == name.prefix and (known is None or _distance(setting, host) < _distance(known, host)):
            found[other.part] = setting
    return {**found, Part.HOST: host}


def _distance(one: Setting, other: Setting) -> int:
    return abs(one.at.line - other.at.line)


def _use(name: PartName, host: Setting, parts: dict[Part, Setting], environment: Environment) -> Iterator[Use]:
    worth = {part: environment.worth(setting) for part, setting in parts.items()}
    product = _product(name, worth)
    if product is None and Part.PRODUCT in worth and text(worth[Part.PRODUCT]) is not None:
        return  # another product's
    url: Value = Unknown(host.name)
    if product is not None:
        given = {_NAMES[part]: value for part, value in worth.items() if part in _NAMES and not _is_odd(part, value)}
        url = created((), Table({"drivername": Known(product), **given}), host.at)
    yield Use(host.name, host.at, url, Table(complete=False), setting=True, guessed=True)


def _product(name: PartName, worth: dict[Part, Value]) -> str | None:
    """The product by its own setting, by the names, by its port, or by what the host is called."""
    if Part.PRODUCT in worth and (spoken := _spoken(worth[Part.PRODUCT])):
        return spoken
    port = text(worth[Part.PORT]) if Part.PORT in worth else None
    return product_in(name.prefix) or _PORTS.get(port or "") or _spoken(worth[Part.HOST])


def _spoken(value: Value) -> str | None:
    for option in options(value):
        match = _SPOKEN.search(text(option) or "")
        if match:
            return product_in(match[0]) or "postgresql"
    return None


def _is_odd(part: Part, value: Value) -> bool:
    """Whether a known port is no number."""
    known = text(value)
    return part is Part.PORT and known is not None and _NUMBER.fullmatch(known) is None
