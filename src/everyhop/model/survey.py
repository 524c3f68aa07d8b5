"""Everything that one probe saw of one listener. Not looked at is None, never an empty tuple."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from everyhop.model.certificate import Chain
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Bounds
from everyhop.model.sighting import Plaintext
from everyhop.model.wire import Wire


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a web server answered to a request for `/`: status, Location, Strict-Transport-Security, cookies set.

    `cookies` are the raw values of Set-Cookie with the cookie's value cut off: `session; Secure; HttpOnly`.
    """

    status: int
    location: str | None
    hsts: str | None
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The answers of one listener, and what asking them cost.

    `versions` are those that were seen accepted (a compliance look tries each; None: not tried). `trusted` and
    `name_matches` are None where no anchors were given or no chain was shown. `refusals` are the listener's own words,
    made printable and cut, for the transcript.
    """

    endpoint: Endpoint
    wire: Wire
    product: str
    at: datetime
    plaintext: Plaintext
    tls: bool
    direct_tls: bool | None
    versions: tuple[str, ...] | None
    tls_version: str | None
    suite: str | None
    client_auth: str | None
    chain: Chain | None
    trusted: bool | None
    name_matches: bool | None
    trust_reason: str
    server_name: str
    server_version: str | None
    bounds: Bounds
    http_plain: HttpAnswer | None
    http_tls: HttpAnswer | None
    said: tuple[str, ...]
    hellos: int
    handshakes: int
    seconds: float
