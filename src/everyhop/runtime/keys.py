"""One configuration key of an application: its name, what holds without it, what it takes and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from everyhop.errors import SettingsError
from everyhop.model.nearest import did_you_mean

PREFIX: Final = "EVERYHOP_"


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the reference page, and the default in the one place where it stands.

    `default` is a value as a person would write it; `form` says what may be written, `meaning` what it does.
    """

    name: str
    default: Any
    form: str
    meaning: str

    def of(self, config: Mapping[str, Any]) -> Any:
        """What is written for this key, or its default."""
        return config.get(self.name, self.default)

    def refuse(self, message: str, hint: str | None = None) -> SettingsError:
        """The error to raise for a value that cannot be meant; it shows the key's name."""
        return SettingsError(message, key=self.name, hint=hint or f"it takes {self.form}")


def refuse_unknown(config: Mapping[Any, Any], names: Iterable[str]) -> None:
    """Raise `SettingsError` for the first `EVERYHOP_…` key that nobody reads."""
    known = list(names)
    for name in config:
        if isinstance(name, str) and name.startswith(PREFIX) and name not in known:
            raise SettingsError(
                f"there is no such key{did_you_mean(name, known)}", key=name, hint="leave it out, or correct its name"
            )
