"""Whose a file is."""

from __future__ import annotations

from dataclasses import dataclass


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
