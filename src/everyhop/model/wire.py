"""The protocol that a hop carries."""

from __future__ import annotations

from enum import Enum


class Wire(Enum):
    """A protocol between a dialer and a listener.

    HTTP speaks TLS from the first byte (RFC 9110 section 4.2.2); POSTGRES and MYSQL start in plaintext and upgrade
    in-band (PostgreSQL's SSLRequest, MySQL's CLIENT_SSL), which is what an attacker on the path can strip.
    """

    HTTP = "http"
    POSTGRES = "postgres"
    MYSQL = "mysql"

    @property
    def default_port(self) -> int:
        """The IANA port of a listener of this wire; for HTTP the one with TLS."""
        return {Wire.HTTP: 443, Wire.POSTGRES: 5432, Wire.MYSQL: 3306}[self]
