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


# A name that ends like this holds a secret: DB_PASSWORD, MYSQL_PWD, sslpassword, SECRET_KEY, radiussecrets.
_NAME = r"(?:password|passwd|pwd|passphrase|secrets?|secret[_-]?key)"
_QUOTED = r"[bBrRuUfF]{0,2}(?:'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
# A quote, a comma or a bracket is part of an unquoted value, unless it looks like the end of one.
_BARE = r"(?:[^\s&;,)}'\"]|[;,)}'\"](?![\s;,)}\]'\"]|\Z|[\w.-]{1,40}\s?[=:]))"
_NAMED = re.compile(
    rf"(?P<head>{_NAME}(?:['\"]?\s*[=:]\s*[\[(]*|['\"]\s*,\s*(?=['\"])))(?P<value>{_QUOTED}{_BARE}*|{_BARE}+)",
    re.IGNORECASE | re.DOTALL,
)
_STATED = re.compile(  # SQL's and a command line's: no sign stands between name and value
    r"(?P<head>\bidentified\s+by\s+(?:password\s+)?|\bpassword\s+(?=')|--password\s+)"
    r"(?P<value>'(?:[^'\\]|\\.|'')*'|[^\s;']+)",
    re.IGNORECASE | re.DOTALL,
)


def masked(text: str) -> str:
    """The text with the passwords of URLs, key=value strings and keyword arguments shown as `***`.

    Works on text that no parser accepts, because that is when it is needed most: it rather masks too much. Linear in
    the text, which may be anybody's.
    """
    text = _without_userinfo(text)
    for pattern in (_NAMED, _STATED):
        text = pattern.sub(lambda match: f"{match['head']}{MASK}", text)
    return text


def _without_userinfo(text: str) -> str:
    """Hide, in each URL, what lies between the first ':' after '//' and the last '@' before the next blank.

    People do forget to percent-encode '@', '/', '#' and ':', in names as in passwords. A blank is taken for a part of
    the password, too, where an '@' comes later on the line and what stands after the ':' is no port.
    """
    kept, done, end, at, line_end, line_at = [], 0, -1, -1, -1, -1
    start = text.find("://")
    while start >= 0:
        if start >= end:
            blank = _BLANK.search(text, start)
            end = blank.start() if blank else len(text)
            at = text.rfind("@", start, end)
        colon = text.find(":", start + 3, at if at >= 0 else end)
        if at < 0 and colon >= 0 and not _PORT.match(text, colon + 1):
            if line_end < end:
                found = text.find("\n", end)
                line_end = len(text) if found < 0 else found
                line_at = text.rfind("@", end, line_end)
            end, at = max(end, line_at + 1), line_at
        # https://host/a:b@c is an address with a path; a path before the password is a database's user, badly written.
        path = text.endswith(_WEB, 0, start) and "/" in text[start + 3 : max(colon, 0)]
        following = start + 3
        if 0 <= colon < at and not path:
            kept += [text[done : colon + 1], MASK]
            done = following = at
        start = text.find("://", following)
    return "".join([*kept, text[done:]])


_BLANK = re.compile(r"\s")
_PORT = re.compile(r"[0-9]{1,5}(?![\w.~-])")
_WEB = ("http", "https")
