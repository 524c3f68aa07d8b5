"""OpenSSL's language for lists of cipher suites: which broken families a list lets in (openssl-ciphers(1)).

A word adds a suite or a class of them, `-` and `!` before one take them out (`!` for good), `+` only moves them. A word
of several classes (`ECDHE+AESGCM`) is what all of them have in common.
"""

from __future__ import annotations

import re
from typing import Final

# The families, and by which parts of a word a suite of theirs is called for.
_FAMILIES: Final = {
    "RC4": frozenset({"RC4"}),
    "3DES": frozenset({"3DES", "CBC3"}),
    "DES": frozenset({"DES"}),
    "EXPORT": frozenset({"EXP", "EXPORT", "EXPORT40", "EXPORT56"}),
    "eNULL": frozenset({"ENULL", "NULL"}),
    "aNULL": frozenset({"ANULL", "ADH", "AECDH"}),
    "MD5": frozenset({"MD5"}),
    "LOW": frozenset({"LOW"}),
    "SSLv2": frozenset({"SSLV2"}),
    "IDEA": frozenset({"IDEA"}),
    "SEED": frozenset({"SEED"}),
    "RC2": frozenset({"RC2"}),
}
# What else takes a family out: `!DES` names single DES only, `!LOW` what OpenSSL once called so.
_TAKEN_OUT_BY: Final = {"DES": {"LOW"}, "RC4": {"MEDIUM"}, "SEED": {"MEDIUM"}, "IDEA": {"MEDIUM"}, "3DES": {"MEDIUM"}}
_MOST: Final = 400


def weak(text: str) -> tuple[str, ...]:
    """The broken families that a list lets in, in the order in which they come, and `@SECLEVEL=0`."""
    words = [word for word in re.split(r"[:, \t\r\n]+|(?=@)", text.strip()) if word][:_MOST]
    refused = {part for word in words if word[0] in "!-" for part in _parts(word[1:])[:1] if "+" not in word[1:]}
    found: dict[str, None] = {}
    for word in words:
        if word.upper() == "@SECLEVEL=0":
            found["@SECLEVEL=0"] = None
        if word[0] in "!-+@":
            continue
        parts = set(_parts(word))
        for family, names in _FAMILIES.items():
            if family == "DES" and parts & {"3DES", "CBC3"}:
                continue
            out = refused & (names | _TAKEN_OUT_BY.get(family, set()))
            if parts & names and not out:
                found[family] = None
    return tuple(found)


def _parts(word: str) -> list[str]:
    return [part for part in re.split(r"[-+_]", word.upper()) if part]
