"""A value that refuses to be printed."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"


class Secret:
    """Holds a password or a private key; `str`, `repr`, formatting and pickling never show it. Ask with `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: to hand to a driver, a file of mode 0600, or a signature; never to a person."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not written anywhere")


# userinfo of any URL: everything between the first ':' after '//' and the last '@' before the path, since people do
# forget to percent-encode '@', '/' and ':' in passwords.
_USERINFO = re.compile(r"(?P<head>[A-Za-z][A-Za-z0-9+.\-]*://[^\s:/@?#]*):(?P<password>[^\s]*)@")
_NAMED = re.compile(
    r"(?P<head>(?:^|(?<=[\s?&;,({'\"]))(?:password|passwd|pwd|sslpassword|ssl_key_password)['\"]?\s*[=:]\s*)"
    r"(?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&;,)}'\"]+)",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """The text with the passwords of URLs, key=value strings and keyword arguments shown as `***`.

    Works on text that no parser accepts, because that is when it is needed most: it rather masks too much.
    """
    text = _USERINFO.sub(lambda match: f"{match['head']}:{MASK}@", text)
    return _NAMED.sub(lambda match: f"{match['head']}{MASK}", text)
