"""Keeps the application's passwords inside its process: every text that leaves goes through here."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from everyhop.model.secret import MASK, masked

LONGEST = 600
"""Characters of a foreign text (an exception, a server's answer) that are passed on."""

_SHORTEST = 3
"""Characters of a secret that is looked for in other texts: a shorter one would be found everywhere."""

_SECRET_OPTIONS = ("passw", "pwd", "secret", "scram_client_key", "scram_server_key")


class Hiding:
    """Replaces the secrets that it has been told of, and whatever looks like one."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, secret: object) -> None:
        """Never let this one out, however it is encoded."""
        text = secret.decode(errors="replace") if isinstance(secret, bytes) else secret
        if isinstance(text, str) and len(text) >= _SHORTEST:
            self._secrets |= {text, quote(text, safe=""), quote(text), quote_plus(text), repr(text)[1:-1]}

    def __call__(self, text: object) -> str:
        """The text without secrets, in printable characters, cut."""
        hidden = str(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            hidden = hidden.replace(secret, MASK)
        hidden = masked(hidden)[:LONGEST]
        return "".join(character if character.isprintable() else " " for character in hidden).strip()


def is_secret(option: str) -> bool:
    """Whether the value of an option of this name is a password or a key."""
    return any(word in option.lower() for word in _SECRET_OPTIONS)
