"""PostgreSQL's beginnings: SSLRequest and StartupMessage (PostgreSQL documentation, "Message Formats").

Exact, not lenient: the answer to SSLRequest is one byte, and nothing may follow it before TLS begins, or an attacker on
the path has put words into the encrypted stream (CVE-2021-23214, CVE-2021-23222).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

from everyhop.model.sighting import Plaintext
from everyhop.probe.trouble import ServerError, Violation
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send, cut_off, quoted, receive_exactly

SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)
TERMINATE: Final = b"X" + struct.pack("!I", 4)
_PROTOCOL_3_0: Final = 196608
_LONGEST: Final = 30_000
"""No message before authentication is longer; libpq draws the same line (MAX_ERRLEN)."""
_NOT_POSTGRESQL: Final = "is this a PostgreSQL listener? Name the wire it speaks: mysql://, https:// …"


class TlsOffer(Enum):
    """The one byte."""

    OFFERED = b"S"
    DECLINED = b"N"


class Startup(Enum):
    """How a StartupMessage without any credentials was answered."""

    ASKED = "asked to authenticate"
    LET_IN = "let in without a password"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StartupAnswer:
    """`code` (SQLSTATE) and `text` are the listener's own words, printable and cut; empty unless it refused."""

    startup: Startup
    code: str = ""
    text: str = ""


def ask_for_tls() -> Dialogue[TlsOffer]:
    """Send one SSLRequest. Raises `Violation` for anything but a lone `S` or `N`, `ServerError` for an error message.

    Never send a second one on the same connection (CVE-2026-6479).
    """
    yield Send(SSL_REQUEST)
    answer = yield Receive(64)
    if not answer:
        raise cut_off("an answer to the TLS request")
    if answer in {offer.value for offer in TlsOffer}:
        return TlsOffer(answer)
    if answer[:1] == b"E":
        text = quoted(answer[1:], 64)
        raise ServerError(f"the listener answered the TLS request with an error: {text}", _NOT_POSTGRESQL, "E")
    if answer[:1] == b"S":
        raise Violation(
            f"instead of a lone 'S' the listener sent '{quoted(answer, 40)}' before TLS began",
            "somebody on the path may be adding to the stream (CVE-2021-23214), or it is no PostgreSQL listener",
        )
    raise Violation(f"the answer to the TLS request was '{quoted(answer, 40)}', not 'S' or 'N'", _NOT_POSTGRESQL)


def startup_message(user: str, database: str) -> bytes:
    """A StartupMessage of protocol 3.0: who would like to begin, and nothing that proves it."""
    settings = ("user", user, "database", database, "application_name", "everyhop probe")
    body = struct.pack("!I", _PROTOCOL_3_0) + b"".join(word.encode() + b"\0" for word in settings) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def ask_to_start(user: str, database: str) -> Dialogue[StartupAnswer]:
    """Send a StartupMessage and take leave as soon as the listener asks for authentication, or refuses."""
    yield Send(startup_message(user, database))
    kind = yield from receive_exactly(1, "an answer to the start-up message")
    if kind not in {b"R", b"E"}:
        raise Violation(f"the start-up message was answered with '{quoted(kind, 8)}'", _NOT_POSTGRESQL)
    (length,) = struct.unpack("!I", (yield from receive_exactly(4, "the length of its answer")))
    if not 8 <= length <= _LONGEST:
        raise Violation("the start-up message was answered with a malformed message", _NOT_POSTGRESQL)
    body = yield from receive_exactly(length - 4, "the whole of its answer")
    if kind == b"E":
        fields = error_fields(body)
        return StartupAnswer(Startup.REFUSED, quoted(fields.get("C", ""), 5), quoted(fields.get("M", ""), 200))
    yield Send(TERMINATE)
    return StartupAnswer(Startup.LET_IN if body[:4] == b"\0\0\0\0" else Startup.ASKED)


def error_fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse by their letter; what is malformed is left out."""
    fields = (part.decode("utf-8", "replace") for part in body.split(b"\0") if part)
    return {field[0]: field[1:] for field in fields}


def plaintext_verdict(plain: StartupAnswer, encrypted: StartupAnswer) -> Plaintext:
    """Whether plaintext is accepted, by how the same user and database are answered without TLS and with it.

    Asked alone, "no pg_hba.conf entry … no encryption" proves nothing: perhaps there is no entry for this user either
    way. The difference between the two answers is the proof, and it needs no words: those follow the server's language.
    """
    let = (Startup.ASKED, Startup.LET_IN)
    if plain.startup in let:
        return Plaintext.ACCEPTED
    if plain.code[:2] not in {"28", "08"}:  # invalid authorization; protocol violation (pgbouncer's "SSL required")
        return Plaintext.UNKNOWN
    if encrypted.startup in let or wants_certificate(encrypted):
        return Plaintext.REFUSED
    # A `reject` line that matches plaintext only; with TLS the search ends without a match.
    rejected = "pg_hba.conf rejects" in plain.text and "no pg_hba.conf entry" in encrypted.text
    return Plaintext.REFUSED if rejected else Plaintext.UNKNOWN


def wants_certificate(answer: StartupAnswer) -> bool:
    """Whether this refusal over TLS is about the client's certificate: not told before StartupMessage."""
    return answer.code == "28000" and "client certificate" in answer.text
