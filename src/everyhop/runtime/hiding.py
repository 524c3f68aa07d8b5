"""Keeps the application's passwords inside its process: every text that leaves goes through here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from everyhop.model.secret import MASK, masked

LONGEST = 600
"""Characters of a foreign text (an exception, a server's answer) that are passed on."""

_SHORTEST = 3
"""Characters of a secret that is looked for in other texts: a shorter one would be found everywhere."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_DELIMITERS = re.compile(r"[@:/?#\[\]]")

_NO_SECRETS = ("PWD", "OLDPWD")
"""Variables of every shell: where it is, and where it was."""

_SWITCHES = ("yes", "true", "false", "off")
"""What MYSQL_ALLOW_EMPTY_PASSWORD and its like are set to."""

_SECRET_OPTIONS = ("passw", "pwd", "secret", "scram_client_key", "scram_server_key")


class Hiding:
    """Replaces the secrets that it has been told of, and whatever looks like one."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, secret: object) -> None:
        """Never let this one out, however it is encoded."""
        text = secret.decode(errors="replace") if isinstance(secret, bytes) else secret
        if isinstance(text, str) and len(text) >= _SHORTEST:
            for form in (text, unquote(text), unquote_plus(text)):
                self._secrets |= {form, quote(form, safe=""), quote(form), quote_plus(form), repr(form)[1:-1]}

    def learn_from(self, environment: Mapping[str, str]) -> None:
        """Learn the passwords of its URLs, and the variables that are secrets by their names.

        Of a password that was not percent-encoded the pieces, too: it is in pieces that parsers complain of it.
        """
        for name, value in environment.items():
            if is_secret(name) and name not in _NO_SECRETS and value.lower() not in _SWITCHES:
                self.learn(value)
            _, _, password = value.rpartition("@")[0].partition("://")[2].partition(":")
            if _URL.match(value):
                self.learn(password)
                for piece in _DELIMITERS.split(password):
                    self.learn(piece)

    def __call__(self, text: object) -> str:
        """The text without secrets, in printable characters, cut."""
        return self.whole(text)[:LONGEST].strip()

    def whole(self, text: object) -> str:
        """The same, however long it is."""
        hidden = str(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            hidden = hidden.replace(secret, MASK)
        return "".join(character if character.isprintable() else " " for character in masked(hidden))


def is_secret(option: str) -> bool:
    """Whether the value of an option of this name is a password or a key."""
    return any(word in option.lower() for word in _SECRET_OPTIONS)
