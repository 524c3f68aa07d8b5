"""A table of the settings file that hands out typed values, and says where it stands when one cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from everyhop.config.lines import KeyPath, line_of
from everyhop.errors import SettingsError
from everyhop.model.evidence import SourceSpan
from everyhop.model.nearest import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """The file that the tables are from: its name as it is shown to people, its text, and where its keys stand."""

    path: str
    text: str
    lines: Mapping[KeyPath, int]


@dataclass(frozen=True, slots=True)
class Table:
    """A table at a place in a document. Every method raises `SettingsError` with file, line and key."""

    document: Document
    at: KeyPath
    values: Mapping[str, object]

    def fault(self, key: str | None, message: str, hint: str | None = None) -> SettingsError:
        """An error about a key of this table, or about the table itself."""
        path = self.at if key is None else (*self.at, key)
        return SettingsError(
            message, hint=hint, path=self.document.path, line=line_of(self.document.lines, path), key=_dotted(path)
        )

    def span(self, key: str | None = None) -> SourceSpan:
        """The line on which a key stands, or this table begins."""
        path = self.at if key is None else (*self.at, key)
        line = line_of(self.document.lines, path) or 1
        snippet = (self.document.text.splitlines() or [""])[line - 1]
        return SourceSpan(self.document.path, line, 1, line, len(snippet) + 1, snippet.strip(), _dotted(path))

    def only(self, *known: str) -> None:
        """Refuse every key that is none of these."""
        for key in self.values:
            if key not in known:
                kind = "keys" if known else "keys at all"
                hint = f"the {kind} of [{_dotted(self.at)}] are: {', '.join(known)}" if self.at else None
                raise self.fault(key, f"unknown key{did_you_mean(key, known)}", hint or f"known: {', '.join(known)}")

    def text(self, key: str) -> str | None:
        """A string that is not blank; None where the key is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.fault(key, f"a string is expected, not {_kind(value)}", f'write {key} = "…"')
        if not value.strip():
            raise self.fault(key, "an empty string says nothing", "leave the key out, or give it a value")
        return value

    def needed(self, key: str, hint: str) -> str:
        """A string that has to be there."""
        value = self.text(key)
        if value is None:
            raise self.fault(None, f"{key!r} is missing", hint)
        return value

    def parsed(self, key: str, parse: Callable[[str], T], hint: str | None = None) -> T | None:
        """A string made into something by a function that raises `ValueError` with the reason."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise self.fault(key, str(error), hint) from None

    def one_of(self, key: str, words: Sequence[str]) -> str | None:
        """One of these words."""
        value = self.text(key)
        if value is not None and value not in words:
            near = did_you_mean(value, words)
            raise self.fault(key, f"{value!r} is none of {', '.join(words)}{near}")
        return value

    def words(self, key: str, words: Sequence[str]) -> frozenset[str] | None:
        """A list of some of these words, possibly of none."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            example = f'{key} = ["{words[0]}"]'
            raise self.fault(
                key, f"a list of strings is expected, not {_kind(value)}", f"write, for example, {example}"
            )
        for word in value:
            if word not in words:
                raise self.fault(key, f"{word!r} is none of {', '.join(words)}{did_you_mean(word, words)}")
        return frozenset(value)

    def date(self, key: str) -> date:
        """A date that has to be there."""
        value = self.values.get(key)
        if value is None:
            raise self.fault(None, f"{key!r} is missing", f"a last day, such as {key} = 2027-06-30")
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fault(key, f"a date is expected, not {_kind(value)}", f"without quotes: {key} = 2027-06-30")
        return value

    def table(self, key: str) -> Table:
        """The table under a key; an empty one where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.fault(key, f"a table is expected, not {_kind(value)}", f"write [{_dotted((*self.at, key))}]")
        return Table(self.document, (*self.at, key), value)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array of tables."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(key, "an array of tables is expected", f"write [[{_dotted((*self.at, key))}]]")
        for position, item in enumerate(value):
            yield Table(self.document, (*self.at, key, position), item)


def _dotted(path: KeyPath) -> str:
    words = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(words).removeprefix(".")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime():
            return "a date with a time"
        case date():
            return "a date"
        case _:
            return "a time of day"
