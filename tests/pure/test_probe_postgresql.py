"""PostgreSQL's beginnings, byte for byte."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.sighting import Plaintext
from everyhop.probe.trouble import CutOff, ServerError, Trouble, Violation
from everyhop.probe.upgrades.postgresql import (
    TERMINATE,
    Startup,
    StartupAnswer,
    TlsOffer,
    ask_for_tls,
    ask_to_start,
    plaintext_verdict,
)
from tests.probing import play, told

ASKED = StartupAnswer(Startup.ASKED)
NO_ENTRY = StartupAnswer(Startup.REFUSED, "28000", "no pg_hba.conf entry for host …, no encryption")


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def error(code: str, text: str) -> bytes:
    return message(b"E", f"SFATAL\0VFATAL\0C{code}\0M{text}\0Fauth.c\0\0".encode())


@pytest.mark.parametrize(("answer", "offer"), [(b"S", TlsOffer.OFFERED), (b"N", TlsOffer.DECLINED)])
def test_one_byte_is_the_whole_answer(answer: bytes, offer: TlsOffer) -> None:
    """The request is the eight bytes of the documentation, the answer a lone S or N."""
    assert play(ask_for_tls(), answer) == (offer, bytes.fromhex("0000000804d2162f"))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"SFATAL: no", Violation, "CVE-2021-23214"),
        (b"S\x15\x03\x01", Violation, "before TLS began"),
        (b"N\0", Violation, "not 'S' or 'N'"),
        (b"HTTP/1.1 400 Bad Request\r\n", Violation, "HTTP/1.1 400"),
        (b"s", Violation, "not 'S' or 'N'"),
        (b"E\x1b]0;owned\x07", ServerError, r"\x1b]0;owned\x07"),
        (b"", CutOff, "closed the connection"),
    ],
)
def test_anything_else_is_no_yes(answer: bytes, kind: type[Trouble], words: str) -> None:
    """`b"S" in answer` would have said that TLS is offered; what a peer said is shown without its escapes."""
    with pytest.raises(kind) as caught:
        play(ask_for_tls(), answer)
    assert words in f"{caught.value.message} {caught.value.hint}"
    assert "\x1b" not in str(caught.value)


def test_a_start_says_who_and_proves_nothing() -> None:
    """The message holds user and database; an authentication request is answered by taking leave."""
    answer, sent = play(ask_to_start("u", "d"), message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"))
    assert answer == ASKED
    assert b"user\0u\0database\0d\0" in sent
    assert sent.endswith(TERMINATE)
    assert b"password" not in sent


def test_a_server_without_passwords_is_told_and_left() -> None:
    """AuthenticationOk: whoever asks gets in."""
    answer, sent = play(ask_to_start("u", "d"), message(b"R", b"\0\0\0\0"))
    assert answer.startup is Startup.LET_IN
    assert sent.endswith(TERMINATE)


def test_a_refusal_in_pieces_is_read_whole() -> None:
    """One byte at a time is the same message; control characters do not come through."""
    raw = error("28000", "no\x1b[2J entry")
    answer, _ = play(ask_to_start("u", "d"), *(raw[i : i + 1] for i in range(len(raw))))
    assert answer == StartupAnswer(Startup.REFUSED, "28000", r"no\x1b[2J entry")


@pytest.mark.parametrize(
    "raw", [b"Z\0\0\0\x05I", b"E\xff\xff\xff\xff", b"R\0\0\0\x03", b"EFATAL:  too old\n\0", b"R\0\0"]
)
def test_a_malformed_answer_is_told(raw: bytes) -> None:
    """A message that ends early, of an impossible length or of another kind is trouble, not a yes or a no."""
    with pytest.raises(Trouble):
        play(ask_to_start("u", "d"), raw)


@pytest.mark.parametrize(
    ("plain", "encrypted", "verdict"),
    [
        (ASKED, ASKED, Plaintext.ACCEPTED),
        (StartupAnswer(Startup.LET_IN), NO_ENTRY, Plaintext.ACCEPTED),
        (NO_ENTRY, ASKED, Plaintext.REFUSED),
        (StartupAnswer(Startup.REFUSED, "28000", "kein Eintrag in pg_hba.conf"), ASKED, Plaintext.REFUSED),
        (StartupAnswer(Startup.REFUSED, "08P01", "SSL required"), ASKED, Plaintext.REFUSED),
        (
            NO_ENTRY,
            StartupAnswer(Startup.REFUSED, "28000", "connection requires a valid client certificate"),
            Plaintext.REFUSED,
        ),
        (
            StartupAnswer(Startup.REFUSED, "28000", "pg_hba.conf rejects connection for host …, no encryption"),
            StartupAnswer(Startup.REFUSED, "28000", "no pg_hba.conf entry for host …, SSL encryption"),
            Plaintext.REFUSED,
        ),
        # Nobody of that name gets in either way: nothing was learnt about those who do.
        (NO_ENTRY, NO_ENTRY, Plaintext.UNKNOWN),
        # Transient: too many connections, starting up.
        (StartupAnswer(Startup.REFUSED, "53300", "too many clients"), ASKED, Plaintext.UNKNOWN),
        (StartupAnswer(Startup.REFUSED, "57P03", "starting up"), ASKED, Plaintext.UNKNOWN),
    ],
)
def test_only_the_difference_proves_a_refusal(
    plain: StartupAnswer, encrypted: StartupAnswer, verdict: Plaintext
) -> None:
    """The same user over TLS is the measure, in whatever language the server speaks."""
    assert plaintext_verdict(plain, encrypted) is verdict


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6))
def test_any_bytes_give_a_result_or_our_exception(pieces: list[bytes]) -> None:
    """No IndexError, no UnicodeDecodeError, no end without an answer."""
    for dialogue in (ask_for_tls(), ask_to_start("u", "d")):
        assert told(dialogue, *pieces).isprintable()


@given(st.binary(max_size=200))
def test_any_error_body_is_read(body: bytes) -> None:
    """The fields of an error are the listener's words: any bytes will do, none come out raw."""
    answer, _ = play(ask_to_start("u", "d"), message(b"E", body + b"\0" * 4))
    assert answer.startup is Startup.REFUSED
    assert answer.text == "" or answer.text.isprintable()
    assert len(answer.text) <= 200
