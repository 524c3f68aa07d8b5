"""Makes Set-Cookie lines as careful as the connection they leave by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

# A browser drops a cookie of these names without Secure (RFC 6265bis section 4.1.3).
_PREFIXES: Final = ("__secure-", "__host-")


class SameSite(Enum):
    """What a cookie without the attribute gets. NOTHING: none."""

    LAX = "Lax"
    STRICT = "Strict"
    NOTHING = ""


class Carrier(Enum):
    """How the answer leaves.

    GUARDED: over HTTPS, or over plain HTTP in production, where a browser drops a Secure cookie rather than show it to
    everybody. BARE: over plain HTTP to somebody who cannot have more (development, tests, an onion service: there is
    TLS's equal below it, and browsers other than Tor's drop Secure cookies).
    """

    GUARDED = "guarded"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class CookieRules:
    """What is added to a cookie, and which names are left alone altogether."""

    same_site: SameSite = SameSite.LAX
    left_alone: frozenset[str] = frozenset()

    def apply(self, line: str, carrier: Carrier) -> str:
        """The value of a Set-Cookie header with what it lacks; what it says itself stays as it is."""
        pair, *attributes = line.split(";")
        name = pair.partition("=")[0].strip()
        if name in self.left_alone:
            return line
        said = {attribute.partition("=")[0].strip().lower(): attribute for attribute in attributes}
        needs = (
            name.lower().startswith(_PREFIXES) or said.get("samesite", "").partition("=")[2].strip().lower() == "none"
        )
        added = ""
        if "secure" not in said and (carrier is Carrier.GUARDED or needs):
            added += "; Secure"
        if "httponly" not in said:
            added += "; HttpOnly"
        if "samesite" not in said and self.same_site is not SameSite.NOTHING:
            added += f"; SameSite={self.same_site.value}"
        return line.rstrip("; ") + added if added else line
