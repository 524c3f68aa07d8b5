"""What a lineage is called, and its folder's name, which shells, cron and systemd leave alone."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from everyhop.errors import SettingsError

_NAME: Final = re.compile(r"(?:\*\.)?[A-Za-z0-9_][A-Za-z0-9_.@-]{0,199}")
_RESERVED: Final = frozenset({"lock"})  # the lock of the folder in which all lineages lie
# Neither sign can be in a name, so two names never share a folder.
_SIGNS: Final = {"*": "+", ":": "="}


def parse_name(text: str) -> str:
    """A lineage's name: `db.internal`, `*.example.org`, `2001:db8::1`, `app@db`. Raises `SettingsError`.

    DNS names keep their case, because a lineage may be called after a database user; addresses get their usual form.
    """
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if not _NAME.fullmatch(text) or text in _RESERVED:
        raise SettingsError(
            f"{text[:80]!r} cannot be a lineage's name",
            hint="letters, digits and . _ @ - (not at the start, at most 200), *.DOMAIN, or an IP address",
        )
    return text


def folder_of(name: str) -> str:
    """The folder of a parsed name."""
    return "".join(_SIGNS.get(character, character) for character in name)


def name_of(folder: str) -> str | None:
    """The name to which a folder belongs; None where no lineage has such a folder."""
    signs = {sign: character for character, sign in _SIGNS.items()}
    try:
        name = parse_name("".join(signs.get(character, character) for character in folder))
    except SettingsError:
        return None
    return name if folder_of(name) == folder else None
