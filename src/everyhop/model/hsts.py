"""Strict-Transport-Security, read as a browser does (RFC 6797 section 6.1)."""

from __future__ import annotations

import re
from typing import Final

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_DIRECTIVE = re.compile(rf"[ \t]*(?:(?P<name>{_WORD})[ \t]*(?:=[ \t]*(?P<value>{_WORD}|{_QUOTED}))?)?[ \t]*(?:;|\Z)")
_LONGEST: Final = 10**10  # 317 years; a longer number of seconds means no more


def max_age(header: str) -> int | None:
    """The seconds of `max-age`; None where a browser ignores the header.

    It does so without a `max-age` of digits, where a directive stands twice, and where the grammar is not met. Unknown
    directives are passed over. Linear in the header.
    """
    values: dict[str, str | None] = {}
    place = 0
    while place < len(header):
        directive = _DIRECTIVE.match(header, place)
        if directive is None:
            return None
        place = directive.end()
        if directive["name"] is None:
            continue
        name = directive["name"].lower()
        if name in values:
            return None
        values[name] = directive["value"]
    seconds = (values.get("max-age") or "").strip('"')
    if not (seconds.isascii() and seconds.isdigit()):
        return None
    return min(int(seconds[:20]), _LONGEST)
