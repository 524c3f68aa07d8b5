"""What a live connection leaves possible: one sample of a dialer is an interval, not a posture.

A connection in plaintext was opened by a dialer that allows it. One with TLS may have been opened by a dialer that
would also have gone on without: only the settings in effect tell, and libpq shows them (`parameters`), so the dialect
reads those.
"""

from __future__ import annotations

from typing import Final

from everyhop.dialects.registry import from_keywords, read
from everyhop.model.posture import BOTTOM, TOP, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.runtime.live import Live

_LOADED: Final = "~/.postgresql/root.crt"
"""The file that libpq takes by itself (PostgreSQL's manual, "SSL Support"): named where only that can be in use."""


def observed(live: Live, build: str | None = None) -> Bounds:
    """Every posture of the dialer that this connection is in keeping with. `build` is libpq's version."""
    seen = _seen(live)
    if not live.parameters:
        return seen
    effective = read(from_keywords(live.driver, _in_effect(live), build=build)).bounds
    # They exclude each other where `allow` met a server that insists on TLS: that dialer still starts in plaintext.
    return effective.narrow(seen) or (effective if live.tls else seen)


def _in_effect(live: Live) -> dict[str, object]:
    """The parameters of libpq with the root certificate that it has really loaded, whatever file was named."""
    parameters: dict[str, object] = dict(live.parameters)
    if live.host and not parameters.get("host"):
        parameters["host"] = live.host  # without one the dialect would think of a unix socket
    if live.checks is not None and live.checks.chain:
        parameters["sslrootcert"] = parameters.get("sslrootcert") or _LOADED
    elif live.checks is not None:
        parameters.pop("sslrootcert", None)
    return parameters


def _seen(live: Live) -> Bounds:
    if not live.tls:
        return Bounds.between(BOTTOM.assurance, Assurance.OPPORTUNISTIC)
    oldest = Floor.parse(live.minimum) if live.minimum else Floor.NONE
    newest = oldest if live.minimum else Floor.parse(live.version) if live.version else TOP.floor
    low = Posture(Assurance.OPPORTUNISTIC, oldest, ClientAuth.ABSENT)
    return Bounds(low, Posture(_most(live), newest, ClientAuth.REQUIRED))


def _most(live: Live) -> Assurance:
    """The most that the TLS object's own checks can amount to."""
    if live.checks is None:
        return Assurance.IDENTITY_VERIFIED
    if not live.checks.chain:
        return Assurance.ENCRYPTED
    return Assurance.CHAIN_VERIFIED if live.checks.name is False else Assurance.IDENTITY_VERIFIED
