"""How MySQL spells a listener's posture: `read` of its settings, from option files or flags.

MySQL makes itself a certificate since 5.7.5, so it takes TLS and plaintext by default (reference manual, "Creating SSL
and RSA Certificates and Keys"). Its option files have the grammar of MariaDB's, but other groups: it reads neither
`[mariadb]` nor `[client-server]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Listener, Version

_PRODUCT: Final = "mysql"
# Nothing below TLS 1.2 is known since 8.0.28 (reference manual, tls_version).
_FIRST_WITH_MODERN_FLOOR: Final = (8, 0, 28)
_ON, _OFF = frozenset({"", "1", "on", "true"}), frozenset({"0", "off", "false"})


def read(options: Mapping[str, str], version: Version | None = None) -> Listener:
    """What a server with these settings takes from whoever connects over the network.

    Raises `SettingsError` for words that the server would not take. Without a version a recent one is taken.
    """
    numbers = tuple(map(int, re.findall(r"\d{1,9}", version.value))) if version else ()
    if not _is_on(options, "ssl", "1"):
        return Listener(_PRODUCT, version, Bounds.exactly(Posture(Assurance.PLAINTEXT)), why="TLS is turned off")
    insists = _is_on(options, "require_secure_transport", "0")
    assurance = Assurance.ENCRYPTED if insists else Assurance.OPPORTUNISTIC
    asks = options.get("ssl_ca") or options.get("ssl_capath")
    client_auth = ClientAuth.OPTIONAL if asks else ClientAuth.ABSENT
    lowest, highest = _floors(options, numbers)
    bounds = Bounds(Posture(assurance, lowest, client_auth), Posture(assurance, highest, client_auth))
    why = "require_secure_transport is on" if insists else "require_secure_transport is off: plaintext is taken too"
    return Listener(_PRODUCT, version, bounds, why=why)


def _floors(options: Mapping[str, str], numbers: tuple[int, ...]) -> tuple[Floor, Floor]:
    written = [word.strip() for word in options.get("tls_version", "").split(",") if word.strip()]
    recent = numbers >= _FIRST_WITH_MODERN_FLOOR or numbers in ((8,), (8, 0)) or not numbers
    if written:
        try:
            lowest = min(Floor.parse(word) for word in written)
        except ValueError as error:
            raise SettingsError(str(error), key="tls_version") from error
        return lowest, lowest
    return (Floor.TLS_1_2 if recent else Floor.TLS_1_0), Floor.TLS_1_2


def _is_on(options: Mapping[str, str], name: str, usual: str) -> bool:
    word = options.get(name, usual).lower()
    if word in _ON or word in _OFF:
        return word in _ON
    raise SettingsError(f"{word[:20]!r} is neither ON nor OFF", key=name)
