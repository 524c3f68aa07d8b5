"""Files as values: who owns one, and how one was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Owner:
    """An account and a group, each by its name or its number in digits; looked up where the change is made."""

    user: str
    group: str

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Read `user:group`, or `user` for a group of the same name. Raises `ValueError`."""
        user, _, group = text.partition(":")
        if not user or any(character.isspace() for character in text):
            raise ValueError(f"{text!r} is not user:group")
        return cls(user, group or user)

    def __str__(self) -> str:
        return f"{self.user}:{self.group}"


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file as it was found: its text (bytes that are no UTF-8 as surrogates), mode bits and owner.

    The text is a `Secret`, because nobody knows what a configuration file holds until it is read.
    """

    content: Secret
    mode: int
    owner: Owner


Files = Mapping[str, Found | None]
"""What was there beforehand, by absolute path; None where nothing was. A path that is not in it was not looked at."""
