"""Whether a consumer shows the certificate that it was given: asked of the wire, not of the consumer."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from everyhop.model.certificate import Leaf
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.location import Location
from everyhop.model.sighting import Gap
from everyhop.probe.probe import survey
from everyhop.x509.names import matches

# Measured until the new one is seen: PostgreSQL 11 ms, nginx 131, MySQL 259. A few looks only: MySQL and MariaDB count
# each towards max_connect_errors.
_PAUSES: Final = (0.1, 0.4, 1.0, 3.0)


def why_not_served(location: Location, leaf: Leaf, now: Callable[[], datetime]) -> str | None:
    """None where the listener shows this leaf, at the latest after some seconds; else what it shows instead."""
    name, said = _server_name(location, leaf), "nobody looked"
    for pause in _PAUSES:
        time.sleep(pause)
        seen = survey(location, anchors=None, server_name=name, now=now())
        if isinstance(seen, Gap):
            said = f"{location} could not be looked at: {seen.reason}"
        elif seen.chain is None:
            said = f"{location} shows no certificate"
        elif seen.chain.leaf.sha256 == leaf.sha256:
            return None
        else:
            said = f"{location} shows serial {seen.chain.leaf.serial:x}, not {leaf.serial:x}"
    return said


def _server_name(location: Location, leaf: Leaf) -> str | None:
    """A name of the leaf's: a listener of several sites shows each its own."""
    host = location.endpoint.host if isinstance(location.endpoint, TcpEndpoint) else ""
    if host and matches(leaf, host):
        return host
    return next((name for name in leaf.names if not name.startswith("*") and not _is_address(name)), None)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
