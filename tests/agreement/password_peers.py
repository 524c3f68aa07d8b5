"""Listeners that ask for the password in clear, as behaviours of a relay that dials nobody."""

from __future__ import annotations

import ssl
from functools import cache
from itertools import cycle
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from everyhop.drill.behaviour import _server_context
from everyhop.drill.leg import Legs, Socket, exactly, framed, mysql_packet
from everyhop.drill.tape import Tape
from everyhop.model.certificate import Issued
from tests.agreement.path_peers import begins_with_tls

_GSS_REQUEST: Final = 80877104
_SSL_REQUEST: Final = 80877103
_CLEARTEXT_PASSWORD: Final = bytes.fromhex("52 00000008 00000003")  # AuthenticationCleartextPassword
_REFUSED: Final = b"SFATAL\0C28P01\0Mno\0\0"

# MySQL's capabilities: LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION | PLUGIN_AUTH …
_CAPABILITIES: Final = 0x000FA20D
_CLIENT_SSL: Final = 0x0800
_SALT: Final = b"pepper and more salt"


def _tls(issued: Issued | None) -> ssl.SSLContext | None:
    if issued is None:
        return None
    context = _server_context(issued.chain_pem, issued.key_pem)
    context.set_alpn_protocols(["postgresql"])  # asked for by PostgreSQL's dialers alone
    return context


class PostgresAsks:
    """Answers `N` (or, with a certificate, `S`) and then AuthenticationCleartextPassword."""

    def __init__(self, issued: Issued | None = None) -> None:
        self._context = _tls(issued)

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Take the password, and end."""
        leg = legs.dialer
        if begins_with_tls(leg):
            if self._context is None:
                raise ConnectionError("there is no TLS")
            leg = legs.posing(self._context)
        while True:
            length, code = (int.from_bytes(exactly(leg, 4), "big") for _ in range(2))
            if code not in {_GSS_REQUEST, _SSL_REQUEST}:
                break
            takes = code == _SSL_REQUEST and self._context is not None
            leg.sendall(b"S" if takes else b"N")
            if takes and self._context is not None:
                leg = legs.posing(self._context)
        exactly(leg, length - 8)
        leg.sendall(_CLEARTEXT_PASSWORD)
        head = exactly(leg, 5)
        tape.dialer_sent(exactly(leg, int.from_bytes(head[1:], "big") - 4))
        leg.sendall(b"E" + (len(_REFUSED) + 4).to_bytes(4, "big") + _REFUSED)
        raise ConnectionError("nobody is let in")


class MysqlAsks:
    """Greets without CLIENT_SSL (or, with a certificate, with it) and switches to mysql_clear_password."""

    def __init__(self, issued: Issued | None = None) -> None:
        self._context = _tls(issued)

    def begin(self, legs: Legs, tape: Tape) -> tuple[Socket, Socket]:
        """Take the password, and end."""
        leg = legs.dialer
        leg.sendall(framed(0, self._greeting()))
        sequence, response = mysql_packet(leg)
        if self._context and len(response) == 32:  # an SSLRequest
            leg = legs.posing(self._context)
            sequence, response = mysql_packet(leg)
        sequence, password = self._asked(leg, sequence + 1)
        tape.dialer_sent(password)
        leg.sendall(framed(sequence + 1, b"\xff\x15\x04#28000no"))
        raise ConnectionError("nobody is let in")

    def _asked(self, leg: Socket, sequence: int) -> tuple[int, bytes]:
        leg.sendall(framed(sequence, b"\xfemysql_clear_password\0"))
        return mysql_packet(leg)

    def _greeting(self) -> bytes:
        flags = _CAPABILITIES | (_CLIENT_SSL if self._context else 0)
        return (
            b"\x0a8.0.43\0" + (7).to_bytes(4, "little") + b"saltsalt\0"
            + (flags & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00" + (flags >> 16).to_bytes(2, "little")
            + bytes([21]) + bytes(10) + b"moresaltmore\0" + b"mysql_native_password\0"
        )  # fmt: skip


class MysqlAsksByKey(MysqlAsks):
    """Switches to caching_sha2_password, knows nobody, and gives out an RSA key of its own: as good as in clear.

    Inside TLS the plugin's password comes as it is (MySQL Source Code Documentation, "Caching_sha2_password").
    """

    def _asked(self, leg: Socket, sequence: int) -> tuple[int, bytes]:
        leg.sendall(framed(sequence, b"\xfecaching_sha2_password\0" + _SALT + b"\0"))
        sequence, _ = mysql_packet(leg)
        leg.sendall(framed(sequence + 1, b"\x01\x04"))  # perform the full authentication
        sequence, answer = mysql_packet(leg)
        if answer != b"\x02":  # no request for the key
            return sequence, answer
        key = _rsa_key()
        told = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        leg.sendall(framed(sequence + 1, b"\x01" + told))
        sequence, hidden = mysql_packet(leg)
        mixed = key.decrypt(hidden, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))  # noqa: S303
        return sequence, bytes(letter ^ salt for letter, salt in zip(mixed, cycle(_SALT), strict=False))


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
