"""How a relay behaves: what it does at the start of a connection, before it passes bytes on."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from everyhop.drill import mysql, postgres
from everyhop.drill.leg import Legs, Socket
from everyhop.drill.tape import Tape
from everyhop.errors import DrillError
from everyhop.model.secret import Secret
from everyhop.model.wire import Wire


class Behaviour(Protocol):
    """The start of one connection."""

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Talk to both sides as far as the attack needs it; return the two legs between which bytes are passed on."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """Change nothing, keep everything: an eavesdropper."""

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:  # noqa: ARG002 - nothing to say
        """Nothing to say."""
        return legs.dialer, legs.listener()


@dataclass(frozen=True, slots=True)
class Strip:
    """Tell the dialer that the server has no TLS; speak TLS to the server, so that the server sees nothing amiss.

    Raises `DrillError` for HTTP, which has no upgrade to strip: a browser is kept on http:// instead.
    """

    wire: Wire

    def __post_init__(self) -> None:
        if self.wire is Wire.HTTP:
            raise DrillError("HTTP has no upgrade to strip")

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Answer `N` to an SSLRequest, or clear CLIENT_SSL in the greeting."""
        start = postgres.strip if self.wire is Wire.POSTGRES else mysql.strip
        return start(legs, tape)


class Impostor:
    """Terminate the dialer's TLS with a certificate of one's own, and pass on to the server what was read."""

    def __init__(self, wire: Wire, chain_pem: str, key_pem: Secret) -> None:
        self._wire = wire
        self._context = _server_context(chain_pem, key_pem)

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Play the server's part of the upgrade; a dialer that verifies ends it here with an alert."""
        match self._wire:
            case Wire.POSTGRES:
                return postgres.impersonate(legs, tape, self._context)
            case Wire.MYSQL:
                return mysql.impersonate(legs, tape, self._context)
            case Wire.HTTP:
                return legs.posing(self._context), legs.trusting(legs.listener())


def _server_context(chain_pem: str, key_pem: Secret) -> ssl.SSLContext:
    """OpenSSL reads keys from files only: one of mode 0600 in a directory of mode 0700, gone before this returns."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="everyhop-") as directory:
        path = Path(directory, "pair.pem")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(chain_pem + key_pem.reveal())
        context.load_cert_chain(path)
    return context
