"""A JSON object of the state directory that hands out typed values, and says which key cannot be meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from everyhop.errors import LineageError, SettingsError
from everyhop.model.nearest import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """The object at a place (`at`, dotted) of the document in the file `path`.

    Every method raises `LineageError` with file and key. Every key has to be there, and none may be unknown.
    """

    path: str
    at: str
    values: Mapping[str, object]

    @classmethod
    def parse(cls, content: bytes, path: str, schema: str) -> Fields:
        """The whole of a document, whose `schema` has to be this one."""
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise LineageError("this is not JSON", path=path) from error
        fields = _object(value, path, "")
        if fields.text("schema") != schema:
            hint = "another version of everyhop wrote it: use that one"
            raise LineageError(f"its schema is {fields.text('schema')!r}, not {schema}", path=path, hint=hint)
        return fields

    def fault(self, key: str, message: str) -> LineageError:
        """An error about a key of this object."""
        return LineageError(message, path=self.path, key=f"{self.at}.{key}" if self.at else key)

    def only(self, *known: str) -> None:
        """Refuse every key that is none of these."""
        for key in self.values:
            if key not in known:
                raise self.fault(key, f"unknown key{did_you_mean(key, known)}")

    def text(self, key: str) -> str:
        """A string that is not empty."""
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self.fault(key, "a string is expected")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string, or null."""
        return None if self._value(key) is None else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key, "a list of strings is expected")
        return tuple(value)

    def number(self, key: str) -> int:
        """A whole number, not negative."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.fault(key, "a whole number is expected")
        return value

    def optional_number(self, key: str) -> int | None:
        """A whole number, not negative, or null."""
        return None if self._value(key) is None else self.number(key)

    def choice(self, key: str, words: Iterable[str]) -> str:
        """One of these words."""
        value, known = self.text(key), tuple(words)
        if value not in known:
            raise self.fault(key, f"{value!r} is none of {', '.join(known)}{did_you_mean(value, known)}")
        return value

    def read(self, key: str, parse: Callable[[str], T]) -> T:
        """A string made into something by a function that raises `ValueError` or `SettingsError` with the reason."""
        try:
            return parse(self.text(key))
        except (ValueError, SettingsError) as error:
            raise self.fault(key, str(error)) from error

    def inner(self, key: str) -> Fields:
        """The object under a key."""
        return _object(self._value(key), self.path, f"{self.at}.{key}" if self.at else key)

    def each(self, key: str) -> Iterator[Fields]:
        """The objects of a list."""
        value = self._value(key)
        if not isinstance(value, list):
            raise self.fault(key, "a list is expected")
        for index, item in enumerate(value):
            yield _object(item, self.path, f"{self.at}.{key}[{index}]" if self.at else f"{key}[{index}]")

    def _value(self, key: str) -> object:
        if key not in self.values:
            raise self.fault(key, "is missing")
        return self.values[key]


def _object(value: object, path: str, at: str) -> Fields:
    if not isinstance(value, dict):
        raise LineageError("an object is expected", path=path, key=at or None)
    return Fields(path, at, value)
