"""Text from elsewhere (files, servers, certificates) made harmless for a terminal.

A server's greeting or a file's line may hold escape sequences that recolour, retitle or rewrite what a person sees, or
bidirectional overrides that reorder it (CVE-2021-42574).
"""

from __future__ import annotations

import unicodedata

# Cc: control characters, escape among them. Cf: format characters, the bidirectional ones among them. Cs: lone
# surrogates, which no encoding writes. Zl, Zp: line breaks to some programs. (Co and Cn are drawn as boxes.)
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    r"""One line in which every character that is not drawn is shown as its escape (`\x1b`, `\n`, `\u202e`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def printable_lines(text: str) -> str:
    """The same for text of several lines: line feeds stay, everything else is made harmless."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNPRINTABLE:
        return character
    return character.encode("unicode_escape").decode("ascii")
