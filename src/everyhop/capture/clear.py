"""What crossed a hop in the clear, wire by wire."""

from __future__ import annotations

from everyhop.capture import http, mysql, postgres
from everyhop.capture.exposed import Exposed
from everyhop.model.wire import Wire

_READERS = {Wire.HTTP: http.read, Wire.POSTGRES: postgres.read, Wire.MYSQL: mysql.read}


def read_clear(wire: Wire, from_dialer: bytes, from_listener: bytes) -> tuple[Exposed, ...]:
    """Everything that an eavesdropper reads in the two directions of one connection; empty if it is all TLS.

    Never raises for what the bytes hold: what is cut short or unknown ends the reading of that direction.
    """
    return tuple(_READERS[wire](from_dialer, from_listener))
