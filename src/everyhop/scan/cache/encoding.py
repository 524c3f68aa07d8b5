"""Values of the model as JSON and back, for the cache: what comes back equals what was written.

A value of a class is an object with the class's name under `=`. No class is named here but those of the model, so that
a record can make nothing else; a type that is not known is refused and not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from importlib import import_module
from pathlib import PurePath
from typing import Any, Final

_KIND: Final = "="
_MODULES: Final = (
    *("baseline", "certificate", "endpoint", "evidence", "finding", "hop", "place", "posture", "report"),
    *("sighting", "validity", "wire"),
)


def written(value: object) -> str:
    """A value as text: the same for equal values, whatever order a set or the process's hashes have.

    Raises `TypeError` for what is none of the model's values, a `Secret` among them.
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Any:
    """The value that was written. Raises `ValueError`, `KeyError` or `TypeError` for any other text."""
    return _value(json.loads(text), kinds())


def kinds() -> dict[str, type[Any]]:
    """The classes that a record may name, by their names."""
    return {
        name: kind
        for module in (import_module(f"everyhop.model.{module}") for module in _MODULES)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    }


def _plain(value: object) -> object:
    match value:
        case Enum():
            return {_KIND: type(value).__name__, "name": value.name}
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return {_KIND: "datetime", "at": value.isoformat()}
        case date():
            return {_KIND: "date", "on": value.isoformat()}
        case bytes():
            return {_KIND: "bytes", "hex": value.hex()}
        case PurePath():
            return {_KIND: "path", "name": str(value)}
        case tuple() | list():
            return [_plain(item) for item in value]
        case frozenset() | set():
            return {_KIND: "frozenset", "of": sorted((_plain(item) for item in value), key=json.dumps)}
        case Mapping():
            return {_KIND: "mapping", "of": [[_plain(key), _plain(item)] for key, item in value.items()]}
        case _ if is_dataclass(value):
            named = {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.init}
            return {_KIND: type(value).__name__, **named}
        case _:
            raise TypeError(f"{type(value).__name__} is not kept")


def _value(plain: Any, classes: Mapping[str, Any]) -> Any:
    if isinstance(plain, list):
        return tuple(_value(item, classes) for item in plain)
    if not isinstance(plain, dict):
        return plain
    match plain:
        case {"=": "datetime", "at": at}:
            return datetime.fromisoformat(at)
        case {"=": "date", "on": on}:
            return date.fromisoformat(on)
        case {"=": "bytes", "hex": digits}:
            return bytes.fromhex(digits)
        case {"=": "frozenset", "of": items}:
            return frozenset(_value(item, classes) for item in items)
        case {"=": "mapping", "of": pairs}:
            return {_value(key, classes): _value(item, classes) for key, item in pairs}
        case _:
            kind = classes[plain[_KIND]]
            if issubclass(kind, Enum):
                return kind[plain["name"]]
            return kind(**{name: _value(item, classes) for name, item in plain.items() if name != _KIND})
